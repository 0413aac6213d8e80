//! What lies on a topic, and what is promised of it, in words.

use schemas::{EventKind, Holds, KeyRule, Kind, Topic, TopicSpec};

/// The prefix that documents show.
pub(crate) const PREFIX: &str = "meta";

/// A sort of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// A delivery, byte for byte.
    Delivery,
    /// A typed event.
    Event(EventKind),
    /// A typed event with what the Graph API said.
    Enriched(Kind),
    /// What is normalised, on this topic.
    Inbox(Topic),
    /// Who a customer is.
    Profile,
    /// What became of an attachment.
    Media,
    /// A reply command.
    Reply,
    /// What became of a command.
    ReplyResult,
    /// A record that could not be handled, on this topic.
    DeadLetter(Topic),
}

impl Content {
    /// Every sort of record on a topic.
    pub(crate) fn of(topic: Topic) -> Vec<Self> {
        match topic.spec().holds {
            Holds::Bodies => vec![Self::Delivery],
            Holds::Events if topic == Topic::Standby => events(Kind::comes_on_standby, true),
            Holds::Events => events(|kind| topic_of(kind) == topic, false),
            Holds::Inbox => vec![Self::Inbox(topic)],
            Holds::Enriched => kinds_of(source(topic)).map(Self::Enriched).collect(),
            Holds::Profiles => vec![Self::Profile],
            Holds::Media => vec![Self::Media],
            Holds::Commands => vec![Self::Reply],
            Holds::Results => vec![Self::ReplyResult],
            Holds::RefusedBodies | Holds::DeadLetters => vec![Self::DeadLetter(topic)],
        }
    }

    /// A name that no other sort has.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Delivery => "delivery".to_owned(),
            Self::Event(kind) => kind.to_string(),
            Self::Enriched(kind) => format!("{}.enriched", kind.as_str()),
            Self::Inbox(topic) => topic.spec().suffix.trim_end_matches(".v1").to_owned(),
            Self::Profile => "profile".to_owned(),
            Self::Media => "media".to_owned(),
            Self::Reply => "reply".to_owned(),
            Self::ReplyResult => "reply.result".to_owned(),
            Self::DeadLetter(topic) => {
                format!("dead_letter.{}", topic.spec().suffix.split('.').next().unwrap_or_default())
            }
        }
    }

    /// What it says, in a sentence.
    pub(crate) fn about(self) -> String {
        match self {
            Self::Delivery => "The exact body of one POST of Meta's, whose signature was proven.".to_owned(),
            Self::Event(EventKind { kind, standby: false }) => sentence(kind.about()),
            Self::Event(EventKind { kind, standby: true }) => {
                format!("While another app owns the thread: {}.", kind.about())
            }
            Self::Enriched(kind) => {
                format!("The event `{}` as it came, with what the Graph API said in `lookup`.", kind.as_str())
            }
            Self::Inbox(Topic::InboxReceipts) => {
                "What was read and delivered, in the shape of the inbox, each event once.".to_owned()
            }
            Self::Inbox(Topic::InboxComments) => {
                "A comment or mention in the shape of the inbox, each event once.".to_owned()
            }
            Self::Inbox(_) => "A message, reaction, postback, referral, cart, opt-in or change of thread control in one shape for \
                               all channels, each event once."
                .to_owned(),
            Self::Profile => "Who a customer is, as the account may know; no value erases it.".to_owned(),
            Self::Media => "What became of one link of an event: saved where, or why not.".to_owned(),
            Self::Reply => "A reply command: what, to whom or under which post, and until when.".to_owned(),
            Self::ReplyResult => "What became of a command: before it is carried out, and after.".to_owned(),
            Self::DeadLetter(Topic::IngestDlq) => {
                "A body that is no delivery, as it was, with the reason in headers beside those of a delivery.".to_owned()
            }
            Self::DeadLetter(_) => {
                "A record as it was, value, key and headers, with the reason in headers beside its own.".to_owned()
            }
        }
    }
}

fn events(is_there: impl Fn(Kind) -> bool, standby: bool) -> Vec<Content> {
    let kinds = Kind::ALL.into_iter().filter(|kind| is_there(*kind));
    kinds.map(|kind| Content::Event(EventKind { kind, standby })).collect()
}

fn kinds_of(topic: Topic) -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(move |kind| topic_of(*kind) == topic)
}

/// The topic whose events an enriched topic has.
pub(crate) fn source(enriched: Topic) -> Topic {
    if enriched == Topic::CommentsEnriched { Topic::Comments } else { Topic::Mentions }
}

/// The topic of a kind that did not come on the standby channel.
pub(crate) fn topic_of(kind: Kind) -> Topic {
    EventKind { kind, standby: false }.topic()
}

/// What is promised of the order of a topic's records.
pub(crate) const fn order(topic: Topic) -> &'static str {
    match topic.spec().key {
        // Made of several topics, which their consumer reads each by itself.
        KeyRule::AccountUser if matches!(topic, Topic::Inbox | Topic::InboxReceipts) => {
            "per conversation: the records of one account and one user, as they were received; but while weir-messages catches up, \
             those of the standby channel may come before or behind the others, so order by `received_at`, or `occurred_at`"
        }
        KeyRule::AccountMediaOrPost => {
            "per post: the comments on one media or post of one account, as they were received, and so its mentions; but while \
             weir-messages catches up, the ones may come before or behind the others, so order by `received_at`, or `occurred_at`"
        }
        KeyRule::None => "none but that of time: deliveries are spread over the partitions",
        KeyRule::AccountUser => {
            "per conversation: the records of one account and one user, as they were received"
        }
        KeyRule::AccountMedia => "per post: the records of one account and one media, as they were received",
        KeyRule::AccountPost => "per post: the records of one page and one post, as they were received",
        KeyRule::Account => "per account: its records, as they were received",
        KeyRule::AccountUserOrMedia => "per conversation or post: one after the other",
        KeyRule::Original => "that of the records that could not be handled",
    }
}

/// How long records are kept.
pub(crate) fn kept(spec: &TopicSpec) -> String {
    const DAY: u64 = 24 * 60 * 60;
    spec.retention
        .map_or_else(|| "the latest of each key".to_owned(), |kept| format!("{} days", kept.as_secs() / DAY))
}

/// `words` with a capital and a full stop.
pub(crate) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
