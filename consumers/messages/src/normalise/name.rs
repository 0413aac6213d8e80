//! What happened, in the words of the inbox.

use super::Parties;
use schemas::Kind;
use schemas::data::messaging::{Messaging, Order};
use schemas::inbox::EventName;

/// The name of what happened by its kind; `None` for kinds that are nothing people say or do to each other, nor decide
/// who may answer. Of what happens on a page's wall it is the name of new comments and of new mentions; the rest has none.
pub(crate) const fn of(kind: Kind) -> Option<EventName> {
    Some(match kind {
        Kind::Message | Kind::MessageUnsupported => EventName::MessageReceived,
        Kind::MessageEcho => EventName::MessageSent,
        Kind::MessageEdited => EventName::MessageEdited,
        Kind::MessageDeleted => EventName::MessageDeleted,
        Kind::StoryMention => EventName::StoryMentioned,
        Kind::ReactionAdded => EventName::ReactionAdded,
        Kind::ReactionRemoved => EventName::ReactionRemoved,
        Kind::Postback => EventName::PostbackReceived,
        Kind::Referral => EventName::ReferralReceived,
        Kind::Order => EventName::OrderReceived,
        Kind::Optin => EventName::OptinReceived,
        Kind::ThreadPassed => EventName::ThreadPassed,
        Kind::ThreadTaken => EventName::ThreadTaken,
        Kind::ThreadRequested => EventName::ThreadRequested,
        Kind::ReceiptRead => EventName::MessageRead,
        Kind::ReceiptDelivered => EventName::MessageDelivered,
        Kind::Comment | Kind::CommentLive | Kind::Feed => EventName::CommentReceived,
        Kind::MentionComment | Kind::MentionCaption | Kind::PageMention => EventName::MentionReceived,
        _ => return None,
    })
}

/// The name that the item gives what its kind calls `name`: a message may be a story's mention or a cart, and what the
/// account itself sent is never a customer's message.
pub(super) fn within(name: EventName, item: &Messaging, parties: &Parties) -> EventName {
    match name {
        EventName::MessageReceived | EventName::StoryMentioned if parties.is_outgoing() => {
            EventName::MessageSent
        }
        EventName::MessageReceived if cart(item).is_some() => EventName::OrderReceived,
        EventName::MessageReceived if mentions_story(item) => EventName::StoryMentioned,
        other => other,
    }
}

/// The cart beside a message, or inside of it.
pub(super) fn cart(item: &Messaging) -> Option<&Order> {
    item.order.as_ref().or_else(|| item.message.as_ref()?.order.as_ref())
}

/// Whether a story's mention is attached, alone or beside text and other things.
fn mentions_story(item: &Messaging) -> bool {
    let attachments = item.message.as_ref().map(|message| &message.attachments);
    attachments.into_iter().flatten().any(|attachment| attachment.kind.as_deref() == Some("story_mention"))
}
