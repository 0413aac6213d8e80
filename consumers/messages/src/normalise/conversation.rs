//! The records of what happens in a conversation.

use super::{NormaliseError, Parties, envelope, message, part};
use schemas::TypedEvent;
use schemas::data::messaging::Messaging;
use schemas::inbox::{EventName, MessageType, Platform, Record};

/// The record of a messaging item whose kind calls it `name`, and what it is called after all; `None` for what Instagram sends
/// as an edit of a new message.
pub(super) fn normalise(
    event: &TypedEvent<'_>,
    name: EventName,
    platform: Platform,
) -> Result<Option<(EventName, Box<Record>)>, NormaliseError> {
    let item: Messaging = event.data()?;
    let is_of_new_message = item.message_edit.as_ref().is_some_and(|edit| edit.num_edit == Some(0));
    if name == EventName::MessageEdited && is_of_new_message {
        return Ok(None);
    }
    let parties = Parties::of(&item, event.metaaccount.as_deref(), name);
    let own_name = own_name(name, &item, &parties);
    let mut record = envelope(event, platform, own_name, parties)?;
    fill(&mut record, name, item, platform)?;
    Ok(Some((own_name, record)))
}

/// The name that the item gives what its kind calls `name`: a message may be a story's mention or a cart, and what the
/// account itself sent is never a customer's message.
fn own_name(name: EventName, item: &Messaging, parties: &Parties) -> EventName {
    match name {
        EventName::MessageReceived | EventName::StoryMentioned if parties.is_outgoing() => {
            EventName::MessageSent
        }
        EventName::MessageReceived if has_cart(item) => EventName::OrderReceived,
        EventName::MessageReceived if mentions_story(item) => EventName::StoryMentioned,
        other => other,
    }
}

/// Whether there is a cart beside a message, or inside of it.
fn has_cart(item: &Messaging) -> bool {
    item.order.is_some() || item.message.as_ref().is_some_and(|message| message.order.is_some())
}

/// Whether a story's mention is attached, alone or beside text and other things.
fn mentions_story(item: &Messaging) -> bool {
    let attachments = item.message.as_ref().map(|message| &message.attachments);
    attachments.into_iter().flatten().any(|attachment| attachment.kind.as_deref() == Some("story_mention"))
}

/// Puts the parts into the record that an item has whose kind calls it `name`.
fn fill(
    record: &mut Record,
    name: EventName,
    item: Messaging,
    platform: Platform,
) -> Result<(), NormaliseError> {
    match name {
        EventName::MessageReceived | EventName::MessageSent => {
            let mut message = there(item.message, "message")?;
            let order = item.order.or(message.order.take());
            let mut message = message::message(message, item.referral, item.lead, platform);
            let is_unsupported = message.kind == Some(MessageType::Unsupported.into());
            if order.is_some() && is_unsupported && message.attachments.is_empty() {
                // The cart is all that it holds.
                message.kind = None;
            }
            record.order = order.map(|order| part::order(*order));
            record.message = Some(message);
        }
        EventName::StoryMentioned => {
            let mut message = *item.message.unwrap_or_default();
            record.order = item.order.or(message.order.take()).map(|order| part::order(*order));
            record.message = Some(message::story_mention(message, item.referral, item.lead, platform));
        }
        EventName::MessageDeleted => {
            record.message = Some(message::deleted(there(item.message, "message")?));
        }
        EventName::MessageEdited => {
            record.message = Some(message::edited(there(item.message_edit, "message_edit")?));
        }
        EventName::ReactionAdded | EventName::ReactionRemoved => {
            record.reaction = Some(part::reaction(there(item.reaction, "reaction")?));
        }
        EventName::PostbackReceived => {
            let mut postback = there(item.postback, "postback")?;
            let referral = postback.referral.take().or(item.referral);
            record.postback = Some(part::postback(postback));
            record.referral = referral.map(|referral| part::referral(*referral, item.lead));
        }
        EventName::ReferralReceived => {
            record.referral = Some(part::referral(there(item.referral, "referral")?, item.lead));
        }
        EventName::OrderReceived => record.order = Some(part::order(there(item.order, "order")?)),
        EventName::ThreadPassed => {
            record.thread = Some(part::thread(there(item.pass_thread_control, "pass_thread_control")?));
        }
        EventName::ThreadTaken => {
            record.thread = Some(part::thread(there(item.take_thread_control, "take_thread_control")?));
        }
        EventName::ThreadRequested => {
            let request = there(item.request_thread_control, "request_thread_control")?;
            record.thread = Some(part::thread_request(request));
        }
        EventName::OptinReceived => record.optin = Some(part::optin(there(item.optin, "optin")?)),
        EventName::MessageRead => record.receipt = Some(part::read(there(item.read, "read")?)),
        EventName::MessageDelivered => {
            record.receipt = Some(part::delivered(there(item.delivery, "delivery")?));
        }
        // What is said in public is no messaging item.
        EventName::CommentReceived | EventName::MentionReceived => {}
    }
    Ok(())
}

fn there<T>(member: Option<Box<T>>, name: &'static str) -> Result<T, NormaliseError> {
    member.map(|member| *member).ok_or(NormaliseError::MemberMissing(name))
}
