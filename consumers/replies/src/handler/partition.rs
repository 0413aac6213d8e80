//! A partition of commands: the command under way, and how far the results topic is read for it.

use super::READ_BACK;
use crate::pending::Pending;
use runtime::consumer::{Failure, Wait};
use std::time::{Duration, SystemTime};
use weir_graph::LimitWaits;

/// A partition of commands.
#[derive(Debug, Default)]
pub(crate) struct Partition {
    /// Offset of the record for which the results topic was last read to its end.
    pub(super) caught_up_at: Option<i64>,
    /// Offset of the record for which that was behind a record of our own, so that nothing before it is unread.
    pub(super) fenced_at: Option<i64>,
    /// When a record was handled last, by the clock, which goes on while a process is stopped.
    pub(super) handled_at: Option<SystemTime>,
    /// The command under way, over the times that it is handled.
    pub(super) pending: Option<Pending>,
    pub(super) limit_waits: LimitWaits,
}

impl Partition {
    /// A record is handled. What is known by now is as old as the former one is: the process may have been stopped, and the partition be
    /// another's. A command under way has the results read to their end first.
    pub(super) fn is_handled(&mut self) {
        let was_stopped = |at: SystemTime| at.elapsed().map_or(true, |since| since > READ_BACK);
        if self.handled_at.replace(SystemTime::now()).is_some_and(was_stopped) && self.pending.is_some() {
            self.caught_up_at = None;
        }
    }

    /// Another owns an attempt that was begun here: it may have a result by now, which is read before anything is said of it.
    pub(super) fn overtaken(&mut self) {
        (self.caught_up_at, self.fenced_at) = (None, None);
    }

    /// Has the results read to their end again before the next try, which comes at once.
    pub(super) fn not_read_yet(&mut self) -> Failure {
        self.caught_up_at = None;
        let error =
            String::from("an attempt at this command was begun before, whose result may not be read yet");
        Failure::Unavailable { error, wait: Some(Duration::ZERO), on: Wait::Kafka }
    }
}
