//! What becomes of a dead letter. Pure.

use super::dead_letter::DeadLetter;
use crate::kafka::sink::OutgoingRecord;
use crate::kafka::typed::Typed;
use runtime::consumer::Record;
use runtime::kafka::dead_letter::{RetryHistory, header};
use schemas::{Refusal, Topic, raw};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

/// The oldest that a command to answer may be with any `--reply-max-age`.
const OLDEST_COMMAND: Duration = Duration::from_hours(6 * 24);
/// Why a command died that can never be carried out: it has its result, or no id that one could be of.
const OF_NO_USE: [&str; 4] = ["unreadable", "unknown_action", "bad_command", "wrong_key"];

/// What a dead letter's fate depends on beside itself.
#[derive(Clone, Debug)]
pub(super) struct Rules<'a> {
    /// The topics of the cluster.
    pub(super) topics: &'a BTreeSet<String>,
    pub(super) topic_prefix: &'a str,
    pub(super) max_attempts: u32,
    pub(super) max_events: usize,
    pub(super) now: SystemTime,
}

/// What becomes of a dead letter, or would.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// It goes back to this topic.
    Back(String),
    /// It is a body, and its events are published.
    Published,
    /// It was put back before.
    Before,
    /// It stays.
    Stays(StayReason),
}

/// Why a dead letter stays where it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(super) enum StayReason {
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
    #[error("a command that is too old for an answer")]
    TooLate,
}

impl Rules<'_> {
    /// Decides on a dead letter that was not put back yet: its fate, and the events of a body.
    pub(super) fn decide(
        &self,
        record: &Record,
        dead_letter: &DeadLetter,
    ) -> Result<(Fate, Vec<Typed>), StayReason> {
        if dead_letter.attempts >= self.max_attempts {
            return Err(StayReason::TooOften(self.max_attempts));
        }
        let lies_on = Topic::named(&record.topic, self.topic_prefix);
        if lies_on == Some(Topic::RepliesDlq)
            && let Some(stays) = self.never_succeeds(record, dead_letter)
        {
            return Err(stays);
        }
        match &dead_letter.origin {
            Some(origin) => Ok((self.back(lies_on, origin.topic.clone())?, Vec::new())),
            None if lies_on == Some(Topic::IngestDlq) => Ok((Fate::Published, self.split_again(record)?)),
            None => Err(StayReason::NoOrigin),
        }
    }

    /// Why weir-replies would refuse the command again.
    fn never_succeeds(&self, record: &Record, dead_letter: &DeadLetter) -> Option<StayReason> {
        if OF_NO_USE.contains(&dead_letter.reason.as_str()) {
            return Some(StayReason::NoCommand(dead_letter.reason.clone()));
        }
        let history = RetryHistory::read(|name| record.header(name));
        let age = self.now.duration_since(history.oldest()?).unwrap_or_default();
        (age > OLDEST_COMMAND).then_some(StayReason::TooLate)
    }

    /// Its headers are the word of whoever may write dead letters: it goes back to a topic that the consumer of this
    /// topic of dead letters reads, and to no other.
    fn back(&self, lies_on: Option<Topic>, origin: String) -> Result<Fate, StayReason> {
        // Whether its consumer reads the optional ones here, nothing tells; its dead letters may be from them.
        let mut sources =
            lies_on.into_iter().flat_map(|topic| [topic.sources(), topic.optional_sources()]).flatten();
        if !sources.any(|source| source.name(self.topic_prefix) == origin) {
            Err(StayReason::Foreign(origin))
        } else if self.topics.contains(&origin) {
            Ok(Fate::Back(origin))
        } else {
            Err(StayReason::NoTopic(origin))
        }
    }

    /// The events of a body that ingest could not read. Where a part of it still cannot be read it stays: the events of
    /// the rest were published when it came.
    fn split_again(&self, record: &Record) -> Result<Vec<Typed>, StayReason> {
        let receipt = raw::receipt(|name| record.header(name)).ok_or(StayReason::NoOrigin)?;
        let split = schemas::split(record.value.as_deref().unwrap_or_default(), self.max_events);
        if let Some(refusal) = split.refusal {
            return Err(StayReason::StillRefused(Refusal::as_str(refusal)));
        }
        let name = |topic: Topic| topic.name(self.topic_prefix);
        Ok(split.events.iter().map(|event| Typed::of(event, receipt, name)).collect())
    }
}

/// The record as it was before it died; who gave it up, how often it was tried, when it failed first and when it was first
/// written stay with it.
pub(super) fn outgoing<'a>(record: &'a Record, topic: &'a str) -> OutgoingRecord<'a> {
    let kept = |name: &str| {
        !name.starts_with(header::PREFIX)
            || matches!(
                name,
                header::CONSUMER | header::ATTEMPTS | header::FIRST_FAILED | header::FIRST_WRITTEN
            )
    };
    let headers = record.headers.iter().filter(|(name, _)| kept(name));
    OutgoingRecord {
        topic,
        key: record.key.as_deref(),
        value: record.value.as_deref(),
        headers: headers.map(|(name, value)| (name.as_str(), value.as_deref())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::dead_letter::tests::record;
    use super::*;

    const BODY: &[u8] = include_bytes!("../../../schemas/fixtures/message/text.json");

    fn decide(record: &Record) -> Result<(Fate, Vec<Typed>), StayReason> {
        let topics = [
            "meta.comments.v1",
            "meta.feed.v1",
            "meta.messages.v1",
            "meta.replies.v1",
            "meta.webhooks.raw.v1",
            "meta.inbox.v1",
        ];
        let topics = topics.map(str::to_owned).into();
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_569_262_500_123);
        let rules = Rules { topics: &topics, topic_prefix: "meta", max_attempts: 20, max_events: 10, now };
        rules.decide(record, &DeadLetter::of(record))
    }

    /// What goes back to this topic.
    fn back(topic: &str) -> (Fate, Vec<Typed>) {
        (Fate::Back(topic.to_owned()), Vec::new())
    }

    /// A dead letter of ingest's.
    fn body(bytes: &[u8]) -> Record {
        let mut record = record(None, 1);
        let receipt =
            [("ce_id", "0198a5b0-7c1e-7d2a-9f00-1234567890ab"), ("ce_time", "2025-07-18T10:35:10.123Z")];
        record.topic = "meta.ingest.dlq.v1".into();
        record.headers.retain(|(name, _)| name.starts_with(header::PREFIX));
        record.headers.extend(receipt.map(|(name, value)| (name.to_owned(), Some(value.into()))));
        record.value = Some(bytes.to_vec());
        record
    }

    #[test]
    fn a_dead_letter_goes_back_to_its_topic_unless_that_is_gone_or_none_of_the_pipelines() {
        assert_eq!(decide(&record(Some("meta.comments.v1"), 5)), Ok(back("meta.comments.v1")));
        let of_profiles = decide(&record(Some("meta.messages.v1"), 5));
        assert_eq!(of_profiles, Ok(back("meta.messages.v1")), "weir-lookups may read it");
        let foreign = StayReason::Foreign("meta.lookups.dlq.v1".to_owned());
        assert_eq!(decide(&record(Some("meta.lookups.dlq.v1"), 5)), Err(foreign));
        let gone = StayReason::NoTopic("meta.mentions.v1".to_owned());
        assert_eq!(decide(&record(Some("meta.mentions.v1"), 5)), Err(gone));
    }

    #[test]
    fn what_the_group_of_the_feed_could_not_handle_goes_back_there() {
        let dead_letter = Record { topic: "meta.messages.dlq.v1".into(), ..record(Some("meta.feed.v1"), 5) };
        assert_eq!(decide(&dead_letter), Ok(back("meta.feed.v1")));
    }

    #[test]
    fn what_weir_lookups_may_read_no_other_consumer_does() {
        for lies_on in ["meta.replies.dlq.v1", "meta.ingest.dlq.v1"] {
            let dead_letter = Record { topic: lies_on.into(), ..record(Some("meta.messages.v1"), 5) };
            assert_eq!(decide(&dead_letter), Err(StayReason::Foreign("meta.messages.v1".to_owned())));
        }
    }

    #[test]
    fn a_dead_letter_goes_to_no_topic_that_its_consumer_does_not_read_whatever_it_says() {
        for topic in ["meta.replies.v1", "meta.webhooks.raw.v1", "meta.inbox.v1"] {
            let foreign = Err(StayReason::Foreign(topic.to_owned()));
            assert_eq!(decide(&record(Some(topic), 5)), foreign);
            let of_ingest = Record { topic: "meta.ingest.dlq.v1".into(), ..record(Some(topic), 5) };
            assert_eq!(decide(&of_ingest), foreign);
            let of_others = Record { topic: "other.replies.dlq.v1".into(), ..record(Some(topic), 5) };
            assert_eq!(decide(&of_others), foreign);
        }
    }

    /// A dead letter of weir-replies.
    fn command(change: impl Fn(&str) -> Option<&'static str>) -> Record {
        let mut record = record(Some("meta.replies.v1"), 1);
        record.topic = "meta.replies.dlq.v1".into();
        for (name, value) in &mut record.headers {
            if let Some(changed) = change(name) {
                *value = Some(changed.into());
            }
        }
        record
    }

    #[test]
    fn a_command_that_would_be_refused_again_stays() {
        assert_eq!(decide(&command(|_| None)), Ok(back("meta.replies.v1")));
        let wrong_key = command(|name| (name == header::REASON).then_some("wrong_key"));
        assert_eq!(decide(&wrong_key), Err(StayReason::NoCommand("wrong_key".to_owned())));
        let old = command(|name| (name == header::FIRST_WRITTEN).then_some("2019-09-16T18:14:45.349Z"));
        assert_eq!(decide(&old), Err(StayReason::TooLate));
    }

    #[test]
    fn a_body_is_split_among_the_dead_letters_of_ingest_alone() {
        let forged = Record { topic: "meta.lookups.dlq.v1".into(), ..body(BODY) };
        assert_eq!(decide(&forged), Err(StayReason::NoOrigin));
    }

    #[test]
    fn a_dead_letter_that_was_tried_too_often_stays() {
        assert_eq!(decide(&record(Some("meta.comments.v1"), 20)), Err(StayReason::TooOften(20)));
        assert_eq!(decide(&record(Some("meta.comments.v1"), 19)), Ok(back("meta.comments.v1")));
    }

    #[test]
    fn a_body_that_can_be_read_by_now_gives_its_events_and_another_stays() {
        assert!(matches!(decide(&body(BODY)), Ok((Fate::Published, events)) if events.len() == 1));
        assert_eq!(decide(&body(b"{")), Err(StayReason::StillRefused("not_json")));
        let partly = [b"[", BODY, b",7]"].concat();
        assert_eq!(decide(&body(&partly)), Err(StayReason::StillRefused("not_a_delivery")));
        assert_eq!(decide(&record(None, 1)), Err(StayReason::NoOrigin));
    }

    #[test]
    fn a_record_goes_back_as_it_was_with_what_it_went_through() {
        let record = record(Some("meta.comments.v1"), 5);
        let outgoing = outgoing(&record, "meta.comments.v1");
        assert_eq!((outgoing.key, outgoing.value), (Some(&b"17:42"[..]), Some(&b"{}"[..])));
        let expected: [(&str, Option<&[u8]>); 6] = [
            ("ce_id", Some(b"7")),
            ("nothing", None),
            ("weir_dlq_consumer", Some(b"weir-lookups")),
            ("weir_dlq_first_written", Some(b"2019-09-23T18:06:40.000Z")),
            ("weir_dlq_attempts", Some(b"5")),
            ("weir_dlq_first_failed", Some(b"2019-09-23T18:14:45.349Z")),
        ];
        assert_eq!(outgoing.headers, expected);
    }
}
