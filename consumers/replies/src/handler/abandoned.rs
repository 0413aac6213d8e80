//! Attempts that nobody is at work on any more, and of which nobody will say how they ended.

use super::{Partition, Replies};
use crate::command::Subject;
use crate::follower::Follower;
use crate::ledger::CommandState;
use crate::outcome::Cause;
use crate::pending::Pending;
use crate::result::{AttemptResult, output};
use runtime::consumer::{Failure, Output, Record, Wait};
use runtime::kafka::dead_letter::RetryHistory;
use std::time::{Duration, Instant};

impl Replies {
    /// The attempt that somebody intended who ended before there was a result, and the result that is left of it; nothing where
    /// the command is none such. An error where it may have a result that was not read yet.
    pub(super) fn abandoned(
        &self,
        partition: &mut Partition,
        state: &CommandState,
        record: &Record,
        subject: &Subject,
    ) -> Result<Option<(u32, Output)>, Failure> {
        let CommandState::Intended { attempt, position } = *state else { return Ok(None) };
        if !is_abandoned(position, record) {
            return Ok(None);
        }
        if partition.caught_up_at != Some(record.offset) {
            // That of a record right before this one may be on its way. Before the next try it has arrived, and is read.
            partition.caught_up_at = None;
            let error =
                String::from("an attempt at this command was begun before, whose result may not be read yet");
            return Err(Failure::Unavailable { error, wait: Some(Duration::ZERO), on: Wait::Kafka });
        }
        Ok(Some((attempt, self.cut_off(record, position, subject, attempt))))
    }

    /// The results of a command whose attempt another claim owns. For this same record that is a former owner of the partition, whose
    /// intent arrived late: report `cut_off`, and send nothing, since it may be at work all the same. For another record, that one has
    /// the result.
    pub(super) async fn overtaken(
        &self,
        pending: &mut Pending,
        record: &Record,
        subject: &Subject,
    ) -> Result<Vec<Output>, Failure> {
        let follower = self.follower().await?;
        let state = follower.ledger().state(&subject.name());
        let mut results = std::mem::take(&mut pending.results);
        match state {
            CommandState::Intended { attempt, position } if position == (record.partition, record.offset) => {
                results.push(self.cut_off(record, position, subject, attempt));
            }
            _ => self.pass_over(follower, record, subject),
        }
        Ok(results)
    }

    /// Counts and tells of a command that has no result of its own: another of its account and id has, or will. Who wrote another command
    /// under that id waits in vain, and nothing else says why. Of a record that is read again, as after a restart, there is nothing to tell:
    /// what is known is about itself.
    pub(super) fn pass_over(&self, follower: &Follower, record: &Record, subject: &Subject) {
        if follower.ledger().is_of(&subject.name(), (record.partition, record.offset)) {
            return;
        }
        self.source.metrics.duplicates.inc();
        if let Some(suppressed) = self.log.pass(Instant::now()) {
            let (partition, offset) = (record.partition, record.offset);
            let Subject { id, account, .. } = subject;
            tracing::info!(
                partition,
                offset,
                account,
                id = &**id,
                suppressed,
                "a command is passed over, as one of its account and id was carried out or refused before, or will be"
            );
        }
    }

    /// The result of an attempt that was intended at `position`.
    fn cut_off(&self, record: &Record, position: (i32, i64), subject: &Subject, attempt: u32) -> Output {
        let error = String::from("whoever carried it out ended before the outcome was known");
        let unknown = AttemptResult::Unknown(&Cause { reason: "cut_off", error });
        self.source.metrics.result(&subject.action, unknown.status());
        output(&self.source.topic, record, position, subject, attempt, &unknown)
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
