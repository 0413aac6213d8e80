//! A partition of commands: the command under way, how far the results topic is read for it, and whether it is still ours.

use crate::pending::{LOOK_EVERY, Pending};
use runtime::consumer::{Failure, Wait};
use std::time::{Duration, Instant, SystemTime};
use weir_graph::LimitWaits;

/// A partition of commands.
#[derive(Debug, Default)]
pub(crate) struct Partition {
    /// Offset of the record for which the results topic was last read to its end.
    pub(super) caught_up_at: Option<i64>,
    /// When that was, by the clock, which goes on while a process is stopped.
    pub(super) read_at: Option<SystemTime>,
    /// Offset of the record for which it was read behind a record of our own, so that nothing before that is unread.
    pub(super) fenced_at: Option<i64>,
    /// When a record was handled last, by the same clock.
    pub(super) handled_at: Option<SystemTime>,
    /// Since when another process may have the partition, for all that is known here.
    pub(super) doubted_at: Option<Instant>,
    /// The command under way, over the times that it is handled.
    pub(super) pending: Option<Pending>,
    pub(super) limit_waits: LimitWaits,
}

impl Partition {
    /// The results were read to their end for this record.
    pub(super) fn caught_up(&mut self, offset: i64) {
        (self.caught_up_at, self.read_at) = (Some(offset), Some(SystemTime::now()));
    }

    /// Whether they were lately, so that nobody else can have had the partition since.
    pub(super) fn is_read_of_late(&self) -> bool {
        !self.read_at.is_none_or(is_long_ago)
    }

    /// A record is handled. What is known by now is as old as the former one is: the process may have been stopped, and the partition be
    /// another's. A command under way has the results read to their end first.
    pub(super) fn is_handled(&mut self) {
        if self.handled_at.replace(SystemTime::now()).is_some_and(is_long_ago) {
            self.doubted_at = Some(Instant::now());
            if self.pending.is_some() {
                self.caught_up_at = None;
            }
        }
    }

    /// Another owns an attempt that was begun here: it may have a result by now, which is read before anything is said of it.
    pub(super) fn overtaken(&mut self) {
        (self.caught_up_at, self.fenced_at, self.doubted_at) = (None, None, Some(Instant::now()));
    }

    /// How much longer the partition has to be kept until that says that it is ours: it is taken within `limit` from who has lost it.
    pub(super) fn in_doubt_for(&self, limit: Duration) -> Option<Duration> {
        let left = limit.checked_sub(self.doubted_at?.elapsed())?;
        Some(left).filter(|left| !left.is_zero())
    }

    /// Has the results read to their end again before the next try, which comes after so long at most.
    pub(super) fn not_read_yet(&mut self, wait: Duration) -> Failure {
        self.caught_up_at = None;
        let error =
            String::from("an attempt at this command was begun before, whose result may not be read yet");
        Failure::Unavailable { error, wait: Some(wait.min(LOOK_EVERY)), on: Wait::Kafka }
    }
}

/// How long without a record after which a process may have been stopped: shorter than a member of a group is missed by its coordinator
/// (`session.timeout.ms`, 15 s), so that nobody else can have had the partition within it.
const STOPPED_AFTER: Duration = Duration::from_secs(10);

/// Whether a process may have been stopped since, and its partitions be given to others.
fn is_long_ago(at: SystemTime) -> bool {
    at.elapsed().map_or(true, |since| since > STOPPED_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_mins(1);

    #[test]
    fn a_partition_is_in_doubt_after_a_stop_or_an_overtaking_until_it_was_kept_for_long_enough() {
        let mut partition = Partition::default();
        partition.is_handled();
        partition.is_handled();
        assert_eq!(partition.in_doubt_for(LIMIT), None);
        partition.handled_at = Some(SystemTime::now() - STOPPED_AFTER * 2);
        partition.is_handled();
        assert!(partition.in_doubt_for(LIMIT).is_some());
        partition.doubted_at = Instant::now().checked_sub(LIMIT);
        assert_eq!(partition.in_doubt_for(LIMIT), None);
        partition.overtaken();
        assert!(partition.in_doubt_for(LIMIT).is_some());
    }
}
