//! Attempts that nobody is at work on any more, and of which nobody will say how they ended.

use super::Replies;
use crate::command::Subject;
use crate::ledger::CommandState;
use crate::outcome::Cause;
use crate::pending::Pending;
use crate::result::{NewResult, output};
use runtime::consumer::{Failure, Output, Record};
use runtime::kafka::dead_letter::RetryHistory;

impl Replies {
    /// The attempt that somebody intended who ended before there was a result, and the result that is left of it; nothing where
    /// the command is none such.
    pub(super) fn abandoned(
        &self,
        state: &CommandState,
        record: &Record,
        subject: &Subject,
    ) -> Option<(u32, Output)> {
        let CommandState::Intended { attempt, position } = *state else { return None };
        is_abandoned(position, record).then(|| (attempt, self.cut_off(record, position, subject, attempt)))
    }

    /// The results of a command whose attempt is another one's. Of this very record it is a former owner's of the partition, whose
    /// intent was long on its way: it is gone, or nobody hears it any more. Should it be at work all the same, nothing is sent beside
    /// it. Of another record, that one has a result.
    pub(super) async fn overtaken(
        &self,
        pending: &mut Pending,
        record: &Record,
        subject: &Subject,
    ) -> Result<Vec<Output>, Failure> {
        let follower = self.follower().await?;
        let state = follower.ledger().state(&subject.id);
        let mut results = std::mem::take(&mut pending.results);
        match self.abandoned(&state, record, subject) {
            Some((_, unknown)) => results.push(unknown),
            None => self.metrics.duplicates.inc(),
        }
        Ok(results)
    }

    /// The result of an attempt that was intended at `position`.
    fn cut_off(&self, record: &Record, position: (i32, i64), subject: &Subject, attempt: u32) -> Output {
        let error = String::from("whoever carried it out ended before the outcome was known");
        let unknown = NewResult::Unknown(&Cause { reason: "cut_off", error });
        self.metrics.result(&subject.action, unknown.status());
        output(&self.results, record, position, subject, attempt, &unknown)
    }
}

/// Whether nobody is at work any more on the command that was intended at `position`: it is the same record, or the one
/// that became a dead letter, which was put back as this one.
fn is_abandoned(position: (i32, i64), record: &Record) -> bool {
    let was_dead_letter = || RetryHistory::read(|name| record.header(name)).first_failed.is_some();
    let (partition, offset) = position;
    partition == record.partition
        && (offset == record.offset || (offset < record.offset && was_dead_letter()))
}
