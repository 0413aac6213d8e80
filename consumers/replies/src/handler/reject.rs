//! Refuses a record that is no command which could be carried out: a result for whoever wrote it, then a dead letter.

use super::abandoned::Abandoned;
use super::{INTENDED_WITHIN, Partition, Replies};
use crate::command::{Subject, Unusable};
use crate::ledger::CommandState;
use crate::outcome::Cause;
use crate::pending::Pending;
use crate::result::AttemptResult;
use runtime::consumer::{Failure, Output, Record, StallExemption, Wait};
use std::sync::atomic::Ordering;
use std::time::Duration;

impl Replies {
    /// Refuses what is no command that could be carried out. Its result comes before the dead letter, so that none is
    /// without one; a command whose id is known has a result, or will. Who wrote one is told by it, so that however many there are in a
    /// row, they stop nobody's commands where others are read.
    pub(super) async fn reject(
        &self,
        partition: &mut Partition,
        record: &Record,
        unusable: Unusable,
        waits: &StallExemption,
    ) -> Result<Failure, Failure> {
        let Unusable { subject, cause } = unusable;
        if let Some(subject) = &subject
            && let Some(result) = self.refusal(partition, record, subject, &cause, waits).await?
        {
            waits.on(Wait::Kafka, INTENDED_WITHIN, self.publish(&result, record)).await?;
        }
        let Cause { reason, error } = cause;
        if subject.is_some() && self.reads_commands.load(Ordering::Relaxed) {
            return Ok(Failure::RejectUncounted { reason, error });
        }
        Ok(Failure::Reject { reason, error })
    }

    /// The result that is missing; none where there is one, or will be.
    async fn refusal(
        &self,
        partition: &mut Partition,
        record: &Record,
        subject: &Subject,
        cause: &Cause,
        waits: &StallExemption,
    ) -> Result<Option<Output>, Failure> {
        Ok(match self.known(self.results_reader().await?, subject)? {
            CommandState::New if self.is_nobodys(partition, record, subject, 1, waits).await? => {
                Some(self.result(record, subject, 1, &AttemptResult::Refused(cause)))
            }
            CommandState::New => return Err(partition.not_read_yet(Duration::ZERO)),
            // An older version, which took it for a command, ended before there was a result.
            state => match self.abandoned(partition, &state, record, subject, waits).await? {
                None => None,
                Some(Abandoned::Ended { end, .. }) => Some(end.result),
                Some(Abandoned::Undone { attempt, claim }) => {
                    let (mut pending, result) = (
                        Pending::again(record.offset, attempt, claim),
                        AttemptResult::refused(attempt, cause),
                    );
                    let intended = self.intend(&mut pending, record, subject);
                    if !waits.on(Wait::Kafka, INTENDED_WITHIN, intended).await?
                        || !self.end(&pending, record, subject, &result)
                    {
                        // It is another's by now, who may take it for a command.
                        partition.overtaken();
                        return Err(partition.not_read_yet(Duration::ZERO));
                    }
                    Some(self.result(record, subject, attempt, &result))
                }
            },
        })
    }
}
