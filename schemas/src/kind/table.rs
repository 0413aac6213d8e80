//! A row for each kind. Its columns: `declare.rs`. What else a new one needs: "Add what Meta sends" in CONTRIBUTING.md.
//!
//! An item is compared with the rows in their order, so a new one goes behind all others that its items could have (docs/adr/0020): an
//! item keeps its kind, and with it its id.

use super::declare::kinds;
use super::{KindSpec, Model, NaturalKey};
use crate::inbox::EventName;
use crate::json::members::members;
use crate::kind::classify::Main;
use crate::topic::Topic;

kinds! {
    StoryMention = "story_mention" {
        about: "a customer mentioned the account in a story",
        details: "A messaging item: one whose `message` has attachments that are all `story_mention` and no text, or one whose `referral` has the source `STORY_MENTION`. Source: Instagram messaging, `messages`.",
        decided_by: "message" | "referral",
        beside: ["referral", "lead", "delivery", "read", "order"],
        page: ["messages", "messaging_referrals"], instagram: ["messages", "messaging_referral"],
        topic: Messages, natural_key: Mid, data: Messaging, inbox: Some(EventName::StoryMentioned), sample: "attachment",
    }
    MessageDeleted = "message.deleted" {
        about: "a customer unsent a message",
        details: "A messaging item whose `message` has `is_deleted`; it holds the `mid` of the unsent message and, mostly, nothing of what that said. Source: Instagram messaging, `messages`.",
        decided_by: "message",
        beside: ["referral", "lead", "delivery", "read", "order"],
        page: ["messages"], instagram: ["messages"],
        topic: Messages, natural_key: Mid, data: Messaging, inbox: Some(EventName::MessageDeleted), sample: "by-the-customer",
    }
    MessageUnsupported = "message.unsupported" {
        about: "a message of a type that Meta does not deliver",
        details: "A messaging item whose `message` has `is_unsupported`. Source: Instagram messaging, `messages`.",
        decided_by: "message",
        beside: ["referral", "lead", "delivery", "read", "order"],
        page: ["messages"], instagram: ["messages"],
        topic: Messages, natural_key: Mid, data: Messaging, inbox: Some(EventName::MessageReceived), sample: "bare",
    }
    MessageEcho = "message.echo" {
        about: "a message that the account itself sent",
        details: "A messaging item whose `message` has `is_echo`, or whose sender is the account. Source: Instagram messaging, `messages`; Messenger platform, `message_echoes`.",
        decided_by: "message",
        beside: ["referral", "lead", "delivery", "read", "order"],
        page: ["message_echoes"], instagram: ["messages"],
        topic: Messages, natural_key: Mid, data: Messaging, inbox: Some(EventName::MessageSent), sample: "text",
    }
    Message = "message" {
        about: "a message of a customer",
        details: "A messaging item whose member `message` is of none of the other kinds. Source: Instagram messaging and Messenger platform, `messages`.",
        decided_by: "message",
        beside: ["referral", "lead", "delivery", "read", "order"],
        page: ["messages"], instagram: ["messages"],
        topic: Messages, natural_key: Mid, data: Messaging, inbox: Some(EventName::MessageReceived), sample: "text",
    }
    MessageEdited = "message.edited" {
        about: "a message was edited",
        details: "A messaging item with the member `message_edit`. Source: Instagram messaging, `message_edit`; Messenger platform, `message_edits`.",
        decided_by: "message_edit",
        page: ["message_edits"], instagram: ["message_edit"],
        topic: Messages, natural_key: Edit, data: Messaging, inbox: Some(EventName::MessageEdited), sample: "text",
    }
    ReactionAdded = "reaction.added" {
        about: "a customer reacted to a message",
        details: "A messaging item whose `reaction` has the action `react`. Source: Instagram messaging and Messenger platform, `message_reactions`.",
        decided_by: "reaction",
        page: ["message_reactions"], instagram: ["message_reactions"],
        topic: Messages, natural_key: Reaction, data: Messaging, inbox: Some(EventName::ReactionAdded), sample: "love",
    }
    ReactionRemoved = "reaction.removed" {
        about: "a customer took a reaction back",
        details: "A messaging item whose `reaction` has the action `unreact`. Source: Instagram messaging and Messenger platform, `message_reactions`.",
        decided_by: "reaction",
        page: ["message_reactions"], instagram: ["message_reactions"],
        topic: Messages, natural_key: Reaction, data: Messaging, inbox: Some(EventName::ReactionRemoved), sample: "bare",
    }
    Postback = "postback" {
        about: "a customer tapped an icebreaker, a menu item or a template's button",
        details: "A messaging item with the member `postback`. Source: Instagram messaging and Messenger platform, `messaging_postbacks`.",
        member: postback "postback",
        beside: ["referral", "lead"],
        page: ["messaging_postbacks"], instagram: ["messaging_postbacks"],
        topic: Messages, natural_key: Mid, data: Messaging, inbox: Some(EventName::PostbackReceived), sample: "icebreaker",
    }
    Referral = "referral" {
        about: "a customer came through an ig.me or m.me link, or an ad",
        details: "A messaging item with the member `referral` and no message. Source: Instagram messaging, `messaging_referral`; Messenger platform, `messaging_referrals`.",
        member: referral "referral",
        beside: ["lead"],
        page: ["messaging_referrals"], instagram: ["messaging_referral"],
        topic: Messages, natural_key: Whole, data: Messaging, inbox: Some(EventName::ReferralReceived), sample: "ig-me-link",
    }
    Optin = "optin" {
        about: "a customer opted in to messages",
        details: "A messaging item with the member `optin`. Source: Messenger platform, `messaging_optins`.",
        member: optin "optin",
        page: ["messaging_optins"], instagram: ["messaging_optins"],
        topic: Messages, natural_key: Whole, data: Messaging, inbox: Some(EventName::OptinReceived), sample: "notification-messages",
    }
    AccountLinking = "account_linking" {
        about: "a customer linked or unlinked an account",
        details: "A messaging item with the member `account_linking`. Source: Messenger platform, `messaging_account_linking`.",
        member: account_linking "account_linking",
        page: ["messaging_account_linking"],
        topic: Messages, natural_key: Whole, data: Messaging, inbox: None, sample: "linked",
    }
    GamePlay = "game_play" {
        about: "a round of an Instant Game was played",
        details: "A messaging item with the member `game_play`. Source: Messenger platform, `messaging_game_plays`.",
        member: game_play "game_play",
        page: ["messaging_game_plays"],
        topic: Messages, natural_key: Whole, data: Messaging, inbox: None, sample: "score-and-payload",
    }
    Feedback = "feedback" {
        about: "a customer answered a feedback form",
        details: "A messaging item with the member `messaging_feedback`; it may have no `timestamp`. Source: Messenger platform, `messaging_feedback`.",
        member: messaging_feedback "messaging_feedback",
        page: ["messaging_feedback"],
        topic: Messages, natural_key: Whole, data: Messaging, inbox: None, sample: "csat-with-follow-up",
    }
    ResponseFeedback = "response_feedback" {
        about: "a customer rated an answer",
        details: "A messaging item with the member `response_feedback`. Source: Instagram messaging and Messenger platform, `response_feedback`.",
        member: response_feedback "response_feedback",
        page: ["response_feedback"], instagram: ["response_feedback"],
        topic: Messages, natural_key: Whole, data: Messaging, inbox: None, sample: "good",
    }
    Order = "order" {
        about: "a customer sent a cart",
        details: "A messaging item with the member `order`. Source: Messenger platform, `send_cart`.",
        member: order "order",
        page: ["send_cart"],
        topic: Messages, natural_key: Whole, data: Messaging, inbox: Some(EventName::OrderReceived), sample: "cart",
    }
    ThreadPassed = "thread.passed" {
        about: "control of a thread passed to another app",
        details: "A messaging item with the member `pass_thread_control`. Source: Messenger platform, `messaging_handovers`; Instagram messaging, `messaging_handover`.",
        member: pass_thread_control "pass_thread_control",
        page: ["messaging_handovers"], instagram: ["messaging_handover"],
        topic: Messages, natural_key: Whole, data: Messaging, inbox: Some(EventName::ThreadPassed), sample: "to-this-app",
    }
    ThreadTaken = "thread.taken" {
        about: "control of a thread was taken",
        details: "A messaging item with the member `take_thread_control`. Source: Messenger platform, `messaging_handovers`; Instagram messaging, `messaging_handover`.",
        member: take_thread_control "take_thread_control",
        page: ["messaging_handovers"], instagram: ["messaging_handover"],
        topic: Messages, natural_key: Whole, data: Messaging, inbox: Some(EventName::ThreadTaken), sample: "instagram",
    }
    ThreadRequested = "thread.requested" {
        about: "control of a thread was requested",
        details: "A messaging item with the member `request_thread_control`. Source: Messenger platform, `messaging_handovers`; Instagram messaging, `messaging_handover`.",
        member: request_thread_control "request_thread_control",
        page: ["messaging_handovers"], instagram: ["messaging_handover"],
        topic: Messages, natural_key: Whole, data: Messaging, inbox: Some(EventName::ThreadRequested), sample: "by-secondary-receiver",
    }
    ThreadMetadata = "thread.metadata" {
        about: "metadata passed between the apps of a thread",
        details: "A messaging item with the member `pass_thread_metadata`. Source: Messenger platform, `messaging_handovers`; Instagram messaging, `messaging_handover`.",
        member: pass_thread_metadata "pass_thread_metadata",
        page: ["messaging_handovers"], instagram: ["messaging_handover"],
        topic: Messages, natural_key: Whole, data: Messaging, inbox: None, sample: "instagram",
    }
    ReceiptRead = "receipt.read" {
        about: "a message, or all up to a watermark, was read",
        details: "A messaging item with the member `read`: on Instagram of one message, on Messenger of all up to a watermark. Source: Instagram messaging, `messaging_seen`; Messenger platform, `message_reads`.",
        member: read "read",
        page: ["message_reads"], instagram: ["messaging_seen"],
        topic: Receipts, natural_key: Read, data: Messaging, inbox: Some(EventName::MessageRead), sample: "instagram-seen",
    }
    ReceiptDelivered = "receipt.delivered" {
        about: "messages up to a watermark were delivered",
        details: "A messaging item with the member `delivery`; it has no `timestamp`. Source: Messenger platform, `message_deliveries`.",
        member: delivery "delivery",
        page: ["message_deliveries"],
        topic: Receipts, natural_key: Watermark, data: Messaging, inbox: Some(EventName::MessageDelivered), sample: "mids",
    }
    PolicyEnforcement = "policy_enforcement" {
        about: "the account was warned, blocked or unblocked",
        details: "A messaging item with the member `policy_enforcement`, or `policy-enforcement` as older deliveries name it; it has no sender. Source: Messenger platform, `messaging_policy_enforcement`.",
        member: policy_enforcement "policy_enforcement" | policy_enforcement_old "policy-enforcement",
        page: ["messaging_policy_enforcement"], instagram: ["messaging_policy_enforcement"],
        topic: Account, natural_key: Whole, data: Messaging, inbox: None, sample: "block",
    }
    AppRoles = "app_roles" {
        about: "the roles of apps on the account changed",
        details: "A messaging item with the member `app_roles`; it has no sender, mostly. Source: Messenger platform, `messaging_handovers`.",
        member: app_roles "app_roles",
        page: ["messaging_handovers"], instagram: ["messaging_handover"],
        topic: Account, natural_key: Whole, data: Messaging, inbox: None, sample: "without-sender",
    }
    Payment = "payment" {
        about: "a customer paid with Messenger's former (withdrawn) buy button",
        details: "A messaging item with the member `payment`. Source: Messenger platform, pages that Meta has withdrawn with the buy button.",
        member: payment "payment",
        topic: Messages, natural_key: Whole, data: Messaging, inbox: None, sample: "stripe",
    }
    CheckoutUpdate = "checkout_update" {
        about: "a customer chose an address with Messenger's former (withdrawn) buy button",
        details: "A messaging item with the member `checkout_update`. Source: Messenger platform, pages that Meta has withdrawn with the buy button.",
        member: checkout_update "checkout_update",
        topic: Messages, natural_key: Whole, data: Messaging, inbox: None, sample: "address-chosen",
    }
    PreCheckout = "pre_checkout" {
        about: "a customer is about to pay with Messenger's former (withdrawn) buy button",
        details: "A messaging item with the member `pre_checkout`. Source: Messenger platform, pages that Meta has withdrawn with the buy button.",
        member: pre_checkout "pre_checkout",
        topic: Messages, natural_key: Whole, data: Messaging, inbox: None, sample: "with-user-info",
    }
    BrandedCamera = "branded_camera" {
        about: "a customer did something with an effect of Messenger's former (withdrawn) branded camera",
        details: "A messaging item with the member `branded_camera`. Source: libraries for the Messenger platform; Meta has withdrawn the feature and its page.",
        member: branded_camera "branded_camera",
        topic: Messages, natural_key: Whole, data: Messaging, inbox: None, sample: "dismissed",
    }
    MessageContext = "message_context" {
        about: "what Meta says of a message's context, in a form that it does not describe",
        details: "A messaging item with the member `message_context`, which Meta sends since 2026 and does not describe. Source: the reference of a page's webhooks, which lists it and says that its value has a sender.",
        member: message_context "message_context",
        topic: Messages, natural_key: Whole, data: Messaging, inbox: None, sample: "undescribed",
    }
    Comment = "comment" {
        about: "somebody commented on the account's media",
        details: "The value of a `comments` change. Source: Instagram webhooks, `comments`.",
        field: "comments",
        instagram: ["comments"],
        topic: Comments, natural_key: Comment, data: Comment, inbox: Some(EventName::CommentReceived), sample: "reply",
    }
    CommentLive = "comment.live" {
        about: "somebody commented on the account's live broadcast",
        details: "The value of a `live_comments` change, sent while the broadcast is on. Source: Instagram webhooks, `live_comments`.",
        field: "live_comments",
        instagram: ["live_comments"],
        topic: Comments, natural_key: Comment, data: Comment, inbox: Some(EventName::CommentReceived), sample: "during-a-broadcast",
    }
    MentionComment = "mention.comment" {
        about: "somebody mentioned the account in a comment on media of others",
        details: "The value of a `mentions` change with a `comment_id`. It holds ids and nothing else; who wrote what, only the Graph API says. Source: Instagram webhooks, `mentions`.",
        instagram: ["mentions"],
        topic: Mentions, natural_key: Mention, data: Mention, inbox: Some(EventName::MentionReceived), sample: "object-form",
    }
    MentionCaption = "mention.caption" {
        about: "somebody mentioned the account in the caption of their media",
        details: "The value of a `mentions` change without a `comment_id`. It holds an id and nothing else; who wrote what, only the Graph API says. Source: Instagram webhooks, `mentions`.",
        instagram: ["mentions"],
        topic: Mentions, natural_key: Mention, data: Mention, inbox: Some(EventName::MentionReceived), sample: "object-form",
    }
    StoryInsights = "story_insights" {
        about: "figures of a story that expired",
        details: "The value of a `story_insights` change, sent about an hour after the story expired. A figure below 5 comes as -1, so that nobody can be told from it. Source: Instagram webhooks, `story_insights`.",
        field: "story_insights",
        instagram: ["story_insights"],
        topic: Insights, natural_key: Media, data: StoryInsights, inbox: None, sample: "expired-story",
    }
    Feed = "feed" {
        about: "a change in a page's feed",
        details: "The value of a `feed` change: `item` says to what, `verb` what; each item has some of the members. Source: page webhooks, `feed`.",
        field: "feed",
        page: ["feed"],
        topic: Feed, natural_key: Whole, data: Feed, inbox: Some(EventName::CommentReceived), sample: "comment-reply",
    }
    PageMention = "page_mention" {
        about: "somebody mentioned the page",
        details: "The value of a `mention` change. Source: page webhooks, `mention`.",
        field: "mention",
        page: ["mention"],
        topic: Feed, natural_key: Whole, data: PageMention, inbox: Some(EventName::MentionReceived), sample: "in-a-post",
    }
    Rating = "rating" {
        about: "somebody rated or recommended the page",
        details: "The value of a `ratings` change: a review, or a comment on one. Source: page webhooks, `ratings`.",
        field: "ratings",
        page: ["ratings"],
        topic: Feed, natural_key: Whole, data: Rating, inbox: None, sample: "recommendation",
    }
    Lead = "lead" {
        about: "somebody filled in a lead form",
        details: "The value of a `leadgen` change. It holds ids and nothing else; the Graph API gives the answers. Source: page webhooks, `leadgen`.",
        field: "leadgen",
        page: ["leadgen"],
        topic: Feed, natural_key: Whole, data: Lead, inbox: None, sample: "string-ids",
    }
    TemplateStatus = "template_status" {
        about: "the review status of a message template changed",
        details: "The value of a `messenger_template_status_update` change, for which Meta publishes no shape, or of a `message_template_status_update` one. Source: page webhooks; integrations that read it.",
        field: "messenger_template_status_update" | "message_template_status_update",
        page: ["messenger_template_status_update"],
        topic: Account, natural_key: Whole, data: TemplateStatus, inbox: None, sample: "approved",
    }
    DashboardTest = "dashboard_test" {
        about: "what the dashboard's test button sent for a message in 2021",
        details: "The value of a `messages` change in a form that no real message has. Source: integrations that met it.",
        page: ["messages"], instagram: ["messages"],
        topic: Messages, natural_key: Whole, data: DashboardTest, inbox: None, sample: "text",
    }
    Unknown = "unknown" {
        about: "whatever has no kind yet",
        details: "Of a change the whole of it, `field` and `value` and what is beside them; of an entry without a known carrier the entry; of `changed_fields` the field's name; of an item of `messaging` or `standby` the item. Source: Meta, undescribed.",
        topic: Unknown, natural_key: Whole, data: Unknown, inbox: None, sample: "change-of-another-field",
    }
}
