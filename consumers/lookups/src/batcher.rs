//! Puts calls together to batches, of which so many are under way at once.

mod answering;
mod batch_buffer;
mod sender;

use crate::metrics::LookupMetrics;
use crate::settings::BatchSettings;
use answering::{Answered, Answering};
use batch_buffer::BatchBuffer;
use runtime::process::supervisor::Supervisor;
use runtime::throttle::Throttle;
use sender::Sender;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio_util::task::AbortOnDropHandle;
use tracing::Span;
use weir_graph::{AccessToken, CallError, Graph, Hold, Outcome, Pace, Payer};

/// Calls that wait to be put on the buffer; whoever brings more waits before it.
const DOOR: usize = 1_000;

/// What became of one call.
#[derive(Debug)]
pub(crate) enum Sent {
    /// It was made.
    Answered(Result<Outcome, CallError>),
    /// It was not made: no call with this token may be made now.
    Held(Hold),
    /// The batch in which it was sent failed as a whole; nobody knows through whom.
    FailedTogether(Arc<CallError>),
    /// The batch in which it was sent failed through the token of another one.
    InBadCompany,
}

/// Sends calls; it ends when dropped, and with it what is under way.
#[derive(Debug)]
pub(crate) struct Batcher {
    door: mpsc::Sender<Ask>,
    /// What the Graph API has answered.
    pub(crate) answering: Arc<Answering>,
    ended: watch::Receiver<()>,
    _task: AbortOnDropHandle<()>,
}

#[derive(Debug)]
struct Ask {
    relative_url: String,
    token: AccessToken,
    payer: Payer,
    batch_size: usize,
    since: Instant,
    /// Of the lookup; the call is part of it.
    span: Span,
    reply: oneshot::Sender<Sent>,
}

impl Batcher {
    pub(crate) fn start(graph: Graph, pace: Pace, settings: &BatchSettings, metrics: LookupMetrics) -> Self {
        let (door, asks) = mpsc::channel(DOOR);
        let answering = Arc::<Answering>::default();
        let (ends, ended) = watch::channel(());
        let said = Throttle::default();
        let sender = Sender { graph, pace, metrics, answering: Arc::clone(&answering), said, ends };
        let permits = Arc::new(Semaphore::new(settings.lookup_concurrency.max(1)));
        let buffer = BatchBuffer::new(settings.lookup_batch_wait);
        let task = tokio::spawn(serve(Arc::new(sender), asks, buffer, permits));
        Self { door, answering, ended, _task: AbortOnDropHandle::new(task) }
    }

    /// Makes a call, together with at most `batch_size - 1` others of its app.
    pub(crate) async fn send(
        &self,
        relative_url: String,
        token: AccessToken,
        payer: Payer,
        batch_size: usize,
    ) -> Sent {
        let (reply, sent) = oneshot::channel();
        let (since, span) = (Instant::now(), Span::current());
        let ask = Ask { relative_url, token, payer, batch_size, since, span, reply };
        match self.door.send(ask).await {
            Ok(()) => sent.await.unwrap_or(Sent::InBadCompany),
            // The task ends with this struct alone.
            Err(_) => std::future::pending().await,
        }
    }

    /// Asks anew what the Graph API answered last to the token's app, alone; nothing where it has answered nothing yet.
    pub(crate) async fn ask_again(&self, token: &AccessToken) -> Option<Sent> {
        let Answered { relative_url, token, payer, .. } = self.answering.last(token)?;
        Some(self.send(relative_url, token, payer, 1).await)
    }

    /// Tells of every request that ends: as long as requests end, a call in the queue moves on.
    pub(crate) fn ended(&self) -> watch::Receiver<()> {
        self.ended.clone()
    }
}

async fn serve(
    sender: Arc<Sender>,
    mut asks: mpsc::Receiver<Ask>,
    mut buffer: BatchBuffer<Arc<str>, Ask>,
    permits: Arc<Semaphore>,
) {
    let mut supervisor = Supervisor::new("what makes calls of lookups");
    loop {
        let make_calls = async {
            // The permit comes first, so that calls gather while all requests are under way.
            while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
                let Some(batch) = next(&sender, &mut asks, &mut buffer).await else { return };
                tokio::spawn(Arc::clone(&sender).request(batch, permit));
            }
        };
        if !supervisor.panicked(make_calls).await {
            return;
        }
    }
}

/// The next calls to be made together; `None` once there will be none.
async fn next(
    sender: &Sender,
    asks: &mut mpsc::Receiver<Ask>,
    buffer: &mut BatchBuffer<Arc<str>, Ask>,
) -> Option<Vec<Ask>> {
    loop {
        while let Ok(ask) = asks.try_recv() {
            put(buffer, ask);
        }
        if let Some(batch) = buffer.take(Instant::now()) {
            let batch = sender.admitted(batch);
            if !batch.is_empty() {
                return Some(batch);
            }
            continue;
        }
        let due = buffer.due();
        tokio::select! {
            ask = asks.recv() => put(buffer, ask?),
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now).into()), if due.is_some() => {}
        }
    }
}

fn put(buffer: &mut BatchBuffer<Arc<str>, Ask>, ask: Ask) {
    buffer.put((ask.batch_size, Arc::clone(ask.token.app())), ask.since, ask);
}
