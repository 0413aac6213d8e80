//! The table of topics: a row each. What else a new one needs: "Add what Meta sends" in CONTRIBUTING.md.

use super::{Holds, KeyRule, TopicSpec};
use std::time::Duration;

/// Declares the topics: what each holds, the name without the prefix, the key, for how many days records are kept (0: the
/// latest of each key for ever), and what it carries.
macro_rules! topics {
    ($($topic:ident: $holds:ident = $suffix:literal, $key:ident, $days:literal, $carries:literal;)*) => {
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
    Raw: Bodies = "webhooks.raw.v1", None, 30, "one record a delivery: the exact body";
    Messages: Events = "messages.v1", AccountUser, 7, "messages, echoes, edits, unsends, reactions, postbacks, referrals, opt-ins, orders, thread control";
    Standby: Events = "standby.v1", AccountUser, 7, "the same kinds while another app owns the thread";
    Receipts: Events = "receipts.v1", AccountUser, 2, "read, seen, delivered";
    Comments: Events = "comments.v1", AccountMedia, 7, "comments, live comments";
    Mentions: Events = "mentions.v1", AccountMedia, 7, "mentions in comments and captions";
    Insights: Events = "insights.v1", AccountMedia, 7, "story insights";
    Feed: Events = "feed.v1", AccountPost, 7, "page feed, page mentions, ratings, lead forms";
    Account: Events = "account.v1", Account, 7, "policy enforcement, app roles, template status";
    Unknown: Events = "unknown.v1", Account, 30, "whatever has no kind yet";
    Inbox: Inbox = "inbox.v1", AccountUser, 7, "normalised, deduplicated messages, and what decides whether one may answer";
    InboxReceipts: Inbox = "inbox.receipts.v1", AccountUser, 2, "read and delivered in the normalised form";
    InboxComments: Inbox = "inbox.comments.v1", AccountMediaOrPost, 7, "comments and mentions in the normalised form";
    Profiles: Profiles = "profiles.v1", AccountUser, 0, "name, username and picture of each customer who wrote";
    Media: Media = "media.v1", AccountUserOrMedia, 30, "what became of each attachment: saved where, or why not";
    CommentsEnriched: Enriched = "comments.enriched.v1", AccountMedia, 7, "comments with what the Graph API said";
    MentionsEnriched: Enriched = "mentions.enriched.v1", AccountMedia, 7, "mentions with what the Graph API said";
    Replies: Commands = "replies.v1", AccountUserOrMedia, 7, "reply commands";
    RepliesResults: Results = "replies.results.v1", AccountUserOrMedia, 7, "what became of the commands";
    IngestDlq: RefusedBodies = "ingest.dlq.v1", Original, 30, "bodies that ingest could not read";
    MessagesDlq: DeadLetters = "messages.dlq.v1", Original, 30, "records that weir-messages could not handle";
    LookupsDlq: DeadLetters = "lookups.dlq.v1", Original, 30, "records that weir-lookups could not handle";
    MetricsDlq: DeadLetters = "metrics.dlq.v1", Original, 30, "records that weir-metrics could not handle";
    RepliesDlq: DeadLetters = "replies.dlq.v1", Original, 30, "records that weir-replies could not handle";
    MediaDlq: DeadLetters = "media.dlq.v1", Original, 30, "records that weir-media could not handle";
}
