//! Where each kind's `data` comes from, in the words of its schema's description.

use crate::kind::Kind;

/// What `data` of a kind is, what tells the kind, and who of Meta describes it.
#[expect(clippy::too_many_lines, reason = "a row for each kind")]
pub(super) const fn of(kind: Kind) -> &'static str {
    match kind {
        Kind::StoryMention => {
            "A messaging item: one whose `message` has attachments that are all `story_mention` and no text, or one whose \
             `referral` has the source `STORY_MENTION`. Source: Instagram messaging, `messages`."
        }
        Kind::MessageDeleted => {
            "A messaging item whose `message` has `is_deleted`; it holds the `mid` of the unsent message and, mostly, \
             nothing of what that said. Source: Instagram messaging, `messages`."
        }
        Kind::MessageUnsupported => {
            "A messaging item whose `message` has `is_unsupported`. Source: Instagram messaging, `messages`."
        }
        Kind::MessageEcho => {
            "A messaging item whose `message` has `is_echo`, or whose sender is the account. Source: Instagram messaging, \
             `messages`; Messenger platform, `message_echoes`."
        }
        Kind::Message => {
            "A messaging item whose member `message` is of none of the other kinds. Source: Instagram messaging and \
             Messenger platform, `messages`."
        }
        Kind::MessageEdited => {
            "A messaging item with the member `message_edit`. Source: Instagram messaging, `message_edit`; Messenger \
             platform, `message_edits`."
        }
        Kind::ReactionAdded => {
            "A messaging item whose `reaction` has the action `react`. Source: Instagram messaging and Messenger platform, \
             `message_reactions`."
        }
        Kind::ReactionRemoved => {
            "A messaging item whose `reaction` has the action `unreact`. Source: Instagram messaging and Messenger \
             platform, `message_reactions`."
        }
        Kind::Postback => {
            "A messaging item with the member `postback`. Source: Instagram messaging and Messenger platform, \
             `messaging_postbacks`."
        }
        Kind::Referral => {
            "A messaging item with the member `referral` and no message. Source: Instagram messaging, \
             `messaging_referral`; Messenger platform, `messaging_referrals`."
        }
        Kind::Optin => {
            "A messaging item with the member `optin`. Source: Messenger platform, `messaging_optins`."
        }
        Kind::AccountLinking => {
            "A messaging item with the member `account_linking`. Source: Messenger platform, `messaging_account_linking`."
        }
        Kind::GamePlay => {
            "A messaging item with the member `game_play`. Source: Messenger platform, `messaging_game_plays`."
        }
        Kind::Feedback => {
            "A messaging item with the member `messaging_feedback`; it may have no `timestamp`. Source: Messenger platform, \
             `messaging_feedback`."
        }
        Kind::ResponseFeedback => {
            "A messaging item with the member `response_feedback`. Source: Instagram messaging and Messenger platform, \
             `response_feedback`."
        }
        Kind::Order => "A messaging item with the member `order`. Source: Messenger platform, `send_cart`.",
        Kind::Payment => {
            "A messaging item with the member `payment`. Source: Messenger platform, pages that Meta has withdrawn with \
             the buy button."
        }
        Kind::CheckoutUpdate => {
            "A messaging item with the member `checkout_update`. Source: Messenger platform, pages that Meta has \
             withdrawn with the buy button."
        }
        Kind::PreCheckout => {
            "A messaging item with the member `pre_checkout`. Source: Messenger platform, pages that Meta has withdrawn \
             with the buy button."
        }
        Kind::BrandedCamera => {
            "A messaging item with the member `branded_camera`. Source: libraries for the Messenger platform; Meta has \
             withdrawn the feature and its page."
        }
        Kind::ThreadPassed => {
            "A messaging item with the member `pass_thread_control`. Source: Messenger platform, `messaging_handovers`; \
             Instagram messaging, `messaging_handover`."
        }
        Kind::ThreadTaken => {
            "A messaging item with the member `take_thread_control`. Source: Messenger platform, `messaging_handovers`; \
             Instagram messaging, `messaging_handover`."
        }
        Kind::ThreadRequested => {
            "A messaging item with the member `request_thread_control`. Source: Messenger platform, \
             `messaging_handovers`; Instagram messaging, `messaging_handover`."
        }
        Kind::ThreadMetadata => {
            "A messaging item with the member `pass_thread_metadata`. Source: Messenger platform, `messaging_handovers`; \
             Instagram messaging, `messaging_handover`."
        }
        Kind::ReceiptRead => {
            "A messaging item with the member `read`: on Instagram of one message, on Messenger of all up to a watermark. \
             Source: Instagram messaging, `messaging_seen`; Messenger platform, `message_reads`."
        }
        Kind::ReceiptDelivered => {
            "A messaging item with the member `delivery`; it has no `timestamp`. Source: Messenger platform, \
             `message_deliveries`."
        }
        Kind::PolicyEnforcement => {
            "A messaging item with the member `policy_enforcement`, or `policy-enforcement` as older deliveries name it; \
             it has no sender. Source: Messenger platform, `messaging_policy_enforcement`."
        }
        Kind::AppRoles => {
            "A messaging item with the member `app_roles`; it has no sender, mostly. Source: Messenger platform, \
             `messaging_handovers`."
        }
        Kind::Comment => "The value of a `comments` change. Source: Instagram webhooks, `comments`.",
        Kind::CommentLive => {
            "The value of a `live_comments` change, sent while the broadcast is on. Source: Instagram webhooks, \
             `live_comments`."
        }
        Kind::MentionComment => {
            "The value of a `mentions` change with a `comment_id`. It holds ids and nothing else; who wrote what, only the \
             Graph API says. Source: Instagram webhooks, `mentions`."
        }
        Kind::MentionCaption => {
            "The value of a `mentions` change without a `comment_id`. It holds an id and nothing else; who wrote what, \
             only the Graph API says. Source: Instagram webhooks, `mentions`."
        }
        Kind::StoryInsights => {
            "The value of a `story_insights` change, sent about an hour after the story expired. A figure below 5 comes as \
             -1, so that nobody can be told from it. Source: Instagram webhooks, `story_insights`."
        }
        Kind::Feed => {
            "The value of a `feed` change: `item` says to what, `verb` what; each item has some of the members. Source: \
             page webhooks, `feed`."
        }
        Kind::PageMention => "The value of a `mention` change. Source: page webhooks, `mention`.",
        Kind::Rating => {
            "The value of a `ratings` change: a review, or a comment on one. Source: page webhooks, `ratings`."
        }
        Kind::Lead => {
            "The value of a `leadgen` change. It holds ids and nothing else; the Graph API gives the answers. Source: \
             page webhooks, `leadgen`."
        }
        Kind::TemplateStatus => {
            "The value of a `messenger_template_status_update` change, for which Meta publishes no shape, or of a \
             `message_template_status_update` one. Source: page webhooks; integrations that read it."
        }
        Kind::DashboardTest => {
            "The value of a `messages` change in a form that no real message has. Source: integrations that met it."
        }
        Kind::Unknown => {
            "Of a change the whole of it, `field` and `value` and what is beside them; of an entry without a known carrier \
             the entry; of `changed_fields` the field's name; of an item of `messaging` or `standby` the item. Source: \
             Meta, undescribed."
        }
    }
}
