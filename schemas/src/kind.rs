//! The kinds of events: a closed set of what is known, and `unknown` for the rest.

mod about;
mod event_kind;

pub use event_kind::{EventKind, UnknownKind};

use crate::topic::Topic;

/// What one item of a delivery is, by Meta's discriminating member or field name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A customer mentioned the account in a story.
    StoryMention,
    /// A customer unsent a message.
    MessageDeleted,
    /// A message of a sort that Meta does not pass on (a poll, a shared profile, …).
    MessageUnsupported,
    /// A message that the account itself sent, from whatever tool.
    MessageEcho,
    /// A message of a customer.
    Message,
    /// A message was edited; for new Instagram messages Meta sends one with `num_edit` 0.
    MessageEdited,
    /// A customer reacted to a message.
    ReactionAdded,
    /// A customer took a reaction back.
    ReactionRemoved,
    /// A customer tapped an icebreaker, a persistent menu item or a template's button.
    Postback,
    /// A customer came through an ig.me or m.me link, or an ad.
    Referral,
    /// A customer opted in to messages.
    Optin,
    /// A customer linked or unlinked an account.
    AccountLinking,
    /// A round of an Instant Game was played.
    GamePlay,
    /// A customer answered a feedback form.
    Feedback,
    /// A customer rated an answer.
    ResponseFeedback,
    /// A customer sent a cart.
    Order,
    /// A customer paid with the buy button of old.
    Payment,
    /// A customer chose where the buy button of old sends the goods.
    CheckoutUpdate,
    /// A customer is about to pay with the buy button of old.
    PreCheckout,
    /// A customer did something with an effect of the branded camera of old.
    BrandedCamera,
    /// Control of a thread passed to another app.
    ThreadPassed,
    /// Control of a thread was taken.
    ThreadTaken,
    /// Control of a thread was requested.
    ThreadRequested,
    /// Metadata passed between apps of a thread.
    ThreadMetadata,
    /// A message, or all up to a watermark, was read.
    ReceiptRead,
    /// Messages up to a watermark were delivered.
    ReceiptDelivered,
    /// The account was warned, blocked or unblocked.
    PolicyEnforcement,
    /// The roles of apps on the account changed.
    AppRoles,
    /// Somebody commented on the account's media.
    Comment,
    /// Somebody commented on the account's live broadcast.
    CommentLive,
    /// Somebody mentioned the account in a comment on media of others.
    MentionComment,
    /// Somebody mentioned the account in the caption of their media.
    MentionCaption,
    /// Figures of a story that expired.
    StoryInsights,
    /// A change in a page's feed.
    Feed,
    /// Somebody mentioned the page.
    PageMention,
    /// Somebody rated or recommended the page.
    Rating,
    /// Somebody filled in a lead form.
    Lead,
    /// The review status of a message template changed.
    TemplateStatus,
    /// What the dashboard's test button sent for a message in 2021.
    DashboardTest,
    /// Whatever has no kind yet.
    Unknown,
}

impl Kind {
    /// Every kind, in the order of the reference table.
    pub const ALL: [Self; 40] = [
        Self::StoryMention,
        Self::MessageDeleted,
        Self::MessageUnsupported,
        Self::MessageEcho,
        Self::Message,
        Self::MessageEdited,
        Self::ReactionAdded,
        Self::ReactionRemoved,
        Self::Postback,
        Self::Referral,
        Self::Optin,
        Self::AccountLinking,
        Self::GamePlay,
        Self::Feedback,
        Self::ResponseFeedback,
        Self::Order,
        Self::Payment,
        Self::CheckoutUpdate,
        Self::PreCheckout,
        Self::BrandedCamera,
        Self::ThreadPassed,
        Self::ThreadTaken,
        Self::ThreadRequested,
        Self::ThreadMetadata,
        Self::ReceiptRead,
        Self::ReceiptDelivered,
        Self::PolicyEnforcement,
        Self::AppRoles,
        Self::Comment,
        Self::CommentLive,
        Self::MentionComment,
        Self::MentionCaption,
        Self::StoryInsights,
        Self::Feed,
        Self::PageMention,
        Self::Rating,
        Self::Lead,
        Self::TemplateStatus,
        Self::DashboardTest,
        Self::Unknown,
    ];

    /// The kind's public name, as in a record's `type` and in `schemas/fixtures`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StoryMention => "story_mention",
            Self::MessageDeleted => "message.deleted",
            Self::MessageUnsupported => "message.unsupported",
            Self::MessageEcho => "message.echo",
            Self::Message => "message",
            Self::MessageEdited => "message.edited",
            Self::ReactionAdded => "reaction.added",
            Self::ReactionRemoved => "reaction.removed",
            Self::Postback => "postback",
            Self::Referral => "referral",
            Self::Optin => "optin",
            Self::AccountLinking => "account_linking",
            Self::GamePlay => "game_play",
            Self::Feedback => "feedback",
            Self::ResponseFeedback => "response_feedback",
            Self::Order => "order",
            Self::Payment => "payment",
            Self::CheckoutUpdate => "checkout_update",
            Self::PreCheckout => "pre_checkout",
            Self::BrandedCamera => "branded_camera",
            Self::ThreadPassed => "thread.passed",
            Self::ThreadTaken => "thread.taken",
            Self::ThreadRequested => "thread.requested",
            Self::ThreadMetadata => "thread.metadata",
            Self::ReceiptRead => "receipt.read",
            Self::ReceiptDelivered => "receipt.delivered",
            Self::PolicyEnforcement => "policy_enforcement",
            Self::AppRoles => "app_roles",
            Self::Comment => "comment",
            Self::CommentLive => "comment.live",
            Self::MentionComment => "mention.comment",
            Self::MentionCaption => "mention.caption",
            Self::StoryInsights => "story_insights",
            Self::Feed => "feed",
            Self::PageMention => "page_mention",
            Self::Rating => "rating",
            Self::Lead => "lead",
            Self::TemplateStatus => "template_status",
            Self::DashboardTest => "dashboard_test",
            Self::Unknown => "unknown",
        }
    }

    /// Whether events of it may come on the standby channel, as `standby.{kind}`: the kinds of messaging items do, those
    /// of changes do not.
    pub const fn comes_on_standby(self) -> bool {
        match self.topic() {
            Topic::Messages => !matches!(self, Self::DashboardTest),
            Topic::Account => !matches!(self, Self::TemplateStatus),
            topic => matches!(topic, Topic::Receipts | Topic::Unknown),
        }
    }

    /// The topic of this kind, for an app that owns the thread.
    pub(crate) const fn topic(self) -> Topic {
        match self {
            Self::StoryMention
            | Self::MessageDeleted
            | Self::MessageUnsupported
            | Self::MessageEcho
            | Self::Message
            | Self::MessageEdited
            | Self::ReactionAdded
            | Self::ReactionRemoved
            | Self::Postback
            | Self::Referral
            | Self::Optin
            | Self::AccountLinking
            | Self::GamePlay
            | Self::Feedback
            | Self::ResponseFeedback
            | Self::Order
            | Self::Payment
            | Self::CheckoutUpdate
            | Self::PreCheckout
            | Self::BrandedCamera
            | Self::DashboardTest
            | Self::ThreadPassed
            | Self::ThreadTaken
            | Self::ThreadRequested
            | Self::ThreadMetadata => Topic::Messages,
            Self::ReceiptRead | Self::ReceiptDelivered => Topic::Receipts,
            Self::PolicyEnforcement | Self::AppRoles | Self::TemplateStatus => Topic::Account,
            Self::Comment | Self::CommentLive => Topic::Comments,
            Self::MentionComment | Self::MentionCaption => Topic::Mentions,
            Self::StoryInsights => Topic::Insights,
            Self::Feed | Self::PageMention | Self::Rating | Self::Lead => Topic::Feed,
            Self::Unknown => Topic::Unknown,
        }
    }
}
