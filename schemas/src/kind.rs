//! The kinds of events: a closed set of what is known, and `unknown` for the rest.

use crate::topic::Topic;
use std::fmt;
use std::str::FromStr;

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

    /// What happened, in a few words: for lists and documents.
    pub const fn about(self) -> &'static str {
        match self {
            Self::StoryMention => "a customer mentioned the account in a story",
            Self::MessageDeleted => "a customer unsent a message",
            Self::MessageUnsupported => "a message of a sort that Meta does not pass on",
            Self::MessageEcho => "a message that the account itself sent",
            Self::Message => "a message of a customer",
            Self::MessageEdited => "a message was edited",
            Self::ReactionAdded => "a customer reacted to a message",
            Self::ReactionRemoved => "a customer took a reaction back",
            Self::Postback => "a customer tapped an icebreaker, a menu item or a template's button",
            Self::Referral => "a customer came through an ig.me or m.me link, or an ad",
            Self::Optin => "a customer opted in to messages",
            Self::AccountLinking => "a customer linked or unlinked an account",
            Self::GamePlay => "a round of an Instant Game was played",
            Self::Feedback => "a customer answered a feedback form",
            Self::ResponseFeedback => "a customer rated an answer",
            Self::Order => "a customer sent a cart",
            Self::Payment => "a customer paid with Messenger's buy button of old",
            Self::CheckoutUpdate => "a customer chose an address with Messenger's buy button of old",
            Self::PreCheckout => "a customer is about to pay with Messenger's buy button of old",
            Self::BrandedCamera => {
                "a customer did something with an effect of Messenger's branded camera of old"
            }
            Self::ThreadPassed => "control of a thread passed to another app",
            Self::ThreadTaken => "control of a thread was taken",
            Self::ThreadRequested => "control of a thread was requested",
            Self::ThreadMetadata => "metadata passed between the apps of a thread",
            Self::ReceiptRead => "a message, or all up to a watermark, was read",
            Self::ReceiptDelivered => "messages up to a watermark were delivered",
            Self::PolicyEnforcement => "the account was warned, blocked or unblocked",
            Self::AppRoles => "the roles of apps on the account changed",
            Self::Comment => "somebody commented on the account's media",
            Self::CommentLive => "somebody commented on the account's live broadcast",
            Self::MentionComment => "somebody mentioned the account in a comment on media of others",
            Self::MentionCaption => "somebody mentioned the account in the caption of their media",
            Self::StoryInsights => "figures of a story that expired",
            Self::Feed => "a change in a page's feed",
            Self::PageMention => "somebody mentioned the page",
            Self::Rating => "somebody rated or recommended the page",
            Self::Lead => "somebody filled in a lead form",
            Self::TemplateStatus => "the review status of a message template changed",
            Self::DashboardTest => "what the dashboard's test button sent for a message in 2021",
            Self::Unknown => "whatever has no kind yet",
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

/// A kind, and whether another app owned the thread when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventKind {
    /// What the item is.
    pub kind: Kind,
    /// Whether it came on the standby channel: to be seen, not to be answered.
    pub standby: bool,
}

impl EventKind {
    /// The topic that carries it: the standby channel has one of its own, so that no bot answers by mistake.
    pub const fn topic(self) -> Topic {
        if self.standby { Topic::Standby } else { self.kind.topic() }
    }

    /// `standby.` or nothing: what stands before the kind's name.
    pub(crate) const fn prefix(self) -> &'static str {
        if self.standby { "standby." } else { "" }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.prefix())?;
        formatter.write_str(self.kind.as_str())
    }
}

/// A kind's name that this version does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownKind;

impl FromStr for EventKind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        let (standby, name) = name.strip_prefix("standby.").map_or((false, name), |bare| (true, bare));
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or(UnknownKind)?;
        Ok(Self { kind, standby })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for kind in Kind::ALL {
            for standby in [false, true] {
                let kind = EventKind { kind, standby };
                assert_eq!(kind.to_string().parse(), Ok(kind));
            }
        }
        assert_eq!("telepathy".parse::<EventKind>(), Err(UnknownKind));
    }

    #[test]
    fn the_standby_channel_has_a_topic_of_its_own() {
        for kind in Kind::ALL {
            assert_eq!(EventKind { kind, standby: true }.topic(), Topic::Standby);
            assert_ne!(EventKind { kind, standby: false }.topic(), Topic::Standby);
        }
    }
}
