//! Puts calls together to batches, of which so many are under way at once.

mod batch_buffer;
mod last_answers;
mod reached;
mod sender;
mod turns;

use crate::call::Wanted;
use crate::metrics::LookupMetrics;
use crate::settings::BatchSettings;
use batch_buffer::BatchBuffer;
use last_answers::LastAnswers;
use reached::Reached;
use runtime::mutex::lock;
use runtime::process::supervisor::Supervisor;
use runtime::throttle::Throttle;
use sender::Sender;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio_util::task::AbortOnDropHandle;
use tracing::Span;
use turns::{Row, Turns};
use weir_graph::{AccessToken, CallBudgets, CallError, Graph, GraphUrl, Outcome, RateLimited, RateLimiter};

/// Calls that wait to be put on the buffer; whoever brings more waits before it.
const QUEUE_CAPACITY: usize = 1_000;

/// What became of one call.
#[derive(Debug)]
pub(crate) enum SendOutcome {
    /// It was made.
    Answered(Result<Outcome, CallError>),
    /// It was not made: no call with this token may be made now.
    RateLimited(RateLimited),
    /// The batch in which it was sent failed as a whole; nobody knows through whom.
    BatchFailed(Arc<CallError>),
    /// The batch in which it was sent failed through the token of another one.
    OtherTokenRefused,
}

/// Sends calls; it ends when dropped, and with it what is under way.
#[derive(Debug)]
pub(crate) struct Batcher {
    queue: mpsc::Sender<QueuedCall>,
    sender: Arc<Sender>,
    _task: AbortOnDropHandle<()>,
}

/// What is asked, with the token that is shown, and the budgets that it counts against.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) relative_url: String,
    pub(crate) token: AccessToken,
    pub(crate) budgets: CallBudgets,
    pub(crate) wanted: Wanted,
}

#[derive(Debug)]
struct QueuedCall {
    asked: Asked,
    batch_size: usize,
    since: Instant,
    /// Of the lookup; the call is part of it.
    span: Span,
    reply: oneshot::Sender<SendOutcome>,
}

/// A request that is under way, as long as it lives.
#[derive(Debug)]
struct UnderWay {
    turns: Arc<Mutex<Turns<Arc<str>>>>,
    row: Row<Arc<str>>,
    _permit: OwnedSemaphorePermit,
}

impl UnderWay {
    fn begin(turns: Arc<Mutex<Turns<Arc<str>>>>, row: Row<Arc<str>>, permit: OwnedSemaphorePermit) -> Self {
        lock(&turns).begin(&row);
        Self { turns, row, _permit: permit }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        lock(&self.turns).end(&self.row);
    }
}

impl Batcher {
    pub(crate) fn start(
        graph: Graph,
        rate_limiter: RateLimiter,
        settings: &BatchSettings,
        metrics: LookupMetrics,
    ) -> Self {
        let (queue, calls) = mpsc::channel(QUEUE_CAPACITY);
        let (last_answers, log, ends) = (LastAnswers::default(), Throttle::default(), watch::Sender::new(()));
        let reached = Reached::default();
        let sender = Arc::new(Sender { graph, rate_limiter, metrics, last_answers, reached, log, ends });
        let permits = Arc::new(Semaphore::new(settings.lookup_concurrency));
        let buffer = BatchBuffer::new(settings.lookup_batch_wait);
        let task = tokio::spawn(serve(Arc::clone(&sender), calls, buffer, permits));
        Self { queue, sender, _task: AbortOnDropHandle::new(task) }
    }

    /// Makes a call, together with at most `batch_size - 1` others of its app.
    pub(crate) async fn send(&self, asked: Asked, batch_size: usize) -> SendOutcome {
        let (reply, sent) = oneshot::channel();
        let (since, span) = (Instant::now(), Span::current());
        let call = QueuedCall { asked, batch_size, since, span, reply };
        match self.queue.send(call).await {
            Ok(()) => sent.await.unwrap_or(SendOutcome::OtherTokenRefused),
            // The task ends with this struct alone.
            Err(_) => std::future::pending().await,
        }
    }

    /// Probes whether the Graph API still answers the token's app, by the call that it answered last, alone; nothing where it has
    /// answered nothing yet.
    pub(crate) async fn probe_app(&self, token: &AccessToken) -> Option<SendOutcome> {
        let latest = self.last_answers().last(token)?;
        Some(self.send(latest, 1).await)
    }

    /// Takes note of whether these hosts are reached.
    pub(crate) async fn probe_hosts(&self, hosts: Vec<GraphUrl>) {
        self.reached().asked(&self.sender.graph.are_reached(hosts).await);
    }

    /// Whether the host of another app than the token's is reached, and was after `then`.
    pub(crate) fn reaches_others_since(&self, token: &AccessToken, then: Instant) -> bool {
        self.reached().others_since(token, &self.sender.graph.host(token).origin(), then)
    }

    /// Whose hosts are reached.
    pub(crate) fn reached(&self) -> &Reached {
        &self.sender.reached
    }

    /// What the Graph API has answered.
    pub(crate) fn last_answers(&self) -> &LastAnswers {
        &self.sender.last_answers
    }

    /// Tells of every request that ends: as long as requests end, a call in the queue moves on.
    pub(crate) fn ended(&self) -> watch::Receiver<()> {
        self.sender.ends.subscribe()
    }
}

async fn serve(
    sender: Arc<Sender>,
    mut calls: mpsc::Receiver<QueuedCall>,
    mut buffer: BatchBuffer<Arc<str>, QueuedCall>,
    permits: Arc<Semaphore>,
) {
    let mut supervisor = Supervisor::new("the batcher of lookups");
    let turns = Arc::new(Mutex::new(Turns::new()));
    loop {
        let make_calls = async {
            // The permit comes first, so that calls gather while all requests are under way.
            while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
                let Some((row, batch)) = next(&sender, &mut calls, &mut buffer, &turns).await else { return };
                let under_way = UnderWay::begin(Arc::clone(&turns), row, permit);
                tokio::spawn(Arc::clone(&sender).request(batch, under_way));
            }
        };
        if !supervisor.catches_panic_of(make_calls).await {
            return;
        }
    }
}

/// The next calls to be made together; `None` once there will be none.
async fn next(
    sender: &Sender,
    calls: &mut mpsc::Receiver<QueuedCall>,
    buffer: &mut BatchBuffer<Arc<str>, QueuedCall>,
    turns: &Mutex<Turns<Arc<str>>>,
) -> Option<(Row<Arc<str>>, Vec<QueuedCall>)> {
    loop {
        while let Ok(call) = calls.try_recv() {
            put(buffer, call);
        }
        let taken = {
            let turns = lock(turns);
            buffer.take(Instant::now(), |row| turns.of(row))
        };
        if let Some((row, batch)) = taken {
            let batch = sender.admitted(batch);
            if !batch.is_empty() {
                return Some((row, batch));
            }
            continue;
        }
        let due = buffer.due();
        tokio::select! {
            call = calls.recv() => put(buffer, call?),
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now).into()), if due.is_some() => {}
        }
    }
}

fn put(buffer: &mut BatchBuffer<Arc<str>, QueuedCall>, call: QueuedCall) {
    let (batch_size, token) = (call.batch_size, &call.asked.token);
    let alone = (batch_size == 1).then(|| Arc::clone(token.name()));
    buffer.put(Row { app: Arc::clone(token.app()), batch_size, alone }, call.since, call);
}
