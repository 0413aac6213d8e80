//! Attachments: Meta's many types in the words of the inbox.

use schemas::data::messaging::{self, Payload, Story};
use schemas::inbox::{AsWritten, Attachment, MessageType, Open, Platform};
use schemas::one_line;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::mem;

/// Members of a payload that an attachment of the inbox has, under these or other names.
const SAID: [&str; 9] = [
    "url",
    "title",
    "sticker_id",
    "id",
    "ig_post_media_id",
    "reel_video_id",
    "story_media_id",
    "story_media_url",
    "coordinates",
];

/// All attachments of a message, in order, each thing once.
///
/// Meta describes some things twice: a post as `share` and as `ig_post`, a sticker as `image` and as `sticker`. Two with one
/// link are one, by the word that says more, with what either says.
pub(super) fn all(attachments: Vec<messaging::Attachment>, platform: Platform) -> Vec<Attachment> {
    let mut normalised: Vec<Attachment> = Vec::with_capacity(attachments.len());
    let mut by_url = HashMap::new();
    for attachment in attachments.into_iter().map(|attachment| normalise(attachment, platform)) {
        let Some(url) = attachment.url.clone() else {
            normalised.push(attachment);
            continue;
        };
        let first = *by_url.entry(url).or_insert(normalised.len());
        match normalised.get_mut(first) {
            Some(known) if is_said_of(&attachment.kind, &known.kind) => complete(known, attachment),
            Some(known) if is_said_of(&known.kind, &attachment.kind) => {
                let poorer = mem::replace(known, attachment);
                complete(known, poorer);
            }
            _ => normalised.push(attachment),
        }
    }
    normalised
}

/// Whether Meta has this word, too, for what another word says more of.
fn is_said_of(word: &Open<MessageType>, richer: &Open<MessageType>) -> bool {
    use MessageType::{Image, Reel, Share, Sticker, Video};
    match (word, richer) {
        (Open::Known(Share), _)
        | (Open::Known(Image), Open::Known(Sticker))
        | (Open::Known(Video), Open::Known(Reel)) => true,
        _ => word == richer,
    }
}

/// Adds what only another description of the same thing says.
fn complete(known: &mut Attachment, other: Attachment) {
    known.title = known.title.take().or(other.title);
    known.id = known.id.take().or(other.id);
    known.sticker_id = known.sticker_id.take().or(other.sticker_id);
    known.latitude = known.latitude.or(other.latitude);
    known.longitude = known.longitude.or(other.longitude);
    known.payload = known.payload.take().or(other.payload);
}

/// A story that mentions the account, as it would be attached.
pub(super) fn of_story(story: &Story) -> Attachment {
    Attachment {
        kind: MessageType::StoryMention.into(),
        meta_type: None,
        url: story.url.clone(),
        title: None,
        id: story.id.clone(),
        sticker_id: None,
        latitude: None,
        longitude: None,
        payload: None,
    }
}

fn normalise(attachment: messaging::Attachment, platform: Platform) -> Attachment {
    let content = attachment.content();
    let url = attachment.link(&content, platform);
    let kind = kind(attachment.kind.as_deref(), &content);
    let id = content.shared_id().map(str::to_owned);
    let place = content.coordinates.unwrap_or_default();
    let title = [content.title, attachment.title];
    Attachment {
        kind: kind.into(),
        meta_type: attachment.kind.filter(|word| word != kind.as_str()),
        url,
        title: first(title),
        id,
        sticker_id: content.sticker_id,
        latitude: place.lat,
        longitude: place.long,
        payload: attachment.payload.and_then(|payload| what_else(payload.get())),
    }
}

fn kind(word: Option<&str>, content: &Payload) -> MessageType {
    match word.unwrap_or_default() {
        "image" if content.sticker_id.is_some() => MessageType::Sticker,
        "image" => MessageType::Image,
        "video" => MessageType::Video,
        "audio" => MessageType::Audio,
        "file" => MessageType::File,
        "sticker" => MessageType::Sticker,
        "share" | "media" | "story" | "ig_story" => MessageType::Share,
        "story_mention" => MessageType::StoryMention,
        "reel" | "ig_reel" => MessageType::Reel,
        "post" | "ig_post" => MessageType::Post,
        "like_heart" => MessageType::Like,
        "ephemeral" => MessageType::Ephemeral,
        "location" => MessageType::Location,
        "template" => MessageType::Template,
        "fallback" => MessageType::Fallback,
        _ => MessageType::Unsupported,
    }
}

/// The payload as it came, on one line, where it holds more than the attachment says; half a character in it, which would make the record
/// unreadable for many, is replaced.
fn what_else(payload: &str) -> Option<AsWritten> {
    let payload = RawValue::from_string(one_line(payload)).ok()?;
    let holds_more = match serde_json::from_str::<HashMap<String, &RawValue>>(payload.get()) {
        Ok(members) => members.keys().any(|name| !SAID.contains(&name.as_str())),
        // No object.
        Err(_) => payload.get() != "null",
    };
    holds_more.then_some(AsWritten(payload))
}

fn first<const N: usize>(texts: [Option<String>; N]) -> Option<String> {
    texts.into_iter().flatten().find(|text| !text.is_empty())
}
