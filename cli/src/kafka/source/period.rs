//! The time of a range as its records themselves tell it, for brokers that find no offsets by time.

use runtime::consumer::Record;
use schemas::Millis;

/// From when to when records were written; open where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(super) since: Option<Millis>,
    pub(super) until: Option<Millis>,
}

impl Period {
    /// Whether a record was written in it; one that does not say when may have been.
    pub(super) fn may_hold(self, record: &Record) -> bool {
        let Some(at) = record.timestamp.map(Millis::of) else { return true };
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn a_period_ends_before_its_end_and_holds_what_does_not_say_when() {
        let at = |seconds: Option<u64>| Record {
            topic: Arc::from("meta.messages.v1"),
            partition: 0,
            offset: 0,
            timestamp: seconds.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds)),
            key: None,
            value: None,
            headers: Vec::new(),
        };
        let second = |second: u64| Some(Millis::since_epoch(second * 1_000));
        let period = Period { since: second(5), until: second(7) };
        let held: Vec<u64> = (4..9).filter(|second| period.may_hold(&at(Some(*second)))).collect();
        assert_eq!(held, [5, 6]);
        assert!(period.may_hold(&at(None)));
        assert!(Period { since: second(5), until: None }.may_hold(&at(Some(99))));
    }
}
