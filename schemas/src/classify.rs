//! What an item is: the table of kinds as code. The first row that fits decides.

use crate::json::Token;
use crate::kind::Kind;
use crate::members::members;
use crate::participants::Participants;
use crate::token;

members! {
    /// A messaging item, or the value of a change: every member that some kind is told by or keyed with.
    Item {
        sender: "sender",
        recipient: "recipient",
        timestamp: "timestamp",
        created_time: "created_time",
        message: "message",
        message_edit: "message_edit",
        reaction: "reaction",
        postback: "postback",
        referral: "referral",
        optin: "optin",
        account_linking: "account_linking",
        game_play: "game_play",
        messaging_feedback: "messaging_feedback",
        response_feedback: "response_feedback",
        order: "order",
        payment: "payment",
        checkout_update: "checkout_update",
        pre_checkout: "pre_checkout",
        branded_camera: "branded_camera",
        pass_thread_control: "pass_thread_control",
        take_thread_control: "take_thread_control",
        request_thread_control: "request_thread_control",
        pass_thread_metadata: "pass_thread_metadata",
        read: "read",
        delivery: "delivery",
        policy_enforcement: "policy_enforcement",
        policy_enforcement_old: "policy-enforcement",
        app_roles: "app_roles",
        id: "id",
        comment_id: "comment_id",
        media: "media",
        media_id: "media_id",
        post_id: "post_id",
        event_data: "event_data",
    }
}

members! {
    /// The main member of a messaging item: what tells its kind and its natural key.
    Main {
        mid: "mid",
        text: "text",
        attachments: "attachments",
        is_deleted: "is_deleted",
        is_unsupported: "is_unsupported",
        is_echo: "is_echo",
        num_edit: "num_edit",
        action: "action",
        source: "source",
        watermark: "watermark",
    }
}

members! {
    /// An attachment, as far as it tells the kind of its message.
    Attachment {
        kind: "type",
    }
}

/// A messaging item's kind, with the main member that told it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Classified<'t, 'a> {
    pub(crate) kind: Kind,
    pub(crate) main: Main<'t, 'a>,
}

impl Default for Classified<'_, '_> {
    fn default() -> Self {
        Self { kind: Kind::Unknown, main: Main::default() }
    }
}

/// The kind of a messaging item.
pub(crate) fn messaging<'t, 'a>(item: &Item<'t, 'a>, account: Option<&str>) -> Classified<'t, 'a> {
    let message = main_member(item.message);
    let is_sent = message.is_some() && Participants::of(item.sender, item.recipient).is_sent_by(account);
    story_mention(item, message.as_ref(), is_sent)
        .or_else(|| message.map(|main| Classified { kind: message_kind(&main, is_sent), main }))
        .or_else(|| told_by_action(item))
        .or_else(|| told_by_name(item))
        .unwrap_or_default()
}

/// The kind of a change by its field, where the value is an object; `None` for a field that the table does not name.
pub(crate) fn change(field: &str, value: &Item<'_, '_>) -> Option<Kind> {
    Some(match field {
        "comments" => Kind::Comment,
        "live_comments" => Kind::CommentLive,
        "mentions" if token::as_sent(value.comment_id).is_some() => Kind::MentionComment,
        "mentions" => Kind::MentionCaption,
        "story_insights" => Kind::StoryInsights,
        "feed" => Kind::Feed,
        "mention" => Kind::PageMention,
        "ratings" => Kind::Rating,
        "leadgen" => Kind::Lead,
        // The latter is the name that WhatsApp's twin of the field has.
        "messenger_template_status_update" | "message_template_status_update" => Kind::TemplateStatus,
        "messages" if is_test_of_2021(value) => Kind::DashboardTest,
        _ => return None,
    })
}

/// In 2021 the dashboard's test button sent a form of its own in place of a messaging item.
fn is_test_of_2021(value: &Item<'_, '_>) -> bool {
    value.sender.is_none() && value.recipient.is_none() && value.event_data.is_some_and(Token::is_object)
}

/// A story mention comes as an attachment of a message; one of the documents has it as a referral instead, whose
/// `message` then holds the `mid` alone.
fn story_mention<'t, 'a>(
    item: &Item<'t, 'a>,
    message: Option<&Main<'t, 'a>>,
    is_sent: bool,
) -> Option<Classified<'t, 'a>> {
    let referred = main_member(item.referral)
        .is_some_and(|main| token::string(main.source).as_deref() == Some("STORY_MENTION"));
    if referred {
        return Some(Classified { kind: Kind::StoryMention, main: message.copied().unwrap_or_default() });
    }
    let main =
        message.filter(|main| message_kind(main, is_sent) == Kind::Message && only_mentions_story(main))?;
    Some(Classified { kind: Kind::StoryMention, main: *main })
}

fn only_mentions_story(main: &Main<'_, '_>) -> bool {
    let is_mention = |attachment: Token<'_, '_>| {
        Attachment::of(attachment)
            .is_some_and(|attachment| token::string(attachment.kind).as_deref() == Some("story_mention"))
    };
    let Some(mut attachments) = main.attachments.and_then(Token::elements).map(Iterator::peekable) else {
        return false;
    };
    token::as_sent(main.text).is_none() && attachments.peek().is_some() && attachments.all(is_mention)
}

fn message_kind(main: &Main<'_, '_>, is_sent: bool) -> Kind {
    if token::is_true(main.is_deleted) {
        Kind::MessageDeleted
    } else if token::is_true(main.is_unsupported) {
        Kind::MessageUnsupported
    } else if token::is_true(main.is_echo) || is_sent {
        Kind::MessageEcho
    } else {
        Kind::Message
    }
}

fn told_by_action<'t, 'a>(item: &Item<'t, 'a>) -> Option<Classified<'t, 'a>> {
    if let Some(main) = main_member(item.message_edit) {
        return Some(Classified { kind: Kind::MessageEdited, main });
    }
    let main = main_member(item.reaction)?;
    let kind = match token::string(main.action).as_deref() {
        Some("react") => Kind::ReactionAdded,
        Some("unreact") => Kind::ReactionRemoved,
        _ => return None,
    };
    Some(Classified { kind, main })
}

fn told_by_name<'t, 'a>(item: &Item<'t, 'a>) -> Option<Classified<'t, 'a>> {
    let rows = [
        (item.postback, Kind::Postback),
        (item.referral, Kind::Referral),
        (item.optin, Kind::Optin),
        (item.account_linking, Kind::AccountLinking),
        (item.game_play, Kind::GamePlay),
        (item.messaging_feedback, Kind::Feedback),
        (item.response_feedback, Kind::ResponseFeedback),
        (item.order, Kind::Order),
        (item.pass_thread_control, Kind::ThreadPassed),
        (item.take_thread_control, Kind::ThreadTaken),
        (item.request_thread_control, Kind::ThreadRequested),
        (item.pass_thread_metadata, Kind::ThreadMetadata),
        (item.read, Kind::ReceiptRead),
        (item.delivery, Kind::ReceiptDelivered),
        (item.policy_enforcement.or(item.policy_enforcement_old), Kind::PolicyEnforcement),
        (item.app_roles, Kind::AppRoles),
        (item.payment, Kind::Payment),
        (item.checkout_update, Kind::CheckoutUpdate),
        (item.pre_checkout, Kind::PreCheckout),
        (item.branded_camera, Kind::BrandedCamera),
    ];
    rows.into_iter().find_map(|(member, kind)| main_member(member).map(|main| Classified { kind, main }))
}

/// A main member counts when it is an object.
fn main_member<'t, 'a>(member: Option<Token<'t, 'a>>) -> Option<Main<'t, 'a>> {
    member.and_then(Main::of)
}
