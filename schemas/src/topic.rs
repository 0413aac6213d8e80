//! The one table of topics: name, key, retention, size, and what each carries.

use std::fmt;
use std::time::Duration;

/// A topic of the pipeline. Its full name is `{prefix}.{suffix}`, for instance `meta.messages.v1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// The exact bodies of all deliveries.
    Raw,
    /// Messages and what belongs to conversations.
    Messages,
    /// The same kinds while another app owns the thread.
    Standby,
    /// Read and delivery receipts.
    Receipts,
    /// Comments on the account's media.
    Comments,
    /// Mentions of the account by others.
    Mentions,
    /// Figures of expired stories.
    Insights,
    /// Page feed, page mentions, ratings, leads.
    Feed,
    /// What concerns the account itself.
    Account,
    /// Whatever has no kind yet.
    Unknown,
    /// Normalised messages.
    Inbox,
    /// Comments with what the Graph API said.
    CommentsEnriched,
    /// Mentions with what the Graph API said.
    MentionsEnriched,
    /// Commands to answer.
    Replies,
    /// What became of the commands.
    RepliesResults,
    /// Bodies that ingest could not read.
    IngestDlq,
    /// Records that the messages consumer could not handle.
    MessagesDlq,
    /// Records that the lookups consumer could not handle.
    LookupsDlq,
    /// Records that the metrics consumer could not handle.
    MetricsDlq,
    /// Records that the replies consumer could not handle.
    RepliesDlq,
}

/// What a topic's records are keyed by: records of one key keep their order.
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
    /// `{account}:{user}` or `{account}:{media}`, whatever the command answers.
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
            Self::AccountUserOrMedia => "{account}:{user} or {account}:{media}",
            Self::Original => "original key",
        })
    }
}

/// How large a record of a topic may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageSize {
    /// Carries Meta's bytes: up to the body cap of ingest plus [`TopicSpec::ENVELOPE_BYTES`].
    Body,
    /// Kafka's default of 1 MiB is enough.
    KafkaDefault,
}

/// What one topic is made with.
#[derive(Clone, Copy, Debug)]
pub struct TopicSpec {
    /// The part of the name after the prefix, with the major version last.
    pub suffix: &'static str,
    /// What its records are keyed by.
    pub key: KeyRule,
    /// How long its records are kept; the cleanup policy of all topics is `delete`.
    pub retention: Duration,
    /// How large its records may be.
    pub size: MessageSize,
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

    /// The topic's `max.message.bytes` for a cap of `body_bytes`; `None` leaves Kafka's default.
    pub fn max_message_bytes(&self, body_bytes: u64) -> Option<u64> {
        match self.size {
            MessageSize::Body => Some(body_bytes + Self::ENVELOPE_BYTES),
            MessageSize::KafkaDefault => None,
        }
    }
}

impl Topic {
    /// Every topic, in the order of the reference table.
    pub const ALL: [Self; 20] = [
        Self::Raw,
        Self::Messages,
        Self::Standby,
        Self::Receipts,
        Self::Comments,
        Self::Mentions,
        Self::Insights,
        Self::Feed,
        Self::Account,
        Self::Unknown,
        Self::Inbox,
        Self::CommentsEnriched,
        Self::MentionsEnriched,
        Self::Replies,
        Self::RepliesResults,
        Self::IngestDlq,
        Self::MessagesDlq,
        Self::LookupsDlq,
        Self::MetricsDlq,
        Self::RepliesDlq,
    ];

    /// The topics that ingest writes.
    pub const OF_INGEST: [Self; 11] = [
        Self::Raw,
        Self::Messages,
        Self::Standby,
        Self::Receipts,
        Self::Comments,
        Self::Mentions,
        Self::Insights,
        Self::Feed,
        Self::Account,
        Self::Unknown,
        Self::IngestDlq,
    ];

    /// The topics of typed events.
    pub const TYPED: [Self; 9] = [
        Self::Messages,
        Self::Standby,
        Self::Receipts,
        Self::Comments,
        Self::Mentions,
        Self::Insights,
        Self::Feed,
        Self::Account,
        Self::Unknown,
    ];

    /// The full name, for instance `meta.messages.v1`.
    pub fn name(self, prefix: &str) -> String {
        format!("{prefix}.{}", self.spec().suffix)
    }

    /// The topic's row of the table.
    #[rustfmt::skip] // A table reads best as a table.
    pub const fn spec(self) -> TopicSpec {
        use KeyRule::{Account, AccountMedia, AccountPost, AccountUser, AccountUserOrMedia, None, Original};
        use MessageSize::{Body, KafkaDefault};
        match self {
            Self::Raw => row("webhooks.raw.v1", None, 30, Body, "one record a delivery: the exact body"),
            Self::Messages => row("messages.v1", AccountUser, 7, Body, "messages, echoes, edits, unsends, reactions, postbacks, referrals, opt-ins, orders, thread control"),
            Self::Standby => row("standby.v1", AccountUser, 7, Body, "the same kinds while another app owns the thread"),
            Self::Receipts => row("receipts.v1", AccountUser, 2, Body, "read, seen, delivered"),
            Self::Comments => row("comments.v1", AccountMedia, 7, Body, "comments, live comments"),
            Self::Mentions => row("mentions.v1", AccountMedia, 7, Body, "mentions in comments and captions"),
            Self::Insights => row("insights.v1", AccountMedia, 7, Body, "story insights"),
            Self::Feed => row("feed.v1", AccountPost, 7, Body, "page feed, page mentions, ratings, lead forms"),
            Self::Account => row("account.v1", Account, 7, Body, "policy enforcement, app roles, template status"),
            Self::Unknown => row("unknown.v1", Account, 30, Body, "whatever has no kind yet"),
            Self::Inbox => row("inbox.v1", AccountUser, 7, Body, "normalised, deduplicated messages"),
            Self::CommentsEnriched => row("comments.enriched.v1", AccountMedia, 7, Body, "comments with what the Graph API said"),
            Self::MentionsEnriched => row("mentions.enriched.v1", AccountMedia, 7, Body, "mentions with what the Graph API said"),
            Self::Replies => row("replies.v1", AccountUserOrMedia, 7, KafkaDefault, "commands to answer"),
            Self::RepliesResults => row("replies.results.v1", AccountUserOrMedia, 7, KafkaDefault, "what became of the commands"),
            Self::IngestDlq => row("ingest.dlq.v1", Original, 30, Body, "bodies that ingest could not read"),
            Self::MessagesDlq => row("messages.dlq.v1", Original, 30, Body, "records that weir-messages could not handle"),
            Self::LookupsDlq => row("lookups.dlq.v1", Original, 30, Body, "records that weir-lookups could not handle"),
            Self::MetricsDlq => row("metrics.dlq.v1", Original, 30, Body, "records that weir-metrics could not handle"),
            Self::RepliesDlq => row("replies.dlq.v1", Original, 30, Body, "records that weir-replies could not handle"),
        }
    }
}

const fn row(
    suffix: &'static str,
    key: KeyRule,
    days: u64,
    size: MessageSize,
    carries: &'static str,
) -> TopicSpec {
    TopicSpec { suffix, key, retention: Duration::from_secs(days * 24 * 60 * 60), size, carries }
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
    }

    #[test]
    fn topics_that_carry_bodies_have_room_for_them() {
        let raw = Topic::Raw.spec().max_message_bytes(TopicSpec::DEFAULT_BODY_BYTES);
        assert_eq!(raw, Some(5 * 1024 * 1024));
        assert_eq!(Topic::Replies.spec().max_message_bytes(1), None);
    }
}
