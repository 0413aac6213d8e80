//! Sends to one broker what waits for it, for as long as the cluster names it.

#[cfg(test)]
mod tests;

use super::connection::{Connection, ConnectionError, Stream};
use super::produce;
use super::security::Security;
use super::shared::{LOG_EVERY, Shared};
use super::state::local;
use runtime::backoff::{Backoff, random};
use runtime::throttle::Throttle;
use std::io::{self, Cursor};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;

/// How often it is looked whether an answer is late and whether the connection is still good.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A connection is given up at this part of the time for which the broker lets us in, so that it does not end it.
const LIFETIME_PARTS: u32 = 5;
/// It is not given up before, however short that time is.
const SHORTEST_LIFE: Duration = Duration::from_secs(1);
/// A buffer that was larger once is given back.
const KEPT: usize = 1 << 20;
/// Answers for hundreds of partitions fit.
const FIRST_ANSWERS: usize = 16 << 10;
/// Answers to these requests are far smaller.
const LARGEST_ANSWER: usize = 4 << 20;

/// Why a connection that was there is no more.
enum End {
    /// Other credentials are to be used, or those of before do not count any longer; nothing is under way.
    Retired,
    /// The broker has closed it while nothing was under way, as one does with a connection of no use for some minutes.
    Idle,
    Failed(ConnectionError),
}

/// Runs for as long as the cluster names the broker.
pub(super) async fn run(shared: Arc<Shared>, broker: i32) {
    let (first, longest) = shared.tuning.reconnect;
    let mut backoff = Backoff::new(first, longest);
    // Its own, so that no other broker's lines hide that this one is away.
    let (wake, log) = (shared.wake_of(broker), Throttle::new(LOG_EVERY));
    loop {
        let served = shared.lock().state.serve(broker);
        let Some(address) = served else { return };
        let (security, began) = (shared.security.load_full(), Instant::now());
        let opened = Connection::open(&address, &security, &shared.options.client_id).await;
        let end = match opened {
            Ok(connection) => {
                serve(&shared, broker, Session::new(&shared, broker, &wake, &security, connection)).await
            }
            Err(error) => End::Failed(error),
        };
        // A broker that lets in and hangs up at once is not asked without a pause.
        if began.elapsed() > longest {
            backoff.reset();
        }
        if matches!(end, End::Retired) {
            continue;
        }
        shared.doubt.notify_one();
        if let End::Failed(error) = end
            && let Some(suppressed) = log.pass(Instant::now())
        {
            tracing::warn!(broker, %address, %error, suppressed, "no connection to a broker, connecting again");
        }
        tokio::time::sleep(backoff.next_delay(random())).await;
    }
}

/// Sends over a connection until it ends, and gives back what it had under way then.
async fn serve(shared: &Shared, broker: i32, mut session: Session<'_>) -> End {
    shared.lock().state.connected(broker);
    let end = session.run().await;
    let unanswered = shared.lock().state.disconnected(broker, local::CONNECTION);
    let is_idle = unanswered.is_empty();
    shared.report(unanswered);
    match end {
        Ok(()) => End::Retired,
        Err(ConnectionError::Closed) if is_idle => End::Idle,
        Err(error) => End::Failed(error),
    }
}

struct Session<'a> {
    shared: &'a Shared,
    broker: i32,
    wake: &'a Notify,
    security: &'a Arc<Security>,
    reader: ReadHalf<Box<dyn Stream>>,
    writer: WriteHalf<Box<dyn Stream>>,
    /// When it should be given up.
    until: Option<Instant>,
    is_retiring: bool,
    input: Vec<u8>,
    /// A request, and how much of it is written.
    output: Cursor<Vec<u8>>,
    /// It is not all written, or not flushed.
    is_writing: bool,
}

impl<'a> Session<'a> {
    fn new(
        shared: &'a Shared,
        broker: i32,
        wake: &'a Notify,
        security: &'a Arc<Security>,
        connection: Connection,
    ) -> Self {
        let life = |lifetime: Duration| (lifetime / LIFETIME_PARTS * (LIFETIME_PARTS - 1)).max(SHORTEST_LIFE);
        // One beyond what a clock holds never ends.
        let until = connection.lifetime.and_then(|lifetime| Instant::now().checked_add(life(lifetime)));
        let (reader, writer) = tokio::io::split(connection.stream);
        let (input, output) = (Vec::with_capacity(FIRST_ANSWERS), Cursor::default());
        let (is_retiring, is_writing) = (false, false);
        Self { shared, broker, wake, security, reader, writer, until, is_retiring, input, output, is_writing }
    }

    /// Sends and receives until the connection is to end, or has ended. Answers are read while a request is written: a broker
    /// may read nothing more before it is rid of them.
    async fn run(&mut self) -> Result<(), ConnectionError> {
        let mut tick = tokio::time::interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if self.is_retiring && self.shared.lock().state.is_idle(self.broker) {
                return Ok(());
            }
            if !self.is_retiring && !self.is_writing {
                self.begin_request();
            }
            tokio::select! {
                biased;
                read = self.reader.read_buf(&mut self.input) => {
                    if read? == 0 {
                        return Err(ConnectionError::Closed);
                    }
                    self.take_answers()?;
                }
                written = write(&mut self.writer, &mut self.output), if self.is_writing => {
                    written?;
                    self.end_request();
                }
                () = self.wake.notified(), if !self.is_writing => {}
                _ = tick.tick() => self.look()?,
            }
        }
    }

    /// Lays out the next request, if there is one. The broker reads it within the time that it has for an answer.
    fn begin_request(&mut self) {
        let request = self.shared.lock().state.next_request(self.broker, Instant::now());
        let Some(request) = request else { return };
        let (client_id, timeout) = (&self.shared.options.client_id, self.shared.tuning.broker_timeout);
        produce::write(self.output.get_mut(), request.correlation, client_id, timeout, &request.seal());
        self.output.set_position(0);
        self.is_writing = true;
    }

    fn end_request(&mut self) {
        self.is_writing = false;
        let output = self.output.get_mut();
        output.clear();
        output.shrink_to(KEPT);
    }

    /// Tells those who wait for what was answered.
    fn take_answers(&mut self) -> Result<(), ConnectionError> {
        let mut taken = 0;
        while let Some(length) = self.input.get(taken..).and_then(<[u8]>::first_chunk) {
            let length =
                usize::try_from(i32::from_be_bytes(*length)).ok().filter(|length| *length <= LARGEST_ANSWER);
            let end = taken + 4 + length.ok_or(ConnectionError::NotKafka)?;
            let Some(frame) = self.input.get(taken + 4..end) else { break };
            let answer = produce::read(frame).ok_or(ConnectionError::NotKafka)?;
            let ended = self.shared.lock().state.answered(self.broker, &answer, Instant::now());
            self.shared.report(ended.ok_or(ConnectionError::NotKafka)?);
            taken = end;
        }
        self.input.drain(..taken);
        Ok(())
    }

    fn look(&mut self) -> Result<(), ConnectionError> {
        let now = Instant::now();
        if self.shared.lock().state.is_late(self.broker, now) {
            return Err(ConnectionError::Late(self.shared.tuning.timeout));
        }
        let is_old = self.until.is_some_and(|until| now >= until);
        self.is_retiring |= is_old || !Arc::ptr_eq(self.security, &self.shared.security.load());
        Ok(())
    }
}

/// Writes what is not written yet; where this is dropped before its end, the next one goes on from there.
async fn write(writer: &mut WriteHalf<Box<dyn Stream>>, output: &mut Cursor<Vec<u8>>) -> io::Result<()> {
    writer.write_all_buf(output).await?;
    writer.flush().await
}
