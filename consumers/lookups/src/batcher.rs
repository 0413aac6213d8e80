//! Puts calls together to batches, sends them at the pace that Meta allows, and gives everyone their own answer.

mod answering;
mod batch_buffer;

use crate::metrics::LookupMetrics;
use crate::settings::BatchSettings;
use answering::{Answered, Answering};
use batch_buffer::BatchBuffer;
use runtime::process::supervisor::Supervisor;
use runtime::telemetry::TraceContext;
use runtime::throttle::Throttle;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio_util::task::AbortOnDropHandle;
use tracing::{Instrument as _, Span};
use weir_graph::{AccessToken, BatchItem, CallError, Graph, Hold, Outcome, Pace, Payer, RefusalClass, Reply};

/// Calls that wait to be put on the buffer; whoever brings more waits before it.
const DOOR: usize = 1_000;
/// A batch that fails as a whole is said this often, at most.
const SAY_EVERY: Duration = Duration::from_mins(1);

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
    answering: Arc<Answering>,
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

/// What every request needs.
#[derive(Debug)]
struct Sender {
    graph: Graph,
    pace: Pace,
    metrics: LookupMetrics,
    answering: Arc<Answering>,
    said: Throttle,
    /// Tells of every request that ends.
    ends: watch::Sender<()>,
}

impl Batcher {
    /// Starts it.
    pub(crate) fn start(graph: Graph, pace: Pace, settings: &BatchSettings, metrics: LookupMetrics) -> Self {
        let (door, asks) = mpsc::channel(DOOR);
        let answering = Arc::<Answering>::default();
        let (ends, ended) = watch::channel(());
        let sender = Arc::new(Sender {
            graph,
            pace,
            metrics,
            answering: Arc::clone(&answering),
            said: Throttle::new(SAY_EVERY),
            ends,
        });
        let permits = Arc::new(Semaphore::new(settings.lookup_concurrency.max(1)));
        let task = tokio::spawn(serve(sender, asks, BatchBuffer::new(settings.lookup_batch_wait), permits));
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

    /// What the Graph API has answered.
    pub(crate) fn answering(&self) -> &Answering {
        &self.answering
    }
}

async fn serve(
    sender: Arc<Sender>,
    mut asks: mpsc::Receiver<Ask>,
    mut buffer: BatchBuffer<Arc<str>, Ask>,
    permits: Arc<Semaphore>,
) {
    let mut supervisor = Supervisor::new("what makes calls of lookups");
    while supervisor.panicked(make_calls(&sender, &mut asks, &mut buffer, &permits)).await {}
}

async fn make_calls(
    sender: &Arc<Sender>,
    asks: &mut mpsc::Receiver<Ask>,
    buffer: &mut BatchBuffer<Arc<str>, Ask>,
    permits: &Arc<Semaphore>,
) {
    // The permit comes first, so that calls gather while all requests are under way.
    while let Ok(permit) = Arc::clone(permits).acquire_owned().await {
        let Some(batch) = next(sender, asks, buffer).await else { return };
        tokio::spawn(Arc::clone(sender).request(batch, permit));
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
        let is_due = async {
            match due {
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            ask = asks.recv() => {
                let ask = ask?;
                put(buffer, ask);
            }
            () = is_due => {}
        }
    }
}

fn put(buffer: &mut BatchBuffer<Arc<str>, Ask>, ask: Ask) {
    buffer.put((ask.batch_size, Arc::clone(ask.token.app())), ask.since, ask);
}

impl Sender {
    /// Those whose budgets allow it now; the others are told when to come again.
    fn admitted(&self, batch: Vec<Ask>) -> Vec<Ask> {
        let batch: Vec<_> = batch.into_iter().filter(|ask| !ask.reply.is_closed()).collect();
        let mut calls = BTreeMap::<_, u32>::new();
        for ask in &batch {
            *calls.entry(ask.payer.clone()).or_default() += 1;
        }
        let not_now = self.pace.admit(&calls, Instant::now());
        let mut admitted = Vec::with_capacity(batch.len());
        for ask in batch {
            match not_now.get(&ask.payer) {
                Some(hold) => tell(ask, Sent::Held(*hold)),
                None => admitted.push(ask),
            }
        }
        admitted
    }

    async fn request(self: Arc<Self>, mut batch: Vec<Ask>, _under_way: OwnedSemaphorePermit) {
        let started = Instant::now();
        if batch.len() == 1 {
            for ask in batch {
                let span = ask.span.in_scope(|| self.graph.span("GET", &ask.token));
                let reply = self.graph.get(&ask.relative_url, &ask.token).instrument(span).await;
                self.requested(started);
                self.answered(ask, reply);
            }
            return;
        }
        // The batch as such is in the name of the first one's token.
        batch.sort_by(|one, other| one.token.name().cmp(other.token.name()));
        let items: Vec<_> = batch
            .iter()
            .map(|ask| BatchItem { relative_url: &ask.relative_url, token: &ask.token })
            .collect();
        let reply = self.graph.batch(&items).instrument(self.span_of(&batch)).await;
        self.requested(started);
        match &reply.result {
            // The items have results of their own.
            Ok(_) => self.pace.note(&payers(&batch), &reply.usage, Instant::now()),
            Err(error) => {
                let of_first = batch.partition_point(|ask| ask.token == batch[0].token);
                self.pace.learn(&payers(&batch[..of_first]), Err(error), &reply.usage, Instant::now());
            }
        }
        match reply.result {
            Ok(replies) => {
                for (ask, reply) in batch.into_iter().zip(replies) {
                    self.answered(ask, reply);
                }
            }
            Err(error) => self.failed_together(batch, error),
        }
    }

    fn requested(&self, started: Instant) {
        self.metrics.requested(started.elapsed());
        self.ends.send_replace(());
    }

    /// One call of many lookups: a part of the first one's trace, with links to the others.
    fn span_of(&self, batch: &[Ask]) -> Span {
        let Some((first, others)) = batch.split_first() else { return Span::none() };
        let span = first.span.in_scope(|| self.graph.span("POST", &first.token));
        if !span.is_disabled() {
            for other in others.iter().filter_map(|ask| TraceContext::of(&ask.span)) {
                other.link_to(&span);
            }
        }
        span
    }

    fn answered(&self, ask: Ask, reply: Reply<Outcome>) {
        let result = reply.result.as_ref().map(|_| ());
        self.pace.learn(&[&ask.payer], result, &reply.usage, Instant::now());
        if result.map_or_else(CallError::is_of_sense, |()| true) {
            self.answering.now(ask.relative_url.clone(), ask.token.clone(), ask.payer.clone());
        }
        self.metrics.called(&reply.result);
        tell(ask, Sent::Answered(reply.result));
    }

    fn failed_together(&self, batch: Vec<Ask>, error: CallError) {
        let first = batch.first().map(|ask| ask.token.clone());
        self.metrics.failed_together(&error);
        if self.said.pass(Instant::now()).is_some() {
            let (class, size) = (error.class(), batch.len());
            tracing::warn!(class, size, "a batch failed as a whole, its lookups go again in smaller ones");
        }
        let error = Arc::new(error);
        for ask in batch {
            let sent = match &*error {
                CallError::Refused(refusal) if is_of_a_token(refusal.class) => {
                    if Some(&ask.token) == first.as_ref() {
                        Sent::Answered(Err(CallError::Refused(refusal.clone())))
                    } else {
                        Sent::InBadCompany
                    }
                }
                _ => Sent::FailedTogether(Arc::clone(&error)),
            };
            if let Sent::Answered(result) = &sent {
                self.metrics.called(result);
            }
            tell(ask, sent);
        }
    }
}

fn payers(batch: &[Ask]) -> Vec<&Payer> {
    batch.iter().map(|ask| &ask.payer).collect()
}

/// Whether an error of a whole batch is about the token in whose name it was sent.
const fn is_of_a_token(class: RefusalClass) -> bool {
    matches!(class, RefusalClass::Token | RefusalClass::Throttled | RefusalClass::Blocked)
}

/// Whoever does not wait for the answer any more needs none.
fn tell(ask: Ask, sent: Sent) {
    if ask.reply.send(sent).is_err() {
        tracing::trace!("an answer came too late");
    }
}
