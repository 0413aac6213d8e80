//! Begins a command by what is known of it: anew, again where an attempt came to nothing, or not at all.

use super::{INTENDED_WITHIN, Partition, Replies};
use crate::claims::{AttemptEnd, AttemptStatus};
use crate::command::{Command, Subject};
use crate::ledger::CommandState;
use crate::outcome::Cause;
use crate::pending::{Intent, Pending};
use crate::result::{AttemptResult, output};
use crate::results_reader::ResultsReader;
use runtime::consumer::{Failure, Output, Record, StallExemption, Wait};
use runtime::kafka::dead_letter::RetryHistory;
use runtime::mutex::lock;
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An attempt that nobody is at work on any more.
pub(super) enum Abandoned {
    /// Nothing was done. The claim is one of this process, whose attempt it still is.
    Undone { attempt: u32, claim: Option<Arc<str>> },
    /// Its result never reached the topic, or nobody will say what it is.
    Ended { attempt: u32, end: AttemptEnd },
}

impl Replies {
    /// Whether a command is to be carried out, by what is known of it; else the results that were missing. One that was overtaken
    /// has those of former attempts, and no further one: whoever owns this one may be at work on it.
    pub(super) async fn begin(
        &self,
        partition: &mut Partition,
        record: &Record,
        command: &Command,
        overtaken: Option<Pending>,
        waits: &StallExemption,
    ) -> Result<ControlFlow<Vec<Output>, Pending>, Failure> {
        let resends = if overtaken.is_some() { 0 } else { self.settings.resend_unknown };
        let begun = self.begin_new(partition, record, command, resends, waits).await;
        let Some(overtaken) = overtaken else { return begun };
        let Ok(begun) = begun else {
            partition.pending = Some(overtaken);
            return begun;
        };
        let results = |new| [overtaken.results, new].concat();
        Ok(match begun {
            Break(new) => Break(results(new)),
            Continue(mut pending) => {
                pending.results = results(pending.results);
                Continue(pending)
            }
        })
    }

    async fn begin_new(
        &self,
        partition: &mut Partition,
        record: &Record,
        command: &Command,
        resends: u32,
        waits: &StallExemption,
    ) -> Result<ControlFlow<Vec<Output>, Pending>, Failure> {
        let (subject, reader) = (&command.subject, self.results_reader().await?);
        let state = self.known(reader, subject)?;
        if state == CommandState::New {
            if let Some(results) = self.former(record, subject, waits).await? {
                return Ok(Break(results));
            }
            return Ok(Continue(Pending::new(record.offset, 1, Vec::new())));
        }
        Ok(match self.abandoned(partition, &state, record, subject, waits).await? {
            None => {
                self.pass_over(reader, record, subject);
                Break(Vec::new())
            }
            Some(Abandoned::Undone { attempt, claim }) => {
                Continue(Pending::again(record.offset, attempt, claim))
            }
            Some(Abandoned::Ended { attempt, end }) => {
                let results = vec![end.result];
                if end.is_unknown && attempt <= resends {
                    Continue(Pending::new(record.offset, attempt + 1, results))
                } else {
                    Break(results)
                }
            }
        })
    }

    /// The attempt that somebody intended who ended before there was a result, and what is known of it; nothing where the command is
    /// none such. An error where it may have a result that was not read yet.
    pub(super) async fn abandoned(
        &self,
        partition: &mut Partition,
        state: &CommandState,
        record: &Record,
        subject: &Subject,
        waits: &StallExemption,
    ) -> Result<Option<Abandoned>, Failure> {
        let CommandState::Intended { attempt, position, claim } = state else { return Ok(None) };
        let (attempt, position) = (*attempt, *position);
        if !is_abandoned(position, claim.is_some(), record) {
            return Ok(None);
        }
        if partition.caught_up_at != Some(record.offset) {
            // That of a record right before this one may be on its way. Before the next try it has arrived, and is read.
            return Err(partition.not_read_yet(Duration::ZERO));
        }
        let Some(claim) = claim else { return Ok(Some(Abandoned::Undone { attempt, claim: None })) };
        let status = lock(&self.claims).status(claim);
        // Whose claim it is may be at work, unless it is known that this process has the partition since.
        if matches!(status, AttemptStatus::Unknown)
            && let Some(left) = partition.in_doubt_for()
        {
            return Err(partition.not_read_yet(left));
        }
        Ok(Some(match status {
            AttemptStatus::Undone => Abandoned::Undone { attempt, claim: Some(Arc::clone(claim)) },
            AttemptStatus::Ended(end) => Abandoned::Ended { attempt, end },
            AttemptStatus::Unknown if partition.barrier_at != Some(record.offset) => {
                waits.on(Wait::Kafka, INTENDED_WITHIN, self.write_barrier(record, subject, attempt)).await?;
                partition.barrier_at = Some(record.offset);
                return Err(partition.not_read_yet(Duration::ZERO));
            }
            AttemptStatus::Unknown => {
                let result = self.cut_off(record, position, subject, attempt);
                Abandoned::Ended { attempt, end: AttemptEnd { result, is_unknown: true } }
            }
        }))
    }

    /// Has a command begun anew by what is known of it, since the attempt is another claim's. For this same record that is the next owner
    /// of the partition, which is taken away from this process then, or a former one, whose intent arrived late: then it is `cut_off`, and
    /// not sent another time, since that one may be at work all the same. For another record, that one has the result.
    pub(super) fn overtaken(pending: &mut Pending) -> Failure {
        pending.intent = Intent::Overtaken;
        let error = String::from("the attempt at this command is somebody else's");
        Failure::Unavailable { error, wait: Some(Duration::ZERO), on: Wait::Kafka }
    }

    /// Counts and tells of a command that has no result of its own: another of its account and id has, or will. Who wrote another command
    /// under that id waits in vain, and nothing else says why. Of a record that is read again, as after a restart, there is nothing to tell:
    /// what is known is about itself.
    fn pass_over(&self, reader: &ResultsReader, record: &Record, subject: &Subject) {
        if reader.ledger().is_of(&subject.name(), (record.partition, record.offset)) {
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
                "a command is passed over, as one of its account and id was begun before, which has a result, or will, unless it was cut off elsewhere"
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

/// Whether nobody is at work any more on the command that was intended at `position`: it is the same record, or the one that became a
/// dead letter, which was put back as this one; or the attempt is nobody's, as it was given back. Then it is begun again behind any offset
/// of its partition, since it waits at the head of that alone, and is done there before another is looked at: offsets are others in another
/// cluster, to which both topics were copied, and where the commands were made again. In another partition it may be waiting still, and
/// the intents of two have no order there.
fn is_abandoned(position: (i32, i64), is_owned: bool, record: &Record) -> bool {
    let was_dead_letter = || RetryHistory::read(|name| record.header(name)).first_failed.is_some();
    let (partition, offset) = position;
    partition == record.partition
        && (!is_owned || offset == record.offset || (offset < record.offset && was_dead_letter()))
}
