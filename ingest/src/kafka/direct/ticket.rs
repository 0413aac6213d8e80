//! Reports what became of one record to the completion of its batch, also when it is dropped.

use super::state::local;
use runtime::producer::BatchCompletion;
use std::sync::Arc;

/// One record of a batch. Where it is dropped without a report, as by a panic, the record is not acknowledged.
#[derive(Debug)]
pub(super) struct Ticket {
    completion: Arc<BatchCompletion>,
    failure: Option<i32>,
}

impl Ticket {
    /// One more record, which the completion expects.
    pub(super) fn new(completion: &Arc<BatchCompletion>) -> Self {
        completion.expect_one();
        Self { completion: Arc::clone(completion), failure: Some(local::PURGED) }
    }

    /// A code is one of librdkafka's; `None` acknowledges the record.
    pub(super) fn report(mut self, failure: Option<i32>) {
        self.failure = failure;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.completion.report(self.failure);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use runtime::producer::Acknowledgement;

    #[test]
    fn a_record_that_a_panic_loses_is_not_acknowledged_and_nobody_waits_for_it() {
        let completion = BatchCompletion::open();
        let (told, lost) = (Ticket::new(&completion), Ticket::new(&completion));
        completion.release_one();
        told.report(None);
        drop(lost);
        assert!(matches!(Acknowledgement::new(completion).now_or_never(), Some(Err(_))));
    }

    #[test]
    fn a_report_is_the_only_one() {
        let completion = BatchCompletion::open();
        Ticket::new(&completion).report(None);
        completion.release_one();
        assert!(matches!(Acknowledgement::new(completion).now_or_never(), Some(Ok(()))));
    }
}
