//! What each kind is about, in a few words.

use super::Kind;

impl Kind {
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
}
