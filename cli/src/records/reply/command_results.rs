//! What the results topic says of one command: where it ends, before the command is written anew or after.

use crate::kafka::{Range, Source};
use crate::tool::Result;
use runtime::consumer::{Read, Record, TopicReader};
use schemas::reply::{CommandResult, Open, ResultStatus};
use std::time::Instant;

/// The results of one command, as far as they were read.
#[derive(Debug)]
pub(super) struct CommandResults<'a> {
    account: &'a str,
    id: &'a str,
    /// The latest attempt that was intended.
    intended: u32,
    /// Of that attempt, or of a later one.
    end: Option<Record>,
}

impl<'a> CommandResults<'a> {
    /// Of the command with this account and id; nothing is known of it.
    pub(super) const fn of(account: &'a str, id: &'a str) -> Self {
        Self { account, id, intended: 0, end: None }
    }

    /// The result of a command that had this id and this key before.
    pub(super) fn former(&mut self, source: &Source, mut range: Range, key: &str) -> Result<Option<Record>> {
        range.narrow_to(key);
        let mut reading = source.open(&range)?;
        while let Some(record) = reading.next()? {
            self.note(record);
        }
        Ok(self.end.take())
    }

    /// The result of the latest attempt; `None` where there is none in time. That an attempt was of unknown outcome is
    /// written after the intent of the next one, where there is to be one.
    pub(super) fn end(&mut self, reader: &mut TopicReader, deadline: Instant) -> Result<Option<Record>> {
        while self.end.is_none() {
            let left = deadline.saturating_duration_since(Instant::now());
            match reader.next(left)? {
                Some(Read::Record(record)) => self.note(record),
                Some(Read::End(_)) => {}
                None => break,
            }
        }
        Ok(self.end.take())
    }

    fn note(&mut self, record: Record) {
        let is_of_it = |result: &CommandResult<'_>| result.account == self.account && result.id == self.id;
        let Some(result) = result(&record).filter(is_of_it) else { return };
        match result.status {
            Open::Known(ResultStatus::Intended) if result.attempt > self.intended => {
                (self.intended, self.end) = (result.attempt, None);
            }
            Open::Known(ResultStatus::Intended) => {}
            Open::Known(_) if result.attempt >= self.intended => self.end = Some(record),
            // A step between intent and end that comes later is none.
            _ => {}
        }
    }
}

/// The result that a record holds.
pub(crate) fn result(record: &Record) -> Option<CommandResult<'_>> {
    serde_json::from_slice(record.value.as_deref()?).ok()
}
