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
        .or_else(|| item.told_by_member().map(|(kind, main)| Classified { kind, main }))
        .unwrap_or_default()
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

/// A main member counts when it is an object.
fn main_member<'t, 'a>(member: Option<Token<'t, 'a>>) -> Option<Main<'t, 'a>> {
    member.and_then(Main::of)
}
