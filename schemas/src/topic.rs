//! What is known of each topic: name, key, retention, size, and what it carries. The one table of them is `topic/table.rs`.

mod table;

pub use table::Topic;

use std::fmt;
use std::time::Duration;

/// What a topic's records are keyed by: records of one key keep their order. `{user}` is the customer of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRule {
    /// No key: spread over the partitions.
    None,
    /// `{account}:{user}`: one conversation.
    AccountUser,
    /// `{account}:{media}`: one post or story.
    AccountMedia,
    /// `{account}:{post}`: one post of a page.
    AccountPost,
    /// `{account}`.
    Account,
    /// `{account}:{media}` or, on a page, `{account}:{post}`: one post or story.
    AccountMediaOrPost,
    /// `{account}:{user}` or `{account}:{media}`, whatever the record is about.
    AccountUserOrMedia,
    /// The key of the record that could not be handled.
    Original,
}

impl fmt::Display for KeyRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None => "none",
            Self::AccountUser => "{account}:{user}",
            Self::AccountMedia => "{account}:{media}",
            Self::AccountPost => "{account}:{post}",
            Self::Account => "{account}",
            Self::AccountMediaOrPost => "{account}:{media} or {account}:{post}",
            Self::AccountUserOrMedia => "{account}:{user} or {account}:{media}",
            Self::Original => "original key",
        })
    }
}

/// What sort of records a topic holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Bodies of deliveries.
    Bodies,
    /// Typed events.
    Events,
    /// Inbox records.
    Inbox,
    /// Who customers are.
    Profiles,
    /// What became of attachments.
    Media,
    /// Typed events with what the Graph API said.
    Enriched,
    /// Reply commands.
    Commands,
    /// What became of the commands.
    Results,
    /// Bodies that ingest could not read.
    RefusedBodies,
    /// Records that a consumer could not handle.
    DeadLetters,
}

/// What one topic is made with.
#[derive(Clone, Copy, Debug)]
pub struct TopicSpec {
    /// The part of the name after the prefix, with the major version last.
    pub suffix: &'static str,
    /// What its records are keyed by.
    pub key: KeyRule,
    /// How long its records are kept; `None` for a compacted topic, which keeps the latest of each key.
    pub retention: Option<Duration>,
    /// What sort of records it holds.
    pub holds: Holds,
    /// What it carries, in a few words.
    pub carries: &'static str,
}

impl TopicSpec {
    /// Room for the envelope and headers around Meta's bytes, in bytes.
    pub const ENVELOPE_BYTES: u64 = 1024 * 1024;
    /// The cap of a webhook's body where nothing else is set, in bytes.
    pub const DEFAULT_BODY_BYTES: u64 = 4 * 1024 * 1024;
    /// How many partitions a topic gets where nothing else is set. It is part of the contract: changing it moves keys.
    pub const DEFAULT_PARTITIONS: u32 = 12;
    /// How many replicas a topic gets where nothing else is set and there are as many brokers.
    pub const DEFAULT_REPLICATION: u32 = 3;

    /// When a record must be compacted at the latest whose key has a newer one: what was erased is gone by then.
    pub const COMPACTION_LAG: Duration = Duration::from_hours(24);

    /// How Kafka cleans it up, by its settings: `cleanup.policy` and what belongs to it.
    pub fn cleanup(&self) -> [(&'static str, String); 2] {
        match self.retention {
            Some(kept) => {
                [("cleanup.policy", "delete".to_owned()), ("retention.ms", kept.as_millis().to_string())]
            }
            None => [
                ("cleanup.policy", "compact".to_owned()),
                ("max.compaction.lag.ms", Self::COMPACTION_LAG.as_millis().to_string()),
            ],
        }
    }

    /// The topic's `max.message.bytes` for a cap of `body_bytes`, where it carries Meta's bytes; for all else Kafka's default of
    /// 1 MiB, `None`, is enough.
    pub fn max_message_bytes(&self, body_bytes: u64) -> Option<u64> {
        match self.holds {
            Holds::Profiles | Holds::Media | Holds::Commands | Holds::Results => None,
            _ => Some(body_bytes + Self::ENVELOPE_BYTES),
        }
    }
}

impl Topic {
    /// The topics that ingest writes.
    pub const OF_INGEST: [Self; 11] = Self::that_hold(&[Holds::Bodies, Holds::Events, Holds::RefusedBodies]);

    /// The topics of typed events.
    pub const TYPED: [Self; 9] = Self::that_hold(&[Holds::Events]);

    /// The topics whose records end up on this topic of dead letters: those that its consumer reads.
    ///
    /// None for every other topic, and for the dead letters of ingest, which are bodies and come from no topic. Those of
    /// [`Self::optional_sources`] may come beside them.
    pub const fn sources(self) -> &'static [Self] {
        match self {
            Self::MessagesDlq => {
                &[Self::Messages, Self::Standby, Self::Receipts, Self::Comments, Self::Mentions]
            }
            Self::LookupsDlq => &[Self::Comments, Self::Mentions],
            Self::MetricsDlq => &Self::TYPED,
            Self::RepliesDlq => &[Self::Replies],
            Self::MediaDlq => &[
                Self::Messages,
                Self::Standby,
                Self::CommentsEnriched,
                Self::MentionsEnriched,
                Self::Profiles,
            ],
            _ => &[],
        }
    }

    /// The topics that the consumer of this topic of dead letters reads beside its [`Self::sources`] where it is told to: what
    /// weir-lookups reads with `--lookup-profiles on`, and a second group of weir-messages with `--input feed`.
    pub const fn optional_sources(self) -> &'static [Self] {
        match self {
            Self::MessagesDlq => &[Self::Feed],
            Self::LookupsDlq => &[Self::Messages],
            _ => &[],
        }
    }

    /// How much of a broker's disk the topic may take, in percent, whatever the age of its records: what is kept longest, and
    /// what grows only when something is wrong. None for the others: nothing that a reader has a right to is deleted early.
    pub fn disk_percent(self) -> Option<u64> {
        match self {
            Self::Raw => Some(40),
            Self::Unknown => Some(2),
            _ => matches!(self.spec().holds, Holds::RefusedBodies | Holds::DeadLetters).then_some(2),
        }
    }

    /// The topic's `retention.bytes`, which is a partition's, where each broker has a disk of so many bytes and the partitions'
    /// replicas are spread evenly.
    pub fn retention_bytes(self, disk: u64, brokers: u32, partitions: u32, replicas: u32) -> Option<u64> {
        let of_all_brokers = disk / 100 * self.disk_percent()? * u64::from(brokers.max(replicas));
        Some(of_all_brokers / (u64::from(partitions) * u64::from(replicas)).max(1))
    }

    /// The full name, for instance `meta.messages.v1`.
    pub fn name(self, prefix: &str) -> String {
        format!("{prefix}.{}", self.spec().suffix)
    }

    /// The topic of this full name.
    pub fn named(name: &str, prefix: &str) -> Option<Self> {
        let suffix = name.strip_prefix(prefix)?.strip_prefix('.')?;
        Self::ALL.into_iter().find(|topic| topic.spec().suffix == suffix)
    }

    /// The topics that hold one of `what`; no constant of another number of them compiles.
    const fn that_hold<const COUNT: usize>(what: &[Holds]) -> [Self; COUNT] {
        let mut found = [Self::Raw; COUNT];
        let (mut count, mut row) = (0, 0);
        while row < Self::ALL.len() {
            let mut wanted = 0;
            while wanted < what.len() {
                if Self::ALL[row].spec().holds as u8 == what[wanted] as u8 {
                    found[count] = Self::ALL[row];
                    count += 1;
                }
                wanted += 1;
            }
            row += 1;
        }
        assert!(count == COUNT, "the table has fewer topics of that sort");
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_topic_has_a_name_of_its_own() {
        let names: BTreeSet<_> = Topic::ALL.map(|topic| topic.name("meta")).into();
        assert_eq!(names.len(), Topic::ALL.len());
        assert!(names.contains("meta.webhooks.raw.v1"));
        assert!(Topic::ALL.iter().all(|topic| Topic::named(&topic.name("a.b"), "a.b") == Some(*topic)));
        assert_eq!(Topic::named("meta.messages.v1", "met"), None);
        assert_eq!(Topic::named("meta.messages", "meta"), None);
    }

    #[test]
    fn the_dead_letters_of_a_consumer_come_from_topics_that_are_none_themselves() {
        for topic in Topic::ALL {
            let is_of_consumer = topic.spec().holds == Holds::DeadLetters;
            assert_eq!(is_of_consumer, !topic.sources().is_empty(), "{topic:?}");
            let mut sources = topic.sources().iter().chain(topic.optional_sources());
            assert!(sources.all(|source| source.spec().key != KeyRule::Original));
        }
    }

    #[test]
    fn topics_that_carry_bodies_have_room_for_them() {
        let raw = Topic::Raw.spec().max_message_bytes(TopicSpec::DEFAULT_BODY_BYTES);
        assert_eq!(raw, Some(5 * 1024 * 1024));
        assert_eq!(Topic::Replies.spec().max_message_bytes(1), None);
    }

    #[test]
    fn what_grows_unforeseen_has_a_part_of_the_disks_and_what_is_read_has_no_bound() {
        let of = |topic: Topic, brokers, replicas| topic.retention_bytes(1_200_000, brokers, 12, replicas);
        assert_eq!(of(Topic::Raw, 3, 3), Some(40_000));
        assert_eq!(of(Topic::Raw, 6, 3), Some(80_000), "each broker has half of the replicas");
        assert_eq!(of(Topic::LookupsDlq, 1, 1), Some(2_000));
        assert_eq!(of(Topic::Messages, 3, 3), None);
    }
}
