//! The key of an event's record, by the rule of its topic (`topic/table.rs`); its account is the `id` of the entry.

use crate::json::members::members;
use crate::json::token;
use crate::kind::{EventKind, Item, Kind, Model};
use crate::topic::KeyRule;
use std::borrow::Cow;

members! {
    /// The media of a comment.
    Media {
        id: "id",
    }
}

/// The key of the record: `{account}:{customer, media or post}` as the topic's rule says, `{account}` alone where that is
/// not given, and none without an account.
pub(super) fn record_key(
    kind: EventKind,
    account: Option<&str>,
    customer: Option<&str>,
    item: &Item<'_, '_>,
) -> Option<String> {
    let account = account?;
    let part = match kind.topic().spec().key {
        KeyRule::AccountUser => customer.map(Cow::Borrowed),
        KeyRule::AccountMedia => media(kind.kind, item),
        KeyRule::AccountPost => token::id(item.post_id),
        _ => None,
    };
    let Some(part) = part else { return Some(account.to_owned()) };
    let mut key = String::with_capacity(account.len() + 1 + part.len());
    key.extend([account, ":", &part]);
    Some(key)
}

/// A comment names its media in an object of its own, the other kinds in `media_id`.
fn media<'a>(kind: Kind, item: &Item<'_, 'a>) -> Option<Cow<'a, str>> {
    let is_comment = kind.spec().data == Model::Comment;
    let object = item.media.filter(|_| is_comment).and_then(Media::of);
    token::id(object.and_then(|media| media.id)).or_else(|| token::id(item.media_id))
}
