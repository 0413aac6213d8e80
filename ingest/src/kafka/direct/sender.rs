//! Sends to one broker what waits for it, for as long as the cluster names it.

#[cfg(test)]
mod tests;

use super::call::{decode, encode, read_frame};
use super::connection::{Connection, ConnectionError, Stream, within};
use super::produce;
use super::security::Security;
use super::shared::Shared;
use super::state::local;
use kafka_protocol::messages::ProduceRequest;
use runtime::backoff::{Backoff, random};
use runtime::throttle::Throttle;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncWriteExt as _, BufReader, ReadHalf, WriteHalf};
use tokio::sync::Notify;

/// How often it is looked whether an answer is late and whether the connection is still good.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A connection is renewed after four fifths of the SASL session lifetime, so that the broker does not cut it.
const LIFETIME_PARTS: u32 = 5;
/// It is not given up before, however short that time is.
const SHORTEST_LIFE: Duration = Duration::from_secs(1);
/// Answers to these requests are far smaller.
const LARGEST_ANSWER: usize = 4 << 20;

/// Runs for as long as the cluster names the broker.
pub(super) async fn run(shared: Arc<Shared>, broker: i32) {
    let (first, longest) = shared.tuning.reconnect;
    let mut backoff = Backoff::new(first, longest);
    // Its own, so that no other broker's lines hide that this one is away.
    let log = Throttle::default();
    loop {
        let named = shared.lock().address_and_wake(broker);
        let Some((address, wake)) = named else { return };
        let (session, began) = (Session { shared: &shared, broker, wake: &wake }, Instant::now());
        let opened = within(shared.tuning.connects_within, Connection::open(&shared, &address));
        let ended = async { session.serve(opened.await?).await }.await;
        // A broker that lets in and hangs up at once is not asked without a pause.
        if began.elapsed() > longest {
            backoff.reset();
        }
        let Err(error) = ended else { continue };
        shared.refresh_metadata.notify_one();
        if !matches!(error, ConnectionError::Idle) {
            let now = Instant::now();
            shared.last_reason.set(format!("{address}: {error}"), now);
            if let Some(suppressed) = log.pass(now) {
                tracing::warn!(broker, %address, %error, suppressed, "no connection to a broker, connecting again");
            }
        }
        tokio::time::sleep(backoff.next_delay(random())).await;
    }
}

struct Session<'a> {
    shared: &'a Shared,
    broker: i32,
    wake: &'a Notify,
}

impl Session<'_> {
    /// Sends over a connection until it fails or is retired, and gives back what it had under way then.
    async fn serve(&self, connection: Connection) -> Result<(), ConnectionError> {
        let Connection { stream, security, lifetime, .. } = connection;
        self.shared.lock().connected(self.broker);
        let life = |lifetime: Duration| (lifetime / LIFETIME_PARTS * (LIFETIME_PARTS - 1)).max(SHORTEST_LIFE);
        // One beyond what a clock holds never ends.
        let until = lifetime.and_then(|lifetime| Instant::now().checked_add(life(lifetime)));
        let (reader, writer) = tokio::io::split(stream);
        // Answers are read while a request is written: a broker may read nothing more before it is rid of them.
        let end = tokio::select! {
            biased;
            end = self.receive(reader) => end,
            end = self.send(writer, &security, until) => end,
            end = self.watch() => end,
        };
        let unanswered = self.shared.lock().disconnected(self.broker, local::CONNECTION);
        let is_idle = unanswered.is_empty();
        self.shared.report(unanswered);
        match end {
            Err(ConnectionError::Closed) if is_idle => Err(ConnectionError::Idle),
            end => end,
        }
    }

    /// Tells those who wait for what is answered.
    async fn receive(&self, reader: ReadHalf<Box<dyn Stream>>) -> Result<(), ConnectionError> {
        let mut reader = BufReader::new(reader);
        loop {
            let mut frame = read_frame(&mut reader, LARGEST_ANSWER).await?;
            let answer = decode::<ProduceRequest>(&mut frame, produce::VERSION);
            let (correlation, answer) =
                answer.filter(|_| frame.is_empty()).ok_or(ConnectionError::NotKafka)?;
            let ended = self.shared.lock().answered(self.broker, correlation, &answer, Instant::now());
            self.shared.report(ended.ok_or(ConnectionError::NotKafka)?);
            self.wake.notify_one();
        }
    }

    /// Sends what waits for the broker, which reads it within the time that it has for an answer. Returns once other credentials are to
    /// be used, or those of before do not count any longer, and nothing is under way.
    async fn send(
        &self,
        mut writer: WriteHalf<Box<dyn Stream>>,
        security: &Arc<Security>,
        until: Option<Instant>,
    ) -> Result<(), ConnectionError> {
        let (client_id, tuning) = (&self.shared.client_id, &self.shared.tuning);
        loop {
            let now = Instant::now();
            let is_old = until.is_some_and(|until| now >= until);
            let is_retiring = is_old || !Arc::ptr_eq(security, &self.shared.security.load());
            if is_retiring && self.shared.lock().is_answered(self.broker) {
                return Ok(());
            }
            let next = || self.shared.lock().next_request(self.broker, now);
            let Some((correlation, batches)) = (!is_retiring).then(next).flatten() else {
                self.wake.notified().await;
                continue;
            };
            let bytes = produce::bytes_to_compress(&batches, tuning.compression);
            // The batches are gone before it is written, which may take as long as an answer.
            let request = self.shared.blocking.block_in_place(bytes, || {
                let request = produce::request(batches, tuning.compression, tuning.broker_timeout);
                encode(correlation, client_id, produce::VERSION, &request)
            });
            writer.write_all(&request.ok_or(ConnectionError::NotKafka)?).await?;
            writer.flush().await?;
        }
    }

    /// Ends the connection where the state calls an answer late, and has looked what to send and whether to retire, whoever else asks for that.
    async fn watch(&self) -> Result<(), ConnectionError> {
        let mut tick = tokio::time::interval(LOOK_EVERY);
        loop {
            tick.tick().await;
            if let Some(timeout) = self.shared.lock().missed_timeout(self.broker, Instant::now()) {
                return Err(ConnectionError::Late(timeout));
            }
            self.wake.notify_one();
        }
    }
}
