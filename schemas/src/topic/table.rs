//! The table of topics: a row each.

use super::{Holds, KeyRule, MessageSize, TopicSpec};
use std::time::Duration;

/// Declares the topics: what each holds, the name without the prefix, the key, for how many days records are kept (0: the
/// latest of each key for ever), how large they may be, and what it carries.
macro_rules! topics {
    ($($topic:ident: $holds:ident = $suffix:literal, $key:ident, $days:literal, $size:ident, $carries:literal;)*) => {
        /// A topic of the pipeline. Its full name is `{prefix}.{suffix}`, for instance `meta.messages.v1`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, enum_map::Enum)]
        pub enum Topic {
            $(#[doc = $carries] $topic,)*
        }

        impl Topic {
            /// Every topic, in the order of the table.
            pub const ALL: [Self; [$($suffix),*].len()] = [$(Self::$topic,)*];

            /// The topic's row of the table.
            pub const fn spec(self) -> TopicSpec {
                match self {
                    $(Self::$topic => TopicSpec {
                        suffix: $suffix,
                        key: KeyRule::$key,
                        retention: kept($days),
                        size: MessageSize::$size,
                        holds: Holds::$holds,
                        carries: $carries,
                    },)*
                }
            }
        }
    };
}

const fn kept(days: u64) -> Option<Duration> {
    if days == 0 { None } else { Some(Duration::from_secs(days * 24 * 60 * 60)) }
}

topics! {
    Raw: Bodies = "webhooks.raw.v1", None, 30, Body, "one record a delivery: the exact body";
    Messages: Events = "messages.v1", AccountUser, 7, Body, "messages, echoes, edits, unsends, reactions, postbacks, referrals, opt-ins, orders, thread control";
    Standby: Events = "standby.v1", AccountUser, 7, Body, "the same kinds while another app owns the thread";
    Receipts: Events = "receipts.v1", AccountUser, 2, Body, "read, seen, delivered";
    Comments: Events = "comments.v1", AccountMedia, 7, Body, "comments, live comments";
    Mentions: Events = "mentions.v1", AccountMedia, 7, Body, "mentions in comments and captions";
    Insights: Events = "insights.v1", AccountMedia, 7, Body, "story insights";
    Feed: Events = "feed.v1", AccountPost, 7, Body, "page feed, page mentions, ratings, lead forms";
    Account: Events = "account.v1", Account, 7, Body, "policy enforcement, app roles, template status";
    Unknown: Events = "unknown.v1", Account, 30, Body, "whatever has no kind yet";
    Inbox: Inbox = "inbox.v1", AccountUser, 7, Body, "normalised, deduplicated messages, and what decides whether one may answer";
    InboxReceipts: Inbox = "inbox.receipts.v1", AccountUser, 2, Body, "read and delivered in the normalised form";
    InboxComments: Inbox = "inbox.comments.v1", AccountMediaOrPost, 7, Body, "comments and mentions in the normalised form";
    Profiles: Profiles = "profiles.v1", AccountUser, 0, KafkaDefault, "name, username and picture of each customer who wrote";
    Media: Media = "media.v1", AccountUserOrMedia, 30, KafkaDefault, "what became of each attachment: saved where, or why not";
    CommentsEnriched: Enriched = "comments.enriched.v1", AccountMedia, 7, Body, "comments with what the Graph API said";
    MentionsEnriched: Enriched = "mentions.enriched.v1", AccountMedia, 7, Body, "mentions with what the Graph API said";
    Replies: Commands = "replies.v1", AccountUserOrMedia, 7, KafkaDefault, "commands to answer";
    RepliesResults: Results = "replies.results.v1", AccountUserOrMedia, 7, KafkaDefault, "what became of the commands";
    IngestDlq: RefusedBodies = "ingest.dlq.v1", Original, 30, Body, "bodies that ingest could not read";
    MessagesDlq: DeadLetters = "messages.dlq.v1", Original, 30, Body, "records that weir-messages could not handle";
    LookupsDlq: DeadLetters = "lookups.dlq.v1", Original, 30, Body, "records that weir-lookups could not handle";
    MetricsDlq: DeadLetters = "metrics.dlq.v1", Original, 30, Body, "records that weir-metrics could not handle";
    RepliesDlq: DeadLetters = "replies.dlq.v1", Original, 30, Body, "records that weir-replies could not handle";
    MediaDlq: DeadLetters = "media.dlq.v1", Original, 30, Body, "records that weir-media could not handle";
}
