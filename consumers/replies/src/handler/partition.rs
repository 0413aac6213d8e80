//! A partition of commands: the command under way, how far the results topic is read for it, and whether it is still ours.

use crate::pending::{LOOK_EVERY, Pending};
use runtime::consumer::{Failure, SessionBounds, Wait};
use std::time::{Duration, Instant, SystemTime};
use weir_graph::LimitWaits;

/// A partition of commands.
#[derive(Debug)]
pub(crate) struct Partition {
    /// Of the client that was given the partition.
    pub(super) session: SessionBounds,
    /// Offset of the record for which the results topic was last read to its end.
    pub(super) caught_up_at: Option<i64>,
    /// When that was, by the clock, which goes on while a process is stopped.
    pub(super) read_at: Option<SystemTime>,
    /// Offset of the record for which it was read behind a record of our own, so that nothing before that is unread.
    pub(super) barrier_at: Option<i64>,
    /// When a record was handled last, by the same clock.
    pub(super) handled_at: Option<SystemTime>,
    /// Since when another process may have the partition, for all that is known here.
    pub(super) doubted_at: Option<Instant>,
    /// The command under way, over the times that it is handled.
    pub(super) pending: Option<Pending>,
    pub(super) limit_waits: LimitWaits,
}

impl Partition {
    pub(super) fn new(session: SessionBounds) -> Self {
        Self {
            session,
            caught_up_at: None,
            read_at: None,
            barrier_at: None,
            handled_at: None,
            doubted_at: None,
            pending: None,
            limit_waits: LimitWaits::default(),
        }
    }

    /// The results were read to their end for this record.
    pub(super) fn caught_up(&mut self, offset: i64) {
        (self.caught_up_at, self.read_at) = (Some(offset), Some(SystemTime::now()));
    }

    /// Whether they were lately, so that nobody else can have had the partition since.
    pub(super) fn is_read_of_late(&self) -> bool {
        self.read_at.is_some_and(|at| !self.may_be_lost_since(at))
    }

    /// A record is handled. What is known by now is as old as the former one is: the process may have been stopped, and the partition be
    /// another's. A command under way has the results read to their end first.
    pub(super) fn is_handled(&mut self) {
        if self.handled_at.replace(SystemTime::now()).is_some_and(|at| self.may_be_lost_since(at)) {
            self.doubted_at = Some(Instant::now());
            if self.pending.is_some() {
                self.caught_up_at = None;
            }
        }
    }

    /// Another owns an attempt that was begun here: it may have a result by now, which is read before anything is said of it.
    pub(super) fn overtaken(&mut self) {
        (self.caught_up_at, self.barrier_at, self.doubted_at) = (None, None, Some(Instant::now()));
    }

    /// How much longer the partition has to be kept until that says that it is ours.
    pub(super) fn in_doubt_for(&self) -> Option<Duration> {
        let left = self.session.lost_within.checked_sub(self.doubted_at?.elapsed())?;
        Some(left).filter(|left| !left.is_zero())
    }

    /// Has the results read to their end again before the next try, which comes after so long at most, and soon enough to tell this process
    /// from one that was stopped.
    pub(super) fn not_read_yet(&mut self, wait: Duration) -> Failure {
        self.caught_up_at = None;
        let error =
            String::from("an attempt at this command was begun before, whose result may not be read yet");
        Failure::Unavailable {
            error,
            wait: Some(wait.min(LOOK_EVERY).min(self.session.kept_for / 2)),
            on: Wait::Kafka,
        }
    }

    /// Whether the process may have been stopped since, and its partitions be given to others.
    fn may_be_lost_since(&self, at: SystemTime) -> bool {
        at.elapsed().map_or(true, |since| since > self.session.kept_for)
    }
}

/// One whose owner reads the results back between two looks at a record, and is doubted for a moment.
#[cfg(test)]
impl Default for Partition {
    fn default() -> Self {
        let (kept_for, lost_within) = (Duration::from_secs(10), Duration::from_millis(50));
        Self::new(SessionBounds { kept_for, lost_within })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_in_doubt_after_a_stop_or_an_overtaking_until_it_was_kept_for_long_enough() {
        let session =
            SessionBounds { kept_for: Duration::from_secs(20), lost_within: Duration::from_mins(1) };
        let mut partition = Partition::new(session);
        partition.is_handled();
        partition.handled_at = Some(SystemTime::now() - session.kept_for / 2);
        partition.is_handled();
        assert_eq!(partition.in_doubt_for(), None);
        partition.handled_at = Some(SystemTime::now() - session.kept_for * 2);
        partition.is_handled();
        assert!(partition.in_doubt_for().is_some());
        partition.doubted_at = Instant::now().checked_sub(session.lost_within);
        assert_eq!(partition.in_doubt_for(), None);
        partition.overtaken();
        assert!(partition.in_doubt_for().is_some());
    }

    #[test]
    fn results_are_read_of_late_for_as_long_as_nobody_else_can_have_had_the_partition() {
        let session = SessionBounds { kept_for: Duration::from_secs(2), lost_within: Duration::from_secs(4) };
        let mut partition = Partition::new(session);
        assert!(!partition.is_read_of_late());
        partition.caught_up(1);
        assert!(partition.is_read_of_late());
        partition.read_at = Some(SystemTime::now() - Duration::from_secs(3));
        assert!(!partition.is_read_of_late());
    }

    #[test]
    fn a_partition_in_doubt_is_looked_at_before_its_owner_may_have_been_stopped() {
        let kept_for = Duration::from_millis(1_500);
        let mut partition = Partition::new(SessionBounds { kept_for, lost_within: Duration::from_secs(12) });
        let Failure::Unavailable { wait, .. } = partition.not_read_yet(Duration::MAX) else {
            panic!("no wait")
        };
        assert!(wait.is_some_and(|wait| wait < kept_for), "{wait:?}");
    }
}
