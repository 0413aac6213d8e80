//! Counts the reports of a batch's records, and resolves when all have come.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::task::{Context, Poll};

use atomic_waker::AtomicWaker;
use rdkafka::types::RDKafkaRespErr;
use tracing::Span;

use super::ProduceError;
use crate::telemetry::spans;

/// What the records of a batch share; each of them carries a reference to the broker and back.
#[derive(Debug)]
pub struct BatchCompletion {
    /// Records without a report, and one more while the batch is open.
    remaining: AtomicU32,
    /// The code of the first failure, 0 for none.
    failure: AtomicI32,
    waker: AtomicWaker,
}

const NO_FAILURE: i32 = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR as i32;

impl BatchCompletion {
    /// Of an open batch without records.
    pub fn open() -> Arc<Self> {
        Arc::new(Self {
            remaining: AtomicU32::new(1),
            failure: AtomicI32::new(NO_FAILURE),
            waker: AtomicWaker::new(),
        })
    }

    /// One more record is about to be sent.
    pub fn expect_one(&self) {
        // The batch holds its own count meanwhile, so nothing can be waiting for this number.
        self.remaining.fetch_add(1, Ordering::Relaxed);
    }

    /// The record was not taken after all, or the batch is complete.
    pub fn release_one(&self) {
        // Release pairs with the acquire in `result`: who sees zero sees every failure too.
        if self.remaining.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.waker.wake();
        }
    }

    /// A record was acknowledged, or failed with a code as [`ProduceError::from_code`] reads it.
    pub fn report(&self, failure: Option<i32>) {
        if let Some(code) = failure {
            let first = self.failure.compare_exchange(NO_FAILURE, code, Ordering::Relaxed, Ordering::Relaxed);
            tracing::trace!(code, first = first.is_ok(), "a record was not acknowledged");
        }
        self.release_one();
    }

    fn result(&self) -> Option<Result<(), ProduceError>> {
        if self.remaining.load(Ordering::Acquire) != 0 {
            return None;
        }
        match self.failure.load(Ordering::Relaxed) {
            NO_FAILURE => Some(Ok(())),
            code => Some(Err(ProduceError::from_code(code))),
        }
    }
}

/// Resolves once every record of a batch has been reported: `Ok` when all of them are acknowledged.
///
/// Dropping it cancels nothing; the records are on their way.
#[derive(Debug)]
#[must_use = "the records are not safe before the acknowledgement says so"]
pub struct Acknowledgement {
    completion: Arc<BatchCompletion>,
    /// They end with it.
    spans: Vec<Span>,
}

impl Acknowledgement {
    /// Of a batch that is complete.
    pub const fn new(completion: Arc<BatchCompletion>) -> Self {
        Self { completion, spans: Vec::new() }
    }

    /// The same, with the spans of its records, which end when it is resolved or dropped.
    pub fn with_spans(self, spans: Vec<Span>) -> Self {
        Self { spans, ..self }
    }
}

impl Future for Acknowledgement {
    type Output = Result<(), ProduceError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let result = self.completion.result().or_else(|| {
            self.completion.waker.register(context.waker());
            // A report may have come between the look and the registration.
            self.completion.result()
        });
        let Some(result) = result else { return Poll::Pending };
        for span in std::mem::take(&mut self.spans) {
            if result.is_err() {
                spans::failed(&span, "not_acknowledged");
            }
        }
        Poll::Ready(result)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use rdkafka::types::RDKafkaErrorCode;

    use super::*;

    fn poll(acknowledgement: &mut Acknowledgement) -> Poll<Result<(), ProduceError>> {
        Pin::new(acknowledgement).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn an_acknowledgement_waits_for_the_batch_and_for_every_record() {
        let completion = BatchCompletion::open();
        completion.expect_one();
        completion.expect_one();
        let mut acknowledgement = Acknowledgement::new(Arc::clone(&completion));
        completion.report(None);
        completion.release_one();
        assert!(poll(&mut acknowledgement).is_pending());
        completion.report(None);
        assert!(matches!(poll(&mut acknowledgement), Poll::Ready(Ok(()))));
    }

    #[test]
    fn the_first_failure_is_reported_for_the_batch() {
        let completion = BatchCompletion::open();
        completion.expect_one();
        completion.expect_one();
        completion.report(Some(RDKafkaErrorCode::MessageTimedOut as i32));
        completion.report(Some(RDKafkaErrorCode::PurgeQueue as i32));
        completion.release_one();
        let acknowledgement = Acknowledgement::new(completion);
        assert_eq!(acknowledgement.completion.result(), Some(Err(ProduceError::TimedOut)));
    }

    #[test]
    fn an_empty_batch_is_acknowledged() {
        let completion = BatchCompletion::open();
        completion.release_one();
        assert_eq!(Acknowledgement::new(completion).completion.result(), Some(Ok(())));
    }
}
