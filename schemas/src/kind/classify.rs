//! Which kind an item is. The first case that fits decides; what each kind is, `table.rs` declares.

use crate::json::members::members;
use crate::json::{Token, token};
use crate::kind::{Item, Kind};
use crate::participants::Participants;

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

/// The kind of a messaging item, with the main member that told it: one that is an object.
pub(crate) fn messaging<'t, 'a>(item: &Item<'t, 'a>, account: Option<&str>) -> (Kind, Main<'t, 'a>) {
    let message = item.message.and_then(Main::of);
    if is_referred_story(item) {
        return (Kind::StoryMention, message.unwrap_or_default());
    }
    if let Some(main) = message {
        let is_sent = Participants::of(item.sender, item.recipient).is_sent_by(account);
        return (message_kind(&main, is_sent), main);
    }
    kind_by_action(item).or_else(|| item.kind_by_member()).unwrap_or((Kind::Unknown, Main::default()))
}

/// The kind of a change by its field, where the value is an object; `None` for a field that the table does not name.
pub(crate) fn change(field: &str, value: &Item<'_, '_>) -> Option<Kind> {
    match field {
        "mentions" if token::as_sent(value.comment_id).is_some() => Some(Kind::MentionComment),
        "mentions" => Some(Kind::MentionCaption),
        "messages" if is_test_of_2021(value) => Some(Kind::DashboardTest),
        field => Kind::of_field(field),
    }
}

/// In 2021 the dashboard's test button sent a form of its own in place of a messaging item.
fn is_test_of_2021(value: &Item<'_, '_>) -> bool {
    value.sender.is_none() && value.recipient.is_none() && value.event_data.is_some_and(Token::is_object)
}

/// A story mention comes as an attachment of a message; one of the documents has it as a referral instead, whose
/// `message` then holds the `mid` alone.
fn is_referred_story(item: &Item<'_, '_>) -> bool {
    let referral = item.referral.and_then(Main::of);
    referral.is_some_and(|main| token::string(main.source).as_deref() == Some("STORY_MENTION"))
}

fn message_kind(main: &Main<'_, '_>, is_sent: bool) -> Kind {
    if token::is_true(main.is_deleted) {
        Kind::MessageDeleted
    } else if token::is_true(main.is_unsupported) {
        Kind::MessageUnsupported
    } else if token::is_true(main.is_echo) || is_sent {
        Kind::MessageEcho
    } else if only_mentions_story(main) {
        Kind::StoryMention
    } else {
        Kind::Message
    }
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

fn kind_by_action<'t, 'a>(item: &Item<'t, 'a>) -> Option<(Kind, Main<'t, 'a>)> {
    if let Some(main) = item.message_edit.and_then(Main::of) {
        return Some((Kind::MessageEdited, main));
    }
    let main = item.reaction.and_then(Main::of)?;
    let kind = match token::string(main.action).as_deref() {
        Some("react") => Kind::ReactionAdded,
        Some("unreact") => Kind::ReactionRemoved,
        _ => return None,
    };
    Some((kind, main))
}
