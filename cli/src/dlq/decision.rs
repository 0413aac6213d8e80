//! What becomes of a dead letter. Pure.

use super::dead_letter::DeadLetter;
use super::settings::RedriveSettings;
use crate::kafka::{OutgoingRecord, Typed};
use runtime::consumer::Record;
use runtime::kafka::dead_letter::{RetryHistory, header};
use schemas::{Refusal, Topic, raw};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};
use weir_graph::{Account, Login};
use weir_replies::command::Command;

/// The oldest that a command to answer may be with any `--reply-max-age`.
const OLDEST_COMMAND: Duration = Duration::from_hours(6 * 24);
/// Why a command died that can never be carried out: it has its result, or no id that one could be of.
const OF_NO_USE: [&str; 4] = ["unreadable", "unknown_action", "bad_command", "wrong_key"];
/// Why a command died that has no result yet: it gets one once it is put back, be it that it comes too late.
const WITHOUT_RESULT: &str = "panic";

/// What stays with a record that goes back of what its dead letter says: who gave it up, how often it was tried, when it failed first
/// and when it was first written.
const KEPT: [&str; 4] = [header::CONSUMER, header::ATTEMPTS, header::FIRST_FAILED, header::FIRST_WRITTEN];

/// What the decision on a dead letter depends on beside itself.
#[derive(Clone, Debug)]
pub(super) struct Rules<'a> {
    /// The topics of the cluster.
    pub(super) topics: &'a BTreeSet<String>,
    pub(super) settings: &'a RedriveSettings,
    pub(super) now: SystemTime,
}

/// What becomes of a dead letter, or would.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Decision {
    /// It goes back to this topic.
    Redrive(String),
    /// It is a body, and its events are published.
    Published,
    /// It was put back before.
    AlreadyRedriven,
    /// Another consumer gave the same record up, which goes back for both.
    Duplicate,
    /// It stays.
    Keep(KeepReason),
}

/// Why a dead letter stays where it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(super) enum KeepReason {
    /// It was tried too often.
    #[error("tried {0} times or more (--max-attempts)")]
    TooOften(u32),
    /// Its topic is not there.
    #[error("there is no topic {0}")]
    NoTopic(String),
    /// It says it is from a topic that its consumer does not read.
    #[error("its consumer does not read {0}, where it says it is from")]
    Foreign(String),
    /// It is a body that still cannot be read.
    #[error("a body that still cannot be read ({0})")]
    StillRefused(&'static str),
    /// Nothing says where it came from.
    #[error("nothing says where it came from")]
    NoOrigin,
    /// It could not be remembered.
    #[error("too many before it were left out; put those back first")]
    NoRoom,
    /// It is a command to answer that is none, and would be none again.
    #[error("a command that would be refused again ({0}): write it anew, with a new id")]
    NoCommand(String),
    /// It is a command to answer that would be refused as too late.
    #[error("a command that comes too late for an answer")]
    TooLate,
}

impl Rules<'_> {
    /// Decides on a dead letter that was not put back yet, and gives the events of a body.
    pub(super) fn decide(
        &self,
        record: &Record,
        dead_letter: &DeadLetter,
    ) -> Result<(Decision, Vec<Typed>), KeepReason> {
        if dead_letter.attempts >= self.settings.max_attempts {
            return Err(KeepReason::TooOften(self.settings.max_attempts));
        }
        let lies_on = Topic::named(&record.topic, &self.settings.scope.topic_prefix);
        if lies_on == Some(Topic::RepliesDlq)
            && let Some(stays) = self.never_succeeds(record, dead_letter)
        {
            return Err(stays);
        }
        match &dead_letter.origin {
            Some(origin) => Ok((self.back(lies_on, origin.topic.clone())?, Vec::new())),
            None if lies_on == Some(Topic::IngestDlq) => Ok((Decision::Published, self.split_again(record)?)),
            None => Err(KeepReason::NoOrigin),
        }
    }

    /// Why weir-replies would refuse the command again.
    fn never_succeeds(&self, record: &Record, dead_letter: &DeadLetter) -> Option<KeepReason> {
        if OF_NO_USE.contains(&dead_letter.reason.as_str()) {
            return Some(KeepReason::NoCommand(dead_letter.reason.clone()));
        }
        let history = RetryHistory::read(|name| record.header(name));
        let age = history.oldest().and_then(|first| self.now.duration_since(first).ok()).unwrap_or_default();
        let is_of_use = dead_letter.reason == WITHOUT_RESULT || !self.is_over(record);
        (age > OLDEST_COMMAND || !is_of_use).then_some(KeepReason::TooLate)
    }

    /// Whether its own time has passed, or its window closed. Neither hangs on the login.
    fn is_over(&self, record: &Record) -> bool {
        let value = record.value.as_deref().unwrap_or_default();
        let command = Command::parse(value, |id| Account::new(id.clone(), Login::Facebook, None));
        command.is_ok_and(|command| command.expiry(self.now).is_some())
    }

    /// Its headers are the word of whoever may write dead letters: it goes back to a topic that the consumer of this
    /// topic of dead letters reads, and to no other.
    fn back(&self, lies_on: Option<Topic>, origin: String) -> Result<Decision, KeepReason> {
        // Whether its consumer reads the optional ones here, nothing tells; its dead letters may be from them.
        let mut sources =
            lies_on.into_iter().flat_map(|topic| [topic.sources(), topic.optional_sources()]).flatten();
        if !sources.any(|source| source.name(&self.settings.scope.topic_prefix) == origin) {
            Err(KeepReason::Foreign(origin))
        } else if self.topics.contains(&origin) {
            Ok(Decision::Redrive(origin))
        } else {
            Err(KeepReason::NoTopic(origin))
        }
    }

    /// The events of a body that ingest could not read. Where a part of it still cannot be read it stays: the events of
    /// the rest were published when it came.
    fn split_again(&self, record: &Record) -> Result<Vec<Typed>, KeepReason> {
        let receipt = raw::receipt(|name| record.header(name)).ok_or(KeepReason::NoOrigin)?;
        let split = self.settings.event_limits.split(record.value.as_deref().unwrap_or_default());
        if let Some(refusal) = split.refusal {
            return Err(KeepReason::StillRefused(Refusal::as_str(refusal)));
        }
        let typed = |event| Typed::of(event, receipt, &self.settings.scope.topic_prefix);
        Ok(split.events.iter().map(typed).collect())
    }
}

/// The record as it was before it died, with what is [`KEPT`].
pub(super) fn outgoing<'a>(record: &'a Record, topic: &'a str) -> OutgoingRecord<'a> {
    let is_kept = |name: &str| !name.starts_with(header::PREFIX) || KEPT.contains(&name);
    let headers = record.headers.iter().filter(|(name, _)| is_kept(name));
    OutgoingRecord {
        topic,
        key: record.key.as_deref(),
        value: record.value.as_deref(),
        headers: headers.map(|(name, value)| (name.as_str(), value.as_deref())).collect(),
    }
}

#[cfg(test)]
mod tests;
