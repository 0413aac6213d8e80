//! The table of natural keys, read from an event's data by itself.

use schemas::{Event, Kind};
use serde_json::Value;

/// Whether the event has a natural key that no spacing or order of members can change: one of strings and numbers.
pub(crate) fn is_in(event: &Event<'_>) -> bool {
    let Ok(data) = serde_json::from_str::<Value>(event.data) else { return false };
    let given = |path: &str| {
        data.pointer(path).filter(|part| !part.is_null() && **part != Value::String(String::new()))
    };
    let parts = match event.kind.kind {
        Kind::Message
        | Kind::MessageEcho
        | Kind::MessageDeleted
        | Kind::MessageUnsupported
        | Kind::StoryMention => vec![given("/message/mid")],
        Kind::Postback => vec![given("/postback/mid")],
        Kind::MessageEdited => vec![given("/message_edit/mid"), given("/message_edit/num_edit")],
        Kind::ReactionAdded | Kind::ReactionRemoved => vec![given("/reaction/mid"), given("/timestamp")],
        Kind::ReceiptRead => vec![given("/read/mid").or(given("/read/watermark"))],
        Kind::ReceiptDelivered => vec![given("/delivery/watermark")],
        Kind::Comment | Kind::CommentLive => vec![given("/id").or(given("/comment_id"))],
        Kind::MentionComment | Kind::MentionCaption => vec![given("/media_id"), given("/comment_id")],
        Kind::StoryInsights => vec![given("/media_id")],
        _ => return false,
    };
    parts[0].is_some() && parts.into_iter().flatten().all(|part| !part.is_object() && !part.is_array())
}
