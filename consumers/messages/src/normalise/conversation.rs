//! The records of what happens in a conversation.

use super::{NormaliseError, Parties, envelope, message, name, part};
use schemas::data::messaging::Messaging;
use schemas::inbox::{EventName, MessageType, Platform, Record};
use schemas::{Kind, TypedEvent};

/// The record of a messaging item; `None` for what Instagram sends as an edit of a new message.
pub(super) fn normalise(
    event: &TypedEvent<'_>,
    kind: Kind,
    name: EventName,
    platform: Platform,
) -> Result<Option<(EventName, Record)>, NormaliseError> {
    let item: Messaging = event.data()?;
    if item.message_edit.as_ref().is_some_and(|edit| edit.num_edit == Some(0)) && kind == Kind::MessageEdited
    {
        return Ok(None);
    }
    let parties = Parties::of(&item, event.metaaccount.as_deref(), kind);
    let name = name::within(name, &item, &parties);
    let mut record = envelope(event, platform, name, parties)?;
    fill(&mut record, kind, &item, platform)?;
    Ok(Some((name, record)))
}

/// Puts the parts into the record that its kind has.
fn fill(record: &mut Record, kind: Kind, item: &Messaging, platform: Platform) -> Result<(), NormaliseError> {
    match kind {
        Kind::MessageEdited => {
            let edit = there(item.message_edit.as_ref(), "message_edit")?;
            record.message = Some(message::edited(edit));
        }
        Kind::ReactionAdded | Kind::ReactionRemoved => {
            let reaction = there(item.reaction.as_ref(), "reaction")?;
            record.reaction = Some(part::reaction(reaction));
        }
        Kind::Postback => {
            let postback = there(item.postback.as_ref(), "postback")?;
            let referral = postback.referral.as_ref().or(item.referral.as_ref());
            record.postback = Some(part::postback(postback));
            record.referral = referral.map(|referral| part::referral(referral, item.lead.as_ref()));
        }
        Kind::Referral => {
            let referral = there(item.referral.as_ref(), "referral")?;
            record.referral = Some(part::referral(referral, item.lead.as_ref()));
        }
        Kind::Order => record.order = Some(part::order(there(item.order.as_ref(), "order")?)),
        Kind::ThreadPassed => {
            let control = there(item.pass_thread_control.as_ref(), "pass_thread_control")?;
            record.thread = Some(part::thread(control));
        }
        Kind::ThreadTaken => {
            let control = there(item.take_thread_control.as_ref(), "take_thread_control")?;
            record.thread = Some(part::thread(control));
        }
        Kind::ThreadRequested => {
            let request = there(item.request_thread_control.as_ref(), "request_thread_control")?;
            record.thread = Some(part::thread_request(request));
        }
        Kind::Optin => record.optin = Some(part::optin(there(item.optin.as_ref(), "optin")?)),
        Kind::ReceiptRead => record.receipt = Some(part::read(there(item.read.as_ref(), "read")?)),
        Kind::ReceiptDelivered => {
            record.receipt = Some(part::delivered(there(item.delivery.as_ref(), "delivery")?));
        }
        _ => fill_message(record, kind, item, platform)?,
    }
    Ok(())
}

/// A message, with the cart that stands in it or beside it.
fn fill_message(
    record: &mut Record,
    kind: Kind,
    item: &Messaging,
    platform: Platform,
) -> Result<(), NormaliseError> {
    let message = || there(item.message.as_ref(), "message");
    let mut normalised = match kind {
        Kind::StoryMention => message::story_mention(item, platform),
        Kind::MessageDeleted => message::deleted(message()?),
        _ => message::message(item, message()?, platform),
    };
    if kind != Kind::MessageDeleted
        && let Some(cart) = name::cart(item)
    {
        record.order = Some(part::order(cart));
        let is_cart_alone = normalised.kind == Some(MessageType::Unsupported.into());
        normalised.kind = normalised.kind.filter(|_| !is_cart_alone || !normalised.attachments.is_empty());
    }
    record.message = Some(normalised);
    Ok(())
}

fn there<'a, T>(member: Option<&'a T>, name: &'static str) -> Result<&'a T, NormaliseError> {
    member.ok_or(NormaliseError::MemberMissing(name))
}
