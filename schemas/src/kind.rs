//! The kinds of events: a closed set of what is known, and `unknown` for the rest.

pub(crate) mod classify;
mod declare;
mod event_kind;
mod subscription;
mod table;

pub use event_kind::{EventKind, UnknownKind};
pub use subscription::Subscribable;
pub(crate) use table::Item;
pub use table::Kind;

use crate::inbox::EventName;
use crate::topic::Topic;

/// What is known of a kind: its row of the table.
#[derive(Clone, Copy, Debug)]
pub struct KindSpec {
    /// Its public name, as in a record's `type` and in `schemas/fixtures`.
    pub name: &'static str,
    /// What happened, in a few words.
    pub about: &'static str,
    /// What `data` is, what tells the kind, and which page of Meta's describes it.
    pub details: &'static str,
    /// The members of a messaging item that tell it; none of a kind that a change's field tells.
    pub members: &'static [&'static str],
    /// What else of a messaging item it is known to come with.
    pub beside: &'static [&'static str],
    /// The fields of the object `page` that it comes with.
    pub page: &'static [&'static str],
    /// Those of `instagram`, which Meta names differently.
    pub instagram: &'static [&'static str],
    /// The topic for an app that owns the thread.
    pub topic: Topic,
    /// What an event of it is identified by.
    pub natural_key: NaturalKey,
    /// What its `data` is read as.
    pub data: Model,
    /// What its inbox records are called, where the item does not say more; `None` for kinds that are nothing people say or do to
    /// each other, nor decide who may answer.
    pub inbox: Option<EventName>,
    /// The fixture that shows it best.
    pub sample: &'static str,
}

/// What an event is identified by, beside object, account and kind. Where the first part is absent it is [`Self::Whole`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NaturalKey {
    /// `mid` of the member that tells the kind.
    Mid,
    /// `mid` and `num_edit`.
    Edit,
    /// `mid`, the user and the item's timestamp as sent.
    Reaction,
    /// `mid`, or else as [`Self::Watermark`].
    Read,
    /// The watermark and the user.
    Watermark,
    /// A comment's `id`, or else its `comment_id`.
    Comment,
    /// `media_id` and `comment_id`.
    Mention,
    /// `media_id`.
    Media,
    /// The bytes of `data` and the entry's time as sent.
    Whole,
}

/// The model of [`data`](crate::data) that an event's `data` is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// An item of a conversation: every kind on the topics of messages and receipts, `policy_enforcement`, `app_roles`.
    Messaging,
    /// Kinds `comment` and `comment.live`.
    Comment,
    /// Kinds `mention.comment` and `mention.caption`.
    Mention,
    /// Kind `story_insights`.
    StoryInsights,
    /// Kind `feed`.
    Feed,
    /// Kind `page_mention`.
    PageMention,
    /// Kind `rating`.
    Rating,
    /// Kind `lead`.
    Lead,
    /// Kind `template_status`.
    TemplateStatus,
    /// Kind `dashboard_test`.
    DashboardTest,
    /// Kind `unknown`, which has no model: any JSON, as Meta sent it. Of a change the whole of it, `field` and `value` and what
    /// is beside them; of an entry without a known carrier the entry; of `changed_fields` the name.
    Unknown,
}

impl Kind {
    /// The kind's public name, as in a record's `type` and in `schemas/fixtures`.
    pub const fn as_str(self) -> &'static str {
        self.spec().name
    }

    /// What happened, in a few words: for lists and documents.
    pub const fn about(self) -> &'static str {
        self.spec().about
    }

    /// Whether events of it may come on the standby channel, as `standby.{kind}`: the kinds of messaging items do, those
    /// of changes do not.
    pub const fn comes_on_standby(self) -> bool {
        matches!(self.spec().data, Model::Messaging | Model::Unknown)
    }
}
