//! What becomes of a dead letter, by itself ([`Rules`]) and for the others of the run ([`Step`]). Pure.

use super::dead_letter::DeadLetter;
use super::settings::RedriveSettings;
use crate::kafka::{OutgoingRecord, Typed};
use runtime::consumer::Record;
use runtime::kafka::dead_letter::{RetryHistory, header};
use schemas::{Topic, raw};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};
use weir_graph::{Account, Login};
use weir_replies::command::Command;

/// The oldest that a reply command may be with any `--reply-max-age`.
const OLDEST_COMMAND: Duration = Duration::from_hours(6 * 24);
/// Why a command died that can never be carried out: it has its result, or no id that one could be of.
const OF_NO_USE: [&str; 4] = ["unreadable", "unknown_action", "bad_command", "wrong_key"];
/// Why a command died that has no result yet: it gets one once it is put back, be it that it comes too late.
const WITHOUT_RESULT: &str = "panic";

/// Why a dead letter stays of which nothing says where it came from.
const NO_ORIGIN: &str = "nothing says where it came from";
/// Why a body stays of which nothing says when and by which delivery it came.
const NO_RECEPTION: &str = "it has not the headers that ingest writes of a delivery (ce_id, ce_time)";
/// Why one stays that could not be remembered as put back.
const NO_ROOM: &str = "too many before it were left out for Kafka to keep which went back (offset.metadata.max.bytes): put those back first";
/// Why a command stays that would be refused for its age.
const TOO_LATE: &str = "a command that comes too late for an answer";

/// What stays with a record that goes back of what its dead letter says: who gave it up, how often it was tried, when it failed first
/// and when it was first written.
const CARRIED: [&str; 4] = [header::CONSUMER, header::ATTEMPTS, header::FIRST_FAILED, header::FIRST_WRITTEN];

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
    Publish,
    /// It was put back before.
    AlreadyRedriven,
    /// Another consumer gave the same record up, which goes back for both.
    Duplicate,
    /// It stays, for this reason.
    Keep(String),
}

/// What is done about a dead letter that goes back by [`Rules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// First learn what becomes of those under way: the other of its record may be refused, and with what is refused more or less can be
    /// remembered, and --limit has room again. Else one would be left out that is older than what goes back behind it.
    SettleFirst,
    /// Its record is back, or goes back, for another consumer.
    Duplicate,
    /// It is beyond --limit.
    Leave,
    /// It stays, since it cannot be remembered.
    Keep(&'static str),
    Send,
}

impl Step {
    /// By whether its record went back in this run, it can be remembered, --limit is reached, and how many are under way.
    pub(super) const fn of(is_redriven: bool, has_room: bool, is_at_limit: bool, under_way: usize) -> Self {
        // What keeps it from being sent may not be so once those under way are settled.
        if under_way > 0 && (is_redriven || !has_room || is_at_limit) {
            return Self::SettleFirst;
        }
        match (is_redriven, has_room) {
            (true, true) => Self::Duplicate,
            _ if is_at_limit => Self::Leave,
            (false, true) => Self::Send,
            (_, false) => Self::Keep(NO_ROOM),
        }
    }
}

impl Rules<'_> {
    /// Decides on a dead letter that was not put back yet, and gives the events of a body; or says why it stays.
    pub(super) fn decide(
        &self,
        record: &Record,
        dead_letter: &DeadLetter,
    ) -> Result<(Decision, Vec<Typed>), String> {
        let most = self.settings.max_attempts;
        if dead_letter.attempts >= most {
            return Err(format!("tried {most} times or more (--max-attempts)"));
        }
        let lies_on = Topic::named(&record.topic, &self.settings.scope.topic_prefix);
        if lies_on == Some(Topic::RepliesDlq)
            && let Some(stays) = self.never_succeeds(record, dead_letter)
        {
            return Err(stays);
        }
        match &dead_letter.origin {
            Some(origin) => Ok((self.back(lies_on, origin.topic.clone())?, Vec::new())),
            None if lies_on == Some(Topic::IngestDlq) => Ok((Decision::Publish, self.split_again(record)?)),
            None => Err(NO_ORIGIN.to_owned()),
        }
    }

    /// Why weir-replies would refuse the command again.
    fn never_succeeds(&self, record: &Record, DeadLetter { reason, .. }: &DeadLetter) -> Option<String> {
        if OF_NO_USE.contains(&reason.as_str()) {
            return Some(format!(
                "a command that would be refused again ({reason}): write it anew, with a new id"
            ));
        }
        let history = RetryHistory::read(|name| record.header(name));
        let age = history.oldest().and_then(|first| self.now.duration_since(first).ok()).unwrap_or_default();
        let is_of_use = reason == WITHOUT_RESULT || !self.is_over(record);
        (age > OLDEST_COMMAND || !is_of_use).then(|| TOO_LATE.to_owned())
    }

    /// Whether its own time has passed, or its window closed. Neither hangs on the login.
    fn is_over(&self, record: &Record) -> bool {
        let value = record.value.as_deref().unwrap_or_default();
        let command = Command::parse(value, |id| Account::new(id.clone(), Login::Facebook, None));
        command.is_ok_and(|command| command.expiry(self.now).is_some())
    }

    /// Its headers are the word of whoever may write dead letters: it goes back to a topic that the consumer of this
    /// topic of dead letters reads, and to no other.
    fn back(&self, lies_on: Option<Topic>, origin: String) -> Result<Decision, String> {
        // Whether its consumer reads the optional ones here, nothing tells; its dead letters may be from them.
        let mut sources =
            lies_on.into_iter().flat_map(|topic| [topic.sources(), topic.optional_sources()]).flatten();
        if !sources.any(|source| source.name(&self.settings.scope.topic_prefix) == origin) {
            Err(format!("its consumer does not read {origin}, where it says it is from"))
        } else if self.topics.contains(&origin) {
            Ok(Decision::Redrive(origin))
        } else {
            Err(format!("there is no topic {origin}"))
        }
    }

    /// The events of a body that ingest could not read. Where a part of it still cannot be read it stays: the events of
    /// the rest were published when it came.
    fn split_again(&self, record: &Record) -> Result<Vec<Typed>, String> {
        let reception = raw::reception(|name| record.header(name)).ok_or(NO_RECEPTION)?;
        let split = self.settings.event_limits.split(record.value.as_deref().unwrap_or_default());
        if let Some(refusal) = split.refusal {
            return Err(format!("a body that still cannot be read ({})", refusal.as_str()));
        }
        let typed = |event| Typed::of(event, reception, &self.settings.scope.topic_prefix);
        Ok(split.events.iter().map(typed).collect())
    }
}

/// The record as it was before it died, with its [`CARRIED`].
pub(super) fn outgoing<'a>(record: &'a Record, topic: &'a str) -> OutgoingRecord<'a> {
    let is_carried = |name: &str| !name.starts_with(header::PREFIX) || CARRIED.contains(&name);
    let headers = record.headers.iter().filter(|(name, _)| is_carried(name));
    OutgoingRecord {
        topic,
        key: record.key.as_deref(),
        value: record.value.as_deref(),
        headers: headers.collect(),
    }
}

#[cfg(test)]
mod tests;
