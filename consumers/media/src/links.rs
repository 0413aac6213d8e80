//! The links of a record that lead to media: which, in what order, and whose they are.

use schemas::data::messaging::{Attachment, Messaging, Story};
use schemas::inbox::Platform;
use schemas::lookup::{self, Lookup};
use schemas::media::Origin;
use schemas::profile::CustomerProfile;
use schemas::{Kind, Topic, TypedEvent, Unreadable, read_any};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Links of one record that are looked at; Instagram allows ten attachments in a message, so that more is no message.
const MOST_LINKS: usize = 64;

/// A link that leads to media.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) origin: Origin,
    pub(crate) url: String,
    /// Whether it may lead to a page or a text, as a file may be one: of a picture, a film or a sound those tell of a fault.
    pub(crate) may_be_text: bool,
}

/// What a record holds of links, and what it says of them all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// The event's id; none of a profile.
    pub(crate) event: Option<String>,
    pub(crate) account: String,
    /// `{account}:{user or media}`.
    pub(crate) subject: Option<String>,
    /// When ingest received it, as the event says.
    pub(crate) received: Option<String>,
    /// In their order, each once.
    pub(crate) links: Vec<Link>,
    /// What the ids of its records are made of.
    seed: Vec<String>,
}

/// One link of a record, and where it stands among its links.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LinkRef<'a> {
    pub(crate) source: &'a Source,
    pub(crate) index: usize,
    pub(crate) link: &'a Link,
}

/// Why no links can be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    /// It is no record of its topic.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// There are links, but nobody whose they are.
    #[error("the event has links and no account that they came to")]
    NoAccount,
}

impl Link {
    pub(crate) const fn media(origin: Origin, url: String) -> Self {
        Self { origin, url, may_be_text: false }
    }
}

impl Source {
    /// Reads the value of a record of `topic`; `None` where it has no links.
    pub(crate) fn read(topic: Topic, value: Option<&[u8]>) -> Result<Option<Self>, SourceError> {
        let source = if topic == Topic::Profiles { of_profile(value)? } else { of_event(topic, value)? };
        Ok(source.filter(|source| !source.links.is_empty()))
    }

    /// Its links, in their order.
    pub(crate) fn each(&self) -> impl Iterator<Item = LinkRef<'_>> {
        self.links.iter().enumerate().map(|(index, link)| LinkRef { source: self, index, link })
    }

    /// The user or media whose the links are, after the account: what stands behind the colon of the key.
    pub(crate) fn owner(&self) -> Option<&str> {
        self.subject.as_deref()?.split_once(':').map(|(_, owner)| owner)
    }
}

impl LinkRef<'_> {
    /// The id of the record about it: the same whenever the same event brings it.
    pub(crate) fn record_id(&self) -> String {
        let mut hash = Sha256::new();
        for part in self.source.seed.iter().chain([&self.index.to_string()]) {
            hash.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            hash.update(part);
        }
        let bits = hash.finalize()[..16].iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        format!("{bits:032x}")
    }
}

fn of_event(topic: Topic, value: Option<&[u8]>) -> Result<Option<Source>, SourceError> {
    let event = TypedEvent::read(value)?;
    let links = match topic {
        Topic::CommentsEnriched | Topic::MentionsEnriched => of_lookup(&Lookup::read(value)?),
        _ => of_conversation(&event),
    };
    let links = each_once(links);
    if links.is_empty() {
        return Ok(None);
    }
    let account = event.metaaccount.ok_or(SourceError::NoAccount)?.into_owned();
    Ok(Some(Source {
        seed: vec![event.id.to_string()],
        event: Some(event.id.into_owned()),
        account,
        subject: event.subject.map(Into::into),
        received: event.recordedtime.map(Into::into),
        links,
    }))
}

fn of_profile(value: Option<&[u8]>) -> Result<Option<Source>, SourceError> {
    // A customer was erased.
    let Some(value) = value else { return Ok(None) };
    let profile: CustomerProfile<'_> = serde_json::from_slice(value).map_err(Unreadable::Malformed)?;
    let person = profile.profile.and_then(|raw| read_any(raw.get()).ok());
    let picture = person.and_then(|person| Some(person["profile_pic"].as_str()?.to_owned()));
    let links = picture.map(|url| Link::media(Origin::ProfilePicture, url)).into_iter().collect();
    Ok(Some(Source {
        event: None,
        subject: Some(format!("{}:{}", profile.account, profile.user)),
        received: Some(profile.at.to_string()),
        links: each_once(links),
        seed: vec![profile.account.to_string(), profile.user.to_string(), profile.at.to_string()],
        account: profile.account.into_owned(),
    }))
}

fn of_conversation(event: &TypedEvent<'_>) -> Vec<Link> {
    // What was unsent is not to be kept, whatever Meta still says of it.
    let is_unsent = event.kind().is_some_and(|kind| kind.kind == Kind::MessageDeleted);
    let Some(platform) = Platform::of_object(&event.metaobject).filter(|_| !is_unsent) else {
        return Vec::new();
    };
    // Data of no shape that is known has no links that are.
    event.data().map(|item| of_messaging(&item, platform)).unwrap_or_default()
}

fn of_messaging(item: &Messaging, platform: Platform) -> Vec<Link> {
    let message = item.message.as_ref();
    let attached = message
        .into_iter()
        .flat_map(|message| &message.attachments)
        .filter_map(|attachment| attached(attachment, platform));
    let answered = message.and_then(|message| message.reply_to.as_ref()?.story.as_ref()).and_then(story);
    let mentioning = item.referral.as_ref().and_then(|referral| referral.story.as_ref()).and_then(story);
    attached.chain(answered).chain(mentioning).collect()
}

/// What an attachment leads to; that of a template, a place or a page of somebody's is no media.
fn attached(attachment: &Attachment, platform: Platform) -> Option<Link> {
    let kind = attachment.kind.as_deref().unwrap_or_default();
    let origin = match kind {
        "template" | "fallback" | "location" | "appointment_booking" => return None,
        "story_mention" => Origin::Story,
        "share" | "media" | "reel" | "ig_reel" | "post" | "ig_post" | "story" | "ig_story" => Origin::Share,
        _ => Origin::Attachment,
    };
    let url = attachment.link(&attachment.content(), platform)?;
    // A file is what its sender likes, and so may be what has no name yet.
    let may_be_text = origin == Origin::Attachment && !["image", "video", "audio", "sticker"].contains(&kind);
    Some(Link { may_be_text, ..Link::media(origin, url) })
}

fn story(story: &Story) -> Option<Link> {
    Some(Link::media(Origin::Story, story.url.clone()?))
}

/// The media and the stills of what the Graph API said, wherever its answer has them.
fn of_lookup(lookup: &Lookup<'_>) -> Vec<Link> {
    if lookup.status != lookup::Status::Found.into() {
        return Vec::new();
    }
    let answers = lookup.answer.into_iter().chain(lookup.media.as_ref().map(|known| known.answer));
    let mut urls = Vec::new();
    for answer in answers {
        collect(&read_any(answer.get()).unwrap_or_default(), &mut urls);
    }
    urls.into_iter().map(|url| Link::media(Origin::CommentMedia, url)).collect()
}

fn collect(value: &Value, urls: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, urls)),
        Value::Object(members) => {
            // A place among the links is part of an id, so it must not depend on how a map is kept.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            for (name, member) in members {
                match member.as_str() {
                    Some(url) if ["media_url", "thumbnail_url"].contains(&&**name) => {
                        urls.push(url.to_owned());
                    }
                    _ => collect(member, urls),
                }
            }
        }
        _ => {}
    }
}

/// Meta describes some things twice: a post as `share` and as `ig_post`.
fn each_once(links: Vec<Link>) -> Vec<Link> {
    let mut once: Vec<Link> = Vec::new();
    for link in links {
        if once.len() < MOST_LINKS && !link.url.is_empty() && once.iter().all(|known| known.url != link.url) {
            once.push(link);
        }
    }
    once
}

#[cfg(test)]
mod tests;
