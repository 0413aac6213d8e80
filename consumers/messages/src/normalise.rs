//! Turns a typed event into an inbox record: a pure function.

mod attachment;
mod message;
mod part;
mod parties;

use parties::Parties;
use schemas::data::messaging::Messaging;
use schemas::inbox::{EventName, Platform, Record};
use schemas::{Kind, Millis, TypedEvent, Unreadable};
use std::borrow::Cow;

/// Why an event that should have an inbox record cannot be given one.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// The record, or its `data`, is not what a typed event is.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// It has no time at all; ingest always writes when it received the event.
    #[error("neither `time` nor `recordedtime` is a time in RFC 3339")]
    NoTime,
    /// The member that its kind is told by is not in `data`.
    #[error("`data` has no object `{0}`, which its kind is told by")]
    MemberMissing(&'static str),
}

impl Unfit {
    /// The word for `weir_dlq_reason`.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Unreadable(_) | Self::NoTime => "not_an_event",
            Self::MemberMissing(_) => "not_of_its_kind",
        }
    }
}

/// The inbox record of an event, with the name of what happened; `None` for an event that has no place in an inbox: of
/// another kind, of a kind that this version does not know, or of another channel.
pub fn normalise(event: &TypedEvent<'_>) -> Result<Option<(EventName, Record)>, Unfit> {
    let (Some(kind), Some(platform)) = (event.kind(), platform(&event.metaobject)) else { return Ok(None) };
    let Some(name) = name(kind.kind) else { return Ok(None) };
    let item: Messaging = event.data()?;
    let parties = Parties::of(&item, event.metaaccount.as_deref(), kind.kind == Kind::MessageEcho);
    let name = if parties.is_outgoing() { as_sent(name) } else { name };
    let mut record = Record { standby: kind.standby, ..envelope(event, platform, name, parties)? };
    fill(&mut record, kind.kind, &item, platform)?;
    Ok(Some((name, record)))
}

/// Puts the parts into the record that its kind has.
fn fill(record: &mut Record, kind: Kind, item: &Messaging, platform: Platform) -> Result<(), Unfit> {
    let message = || there(item.message.as_ref(), "message");
    match kind {
        Kind::StoryMention => record.message = Some(message::story_mention(item, platform)),
        Kind::MessageDeleted => record.message = Some(message::deleted(message()?)),
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
            record.referral = referral.map(|referral| part::referral(referral, None));
        }
        Kind::Referral => {
            let referral = there(item.referral.as_ref(), "referral")?;
            record.referral = Some(part::referral(referral, item.lead.as_ref()));
        }
        _ => record.message = Some(message::message(item, message()?, platform)),
    }
    Ok(())
}

/// What every record has.
fn envelope(
    event: &TypedEvent<'_>,
    platform: Platform,
    name: EventName,
    parties: Parties,
) -> Result<Record, Unfit> {
    let read = |time: &Option<Cow<'_, str>>| time.as_deref().and_then(Millis::parse);
    let received = read(&event.recordedtime);
    let time = read(&event.time).or(received).ok_or(Unfit::NoTime)?;
    Ok(Record {
        id: event.id.clone().into_owned(),
        platform: platform.into(),
        event: name.into(),
        account: event.metaaccount.as_deref().map(str::to_owned),
        from: parties.from,
        to: parties.to,
        direction: parties.direction.map(Into::into),
        timestamp: time.as_secs(),
        occurred_at: time.to_string(),
        received_at: received.map(|time| time.to_string()),
        message: None,
        reaction: None,
        postback: None,
        referral: None,
        signature_verified: true,
        standby: false,
        test: event.metatest,
    })
}

fn platform(metaobject: &str) -> Option<Platform> {
    match metaobject {
        "instagram" => Some(Platform::Instagram),
        "page" => Some(Platform::Facebook),
        _ => None,
    }
}

/// The name of what happened; `None` for kinds that are nothing people say or do to each other.
const fn name(kind: Kind) -> Option<EventName> {
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
        _ => return None,
    })
}

/// The name of what the account itself sent, which is never that of a customer's message.
const fn as_sent(name: EventName) -> EventName {
    match name {
        EventName::MessageReceived | EventName::StoryMentioned => EventName::MessageSent,
        other => other,
    }
}

fn there<'a, T>(member: Option<&'a T>, name: &'static str) -> Result<&'a T, Unfit> {
    member.ok_or(Unfit::MemberMissing(name))
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
