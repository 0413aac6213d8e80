//! Attachments of messages, of every type that Meta sends and of those that it does not send yet.

use super::super::lenient::{id, text};
use super::model::{filled, model, number, object, raw, words};
use serde_json::value::RawValue;

model! {
    /// An attachment. Its type is an open set: new ones appear every year.
    pub struct Attachment {
        /// Meta's word for it: `image`, `video`, `audio`, `file`, `share`, `sticker`, `story_mention`, `ig_reel`,
        /// `reel`, `ig_post`, `post`, `ig_story`, `story`, `media`, `like_heart`, `ephemeral`, `template`, `fallback`,
        /// `location`, `appointment_booking`, `unsupported_type`, or one that is not known yet.
        pub kind: Option<String> = text("type"),
        /// A title on the attachment itself, as `fallback`, `location` and `template` of pages have it.
        pub title: Option<String> = words("title"),
        /// A link on the attachment itself, as `fallback` and `location` of pages have it.
        pub url: Option<String> = filled("url"),
        /// The payload verbatim: an object; a string for some `fallback`s; absent for `ephemeral` and `like_heart`.
        pub payload: Option<Box<RawValue>> = raw("payload"),
    }
}

model! {
    /// What the payloads of all types hold; each type has some of it.
    pub struct Payload {
        /// Where the media or the shared thing is. Media is on Meta's CDN and expires; the link of a reel may be
        /// relative (`/reel/…`).
        pub url: Option<String> = filled("url"),
        /// Title or caption of what is shared.
        pub title: Option<String> = words("title"),
        /// The sticker of `sticker`, and of `image` where that is one.
        pub sticker_id: Option<String> = id("sticker_id"),
        /// The shared post of `post`; Messenger platform, a number.
        pub id: Option<String> = id("id"),
        /// The shared post of `ig_post`.
        pub ig_post_media_id: Option<String> = id("ig_post_media_id"),
        /// The shared reel of `ig_reel` (a string) and `reel` (a number).
        pub reel_video_id: Option<String> = id("reel_video_id"),
        /// The shared story of `ig_story`.
        pub story_media_id: Option<String> = id("story_media_id"),
        /// Where the media of a shared story is; `ig_story` has no `url`.
        pub story_media_url: Option<String> = filled("story_media_url"),
        /// The place of `location`.
        pub coordinates: Option<Coordinates> = object("coordinates"),
    }
}

model! {
    /// A place on earth, WGS 84.
    pub struct Coordinates {
        /// Latitude in degrees, north positive.
        pub lat: Option<f64> = number("lat"),
        /// Longitude in degrees, east positive.
        pub long: Option<f64> = number("long"),
    }
}

impl Attachment {
    /// The payload's members; empty where the payload is no object.
    pub fn content(&self) -> Payload {
        self.payload.as_ref().and_then(|payload| serde_json::from_str(payload.get()).ok()).unwrap_or_default()
    }
}

impl Payload {
    /// The id of what is shared, under whichever name the type has for it.
    pub fn shared_id(&self) -> Option<&str> {
        [&self.ig_post_media_id, &self.reel_video_id, &self.story_media_id, &self.id]
            .into_iter()
            .find_map(Option::as_deref)
    }
}
