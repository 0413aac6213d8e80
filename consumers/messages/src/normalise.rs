//! Turns a typed event into an inbox record: a pure function.

mod attachment;
mod conversation;
mod message;
mod part;
mod parties;
mod public;
mod window;

use parties::Parties;
use schemas::data::comment::Comment;
use schemas::data::feed::FeedChange;
use schemas::data::page_mention::PageMention;
use schemas::inbox::{EventName, Platform, Record};
use schemas::{Kind, KindSpec, Millis, Model, TypedEvent, Unreadable};
use std::borrow::Cow;

/// Why an event that should have an inbox record cannot be given one.
#[derive(Debug, thiserror::Error)]
pub enum NormaliseError {
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

impl NormaliseError {
    /// The word for `weir_dlq_reason`.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Unreadable(_) | Self::NoTime => "not_an_event",
            Self::MemberMissing(_) => "not_of_its_kind",
        }
    }
}

/// The inbox record of an event, with the name of what happened; `None` for an event that has no place in an inbox: of
/// another kind, of a kind that this version does not know, of another channel, an edit that is none, or what happens on a
/// page's wall beside new comments and mentions.
pub fn normalise(event: &TypedEvent<'_>) -> Result<Option<(EventName, Box<Record>)>, NormaliseError> {
    let (Some(kind), Some(platform)) = (event.kind(), Platform::of_object(&event.metaobject)) else {
        return Ok(None);
    };
    let KindSpec { inbox: Some(mut name), data, .. } = *kind.kind.spec() else { return Ok(None) };
    let account = event.metaaccount.as_deref();
    let mut record;
    match data {
        Model::Comment => {
            let comment: Comment = event.data()?;
            record = envelope(event, platform, name, public::commented(&comment, account))?;
            record.comment = Some(public::comment(comment, kind.kind == Kind::CommentLive));
        }
        Model::Feed => {
            let change: FeedChange = event.data()?;
            if !change.is_new_comment() {
                return Ok(None);
            }
            record = envelope(event, platform, name, public::commented_on_page(&change, account))?;
            record.comment = Some(public::comment_on_page(change));
        }
        Model::Mention => {
            let mention = public::mention(event.data()?);
            record = envelope(event, platform, name, public::mentioned(account))?;
            record.mention = Some(mention);
        }
        Model::PageMention => {
            let mention: PageMention = event.data()?;
            if !mention.is_new() {
                return Ok(None);
            }
            record = envelope(event, platform, name, public::mentioned_page(&mention, account))?;
            record.mention = Some(public::mention_of_page(mention));
        }
        Model::Messaging => {
            let Some(named) = conversation::normalise(event, name, platform)? else { return Ok(None) };
            (name, record) = named;
        }
        Model::StoryInsights
        | Model::Rating
        | Model::Lead
        | Model::TemplateStatus
        | Model::DashboardTest
        | Model::Unknown => return Ok(None),
    }
    record.standby = kind.standby;
    Ok(Some((name, record)))
}

/// What every record has.
fn envelope(
    event: &TypedEvent<'_>,
    platform: Platform,
    name: EventName,
    parties: Parties,
) -> Result<Box<Record>, NormaliseError> {
    let read = |time: &Option<Cow<'_, str>>| time.as_deref().and_then(Millis::parse);
    let received = read(&event.recordedtime);
    let time = read(&event.time).or(received).ok_or(NormaliseError::NoTime)?;
    Ok(Box::new(Record {
        id: event.id.clone().into_owned(),
        platform: platform.into(),
        event: name.into(),
        account: event.metaaccount.as_deref().map(str::to_owned),
        window_ends_at: window::end(name, parties.direction, time).map(|end| end.to_string()),
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
        order: None,
        thread: None,
        optin: None,
        receipt: None,
        comment: None,
        mention: None,
        signature_verified: true,
        standby: false,
        test: event.metatest,
    }))
}

#[cfg(test)]
mod tests;
