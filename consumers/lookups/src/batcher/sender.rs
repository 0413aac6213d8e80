//! Makes the calls of a batch in one request, as fast as Meta allows, and gives everyone their own answer.

use super::last_answers::LastAnswers;
use super::reached::Reached;
use super::{Asked, QueuedCall, SendOutcome, UnderWay};
use crate::metrics::LookupMetrics;
use runtime::telemetry::TraceContext;
use runtime::throttle::Throttle;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;
use tracing::{Instrument as _, Span};
use weir_graph::{BatchItem, CallBudgets, CallError, Graph, Outcome, RateLimiter, Refusal, RefusalClass};

/// What every request needs.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) graph: Graph,
    pub(super) rate_limiter: RateLimiter,
    pub(super) metrics: LookupMetrics,
    pub(super) last_answers: LastAnswers,
    pub(super) reached: Reached,
    pub(super) log: Throttle,
    /// Tells of every request that ends.
    pub(super) ends: watch::Sender<()>,
}

impl Sender {
    /// Those whose budgets allow it now; the others are told when to come again.
    pub(super) fn admitted(&self, batch: Vec<QueuedCall>) -> Vec<QueuedCall> {
        let batch: Vec<_> = batch.into_iter().filter(|call| !call.reply.is_closed()).collect();
        let limits = self.rate_limiter.admit(&budgets(&batch), Instant::now());
        let mut admitted = Vec::with_capacity(batch.len());
        for (call, limited) in batch.into_iter().zip(limits) {
            match limited {
                Some(limited) => tell(call, SendOutcome::RateLimited(limited)),
                None => admitted.push(call),
            }
        }
        admitted
    }

    /// Makes the calls, and tells everyone.
    pub(super) async fn request(self: Arc<Self>, mut batch: Vec<QueuedCall>, _under_way: UnderWay) {
        let started = Instant::now();
        // The batch as such is in the name of the first one's token.
        batch.sort_by(|one, other| one.asked.token.name().cmp(other.asked.token.name()));
        let asked = batch.iter().map(|call| &call.asked);
        let items: Vec<_> =
            asked.map(|Asked { relative_url, token, .. }| BatchItem { relative_url, token }).collect();
        let mut reply = self.graph.batch(&items).instrument(self.span_of(&batch)).await;
        self.metrics.request_seconds.observe(started.elapsed().as_secs_f64());
        self.ends.send_replace(());
        if let Ok(answers) = &mut reply.result {
            for (call, answer) in batch.iter().zip(&mut *answers) {
                if matches!(&answer.result, Ok(Outcome::Found(found)) if !call.asked.wanted.is_answered_by(found))
                {
                    answer.result = Err(CallError::Refused(Refusal::malformed()));
                }
            }
            self.reached
                .note(&batch[0].asked.token, answers.iter().map(|answer| answer.result.as_ref().err()));
            for (call, answer) in batch.iter().zip(&*answers) {
                self.rate_limiter.observe_response(&[&call.asked.budgets], answer, Instant::now());
            }
            // After their refusals, which would be none in a row during the stop that usage alone asks for.
            self.rate_limiter.observe_usage(&budgets(&batch), &reply.usage, Instant::now());
        } else {
            self.reached.note(&batch[0].asked.token, std::iter::once(reply.result.as_ref().err()));
            let of_first = batch.partition_point(|call| call.asked.token == batch[0].asked.token);
            self.rate_limiter.observe_response(&budgets(&batch[..of_first]), &reply, Instant::now());
        }
        match reply.result {
            Ok(answers) => {
                batch.into_iter().zip(answers).for_each(|(call, answer)| self.answered(call, answer.result));
            }
            Err(error) => self.failed_together(batch, error),
        }
    }

    /// One call of many lookups: a part of the first one's trace, with links to the others.
    fn span_of(&self, batch: &[QueuedCall]) -> Span {
        let Some((first, others)) = batch.split_first() else { return Span::none() };
        let method = if others.is_empty() { "GET" } else { "POST" };
        let span = first.span.in_scope(|| self.graph.span(method, &first.asked.token));
        if !span.is_disabled() {
            for other in others.iter().filter_map(|call| TraceContext::of(&call.span)) {
                other.link_to(&span);
            }
        }
        span
    }

    fn answered(&self, call: QueuedCall, result: Result<Outcome, CallError>) {
        if CallError::accepts_token(&result) {
            self.last_answers.record(call.asked.clone());
        }
        self.metrics.called(&result);
        tell(call, SendOutcome::Answered(result));
    }

    fn failed_together(&self, batch: Vec<QueuedCall>, error: CallError) {
        let first = batch.first().map(|call| call.asked.token.clone());
        self.metrics.failed_batches.with_label_values(&[error.class()]).inc();
        if self.log.pass(Instant::now()).is_some() {
            let (class, size) = (error.class(), batch.len());
            tracing::warn!(class, size, "a batch failed as a whole: retrying its lookups in smaller ones");
        }
        let error = Arc::new(error);
        for call in batch {
            match &*error {
                CallError::Refused(refusal) if is_of_a_token(refusal.class) => {
                    if Some(&call.asked.token) == first.as_ref() {
                        self.answered(call, Err(CallError::Refused(refusal.clone())));
                    } else {
                        tell(call, SendOutcome::OtherTokenRefused);
                    }
                }
                _ => tell(call, SendOutcome::BatchFailed(Arc::clone(&error))),
            }
        }
    }
}

fn budgets(batch: &[QueuedCall]) -> Vec<&CallBudgets> {
    batch.iter().map(|call| &call.asked.budgets).collect()
}

/// Whether an error of a whole batch is about the token in whose name it was sent.
const fn is_of_a_token(class: RefusalClass) -> bool {
    matches!(class, RefusalClass::Token | RefusalClass::Throttled | RefusalClass::Blocked)
}

/// Whoever does not wait for the answer any more needs none.
fn tell(call: QueuedCall, sent: SendOutcome) {
    if call.reply.send(sent).is_err() {
        tracing::trace!("an answer came too late");
    }
}
