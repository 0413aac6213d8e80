//! Makes the calls of a batch in one request, at the pace that Meta allows, and gives everyone their own answer.

use super::answering::Answering;
use super::{Ask, Sent};
use crate::metrics::LookupMetrics;
use runtime::telemetry::TraceContext;
use runtime::throttle::Throttle;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tracing::{Instrument as _, Span};
use weir_graph::{BatchItem, CallError, Graph, Outcome, Pace, Payer, RefusalClass, Reply};

/// What every request needs.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) graph: Graph,
    pub(super) pace: Pace,
    pub(super) metrics: LookupMetrics,
    pub(super) answering: Arc<Answering>,
    pub(super) said: Throttle,
    /// Tells of every request that ends.
    pub(super) ends: watch::Sender<()>,
}

impl Sender {
    /// Those whose budgets allow it now; the others are told when to come again.
    pub(super) fn admitted(&self, batch: Vec<Ask>) -> Vec<Ask> {
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

    /// Makes the calls, and tells everyone.
    pub(super) async fn request(self: Arc<Self>, mut batch: Vec<Ask>, _under_way: OwnedSemaphorePermit) {
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
        self.metrics.request_seconds.observe(started.elapsed().as_secs_f64());
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
        self.metrics.failed_batches.with_label_values(&[error.class()]).inc();
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
