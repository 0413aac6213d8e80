//! Reports what became of one record to its group, also when it is dropped.

use super::state::local;
use runtime::producer::Group;
use std::sync::Arc;

/// One record of a group. Where it is dropped without a report, as by a panic, the record is not acknowledged.
#[derive(Debug)]
pub(super) struct Ticket {
    group: Arc<Group>,
    failure: Option<i32>,
}

impl Ticket {
    /// The group expects one more record.
    pub(super) fn new(group: &Arc<Group>) -> Self {
        group.expect_one();
        Self { group: Arc::clone(group), failure: Some(local::PURGED) }
    }

    /// A code is one of librdkafka's; `None` acknowledges the record.
    pub(super) fn report(mut self, failure: Option<i32>) {
        self.failure = failure;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.group.report(self.failure);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use runtime::producer::Acknowledgement;

    #[test]
    fn a_record_that_a_panic_loses_is_not_acknowledged_and_nobody_waits_for_it() {
        let group = Group::open();
        let (told, lost) = (Ticket::new(&group), Ticket::new(&group));
        group.release_one();
        told.report(None);
        drop(lost);
        assert!(matches!(Acknowledgement::new(group).now_or_never(), Some(Err(_))));
    }

    #[test]
    fn a_report_is_the_only_one() {
        let group = Group::open();
        Ticket::new(&group).report(None);
        group.release_one();
        assert!(matches!(Acknowledgement::new(group).now_or_never(), Some(Ok(()))));
    }
}
