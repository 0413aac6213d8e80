//! The offsets of a partition, on their way from a record that is done to the group's committed offset.
//!
//! 1. **Done**: `record/pipeline.rs` calls [`PartitionProgress::done`] once the outputs of a record, or its dead letter, are acknowledged;
//!    only for the oldest record in it, so that everything before the offset is done as well.
//! 2. **Stored**: the polling thread gives the offset behind it to librdkafka (`AssignedPartition::store`), many times a second, and last when
//!    the partition is given back.
//! 3. **Committed**: librdkafka sends what is stored to the group's coordinator, every 5 s (`auto.commit.interval.ms`), before a
//!    partition is let go and when the client is closed. Whoever reads the partition next begins there. It sends nothing that lies before what
//!    was committed, as of a log that ended before that: the polling thread does ([`PartitionProgress::went_back`]).

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering};
use std::time::{Duration, SystemTime};

use crate::consumer::wait::{Activity, Wait};

const NOTHING: i64 = -1;

/// How far a worker has come and what it does, for others to see without a lock. Written by the worker, and by who watches it
/// where nothing is left to work on.
#[derive(Debug)]
pub(in crate::consumer) struct PartitionProgress {
    next: AtomicI64,
    /// Where the partition stood when it was assigned; found out by who watches it.
    start: AtomicI64,
    activity: AtomicU8,
    /// The timestamp of the latest record that is done, in milliseconds.
    latest: AtomicI64,
    /// The group had committed more than there is, which the coordinator is told with the first offset before this one.
    back_before: AtomicI64,
    /// A record was done that lies before one that was done earlier, until somebody has asked.
    has_gone_back: AtomicBool,
    /// Where the group begins anew, whatever is done meanwhile.
    anew: AtomicI64,
}

impl PartitionProgress {
    pub(in crate::consumer) fn new() -> Self {
        let nothing = || AtomicI64::new(NOTHING);
        Self {
            next: nothing(),
            start: nothing(),
            activity: AtomicU8::new(Activity::Idle.code()),
            latest: nothing(),
            back_before: nothing(),
            has_gone_back: AtomicBool::new(false),
            anew: nothing(),
        }
    }

    /// Everything up to and including `offset` is safe; `timestamp` is that record's.
    pub(in crate::consumer) fn done(&self, offset: i64, timestamp: Option<SystemTime>) {
        if let Some(since) = timestamp.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()) {
            self.latest.store(i64::try_from(since.as_millis()).unwrap_or(NOTHING), Ordering::Relaxed);
        }
        if self.next.swap(offset + 1, Ordering::AcqRel) > offset + 1 {
            self.has_gone_back.store(true, Ordering::Release);
        }
    }

    /// Whether the client was sent back and has done a record there since this was asked last.
    pub(in crate::consumer) fn has_gone_back(&self) -> bool {
        self.has_gone_back.swap(false, Ordering::AcqRel)
    }

    /// The log is another than that which was read, and has records from this offset on: the group begins there, and another client.
    pub(in crate::consumer) fn begins_anew(&self, first: i64) {
        self.anew.store(first, Ordering::Release);
    }

    /// Between these offsets there is no record, and everything before them is done.
    pub(in crate::consumer) fn passed(&self, from: i64, to: i64) {
        let next = self.next.load(Ordering::Acquire);
        if self.position() == Some(from) {
            // A worker that is done with a record meanwhile knows better.
            _ = self.next.compare_exchange(next, to, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    /// The log, which has this `end`, ended before what the group had committed: the group goes on before that.
    pub(in crate::consumer) fn went_back(&self, end: i64) {
        // What lies past the end was done before.
        let before = self.next().filter(|next| *next > end).unwrap_or(i64::MAX);
        self.back_before.store(before, Ordering::Relaxed);
    }

    /// Whether this offset is the first since then.
    pub(in crate::consumer) fn is_back_at(&self, next: i64) -> bool {
        let is_back = next < self.back_before.load(Ordering::Relaxed);
        if is_back {
            self.back_before.store(NOTHING, Ordering::Relaxed);
        }
        is_back
    }

    /// The offset to go on from, once anything is done.
    pub(in crate::consumer) fn next(&self) -> Option<i64> {
        let done = || known(self.next.load(Ordering::Acquire));
        known(self.anew.load(Ordering::Acquire)).or_else(done)
    }

    /// The offset to go on from, if it is known at all.
    pub(in crate::consumer) fn position(&self) -> Option<i64> {
        self.next().or_else(|| known(self.start.load(Ordering::Relaxed)))
    }

    /// The partition was assigned at this offset.
    pub(in crate::consumer) fn started(&self, offset: i64) {
        self.start.store(offset, Ordering::Relaxed);
    }

    pub(in crate::consumer) fn set_activity(&self, activity: Activity) {
        self.activity.store(activity.code(), Ordering::Relaxed);
    }

    pub(in crate::consumer) fn activity(&self) -> Activity {
        let now = self.activity.load(Ordering::Relaxed);
        let waits = Wait::ALL.into_iter().map(Activity::Waiting);
        waits.chain([Activity::Handling]).find(|activity| activity.code() == now).unwrap_or(Activity::Idle)
    }

    /// How old the latest record that is done has become.
    pub(in crate::consumer) fn age(&self, now: SystemTime) -> Option<Duration> {
        let millis = u64::try_from(known(self.latest.load(Ordering::Relaxed))?).ok()?;
        let latest = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis))?;
        Some(now.duration_since(latest).unwrap_or_default())
    }
}

fn known(offset: i64) -> Option<i64> {
    Some(offset).filter(|offset| *offset != NOTHING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_offset_follows_the_last_one_done() {
        let progress = PartitionProgress::new();
        assert_eq!((progress.next(), progress.position()), (None, None));
        progress.started(40);
        assert_eq!((progress.next(), progress.position()), (None, Some(40)));
        progress.done(41, None);
        assert_eq!((progress.next(), progress.position()), (Some(42), Some(42)));
    }

    #[test]
    fn a_group_that_begins_anew_does_so_whatever_is_done_meanwhile() {
        let progress = PartitionProgress::new();
        progress.done(58, None);
        assert!(!progress.has_gone_back());
        progress.begins_anew(3);
        progress.done(59, None);
        assert_eq!((progress.next(), progress.position()), (Some(3), Some(3)));
    }

    #[test]
    fn a_record_before_one_that_was_done_is_known_once() {
        let progress = PartitionProgress::new();
        for (offset, has_gone_back) in [(7, false), (8, false), (3, true), (4, false)] {
            progress.done(offset, None);
            assert_eq!(progress.has_gone_back(), has_gone_back, "{offset}");
        }
    }

    #[test]
    fn what_holds_no_record_is_passed_from_where_the_partition_stands_and_from_nowhere_else() {
        let progress = PartitionProgress::new();
        progress.started(40);
        progress.passed(39, 45);
        assert_eq!(progress.next(), None);
        progress.passed(40, 45);
        assert_eq!(progress.next(), Some(45));
        progress.done(46, None);
        progress.passed(45, 46);
        assert_eq!(progress.next(), Some(47));
    }

    #[test]
    fn the_first_offset_after_a_group_went_back_is_known_once() {
        let (fresh, running) = (PartitionProgress::new(), PartitionProgress::new());
        assert!(!fresh.is_back_at(0));
        fresh.done(9, None);
        fresh.went_back(10);
        assert_eq!([10, 11].map(|next| fresh.is_back_at(next)), [true, false], "it was done since");
        running.done(259, None);
        running.went_back(200);
        assert_eq!([260, 201, 202].map(|next| running.is_back_at(next)), [false, true, false]);
    }

    #[test]
    fn the_age_is_that_of_the_latest_record_with_a_time() {
        let progress = PartitionProgress::new();
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(progress.age(at(9)), None);
        progress.done(0, Some(at(5)));
        progress.done(1, None);
        assert_eq!(progress.age(at(9)), Some(Duration::from_secs(4)));
        assert_eq!(progress.age(at(1)), Some(Duration::ZERO));
    }

    #[test]
    fn what_a_worker_does_is_what_it_said_last() {
        let progress = PartitionProgress::new();
        assert_eq!(progress.activity(), Activity::Idle);
        progress.set_activity(Activity::Handling);
        assert_eq!(progress.activity(), Activity::Handling);
        for wait in Wait::ALL {
            progress.set_activity(Activity::Waiting(wait));
            assert_eq!(progress.activity(), Activity::Waiting(wait));
        }
    }
}
