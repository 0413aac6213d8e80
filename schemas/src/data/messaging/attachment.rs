//! Attachments of messages, of every type that Meta sends and of those that it does not send yet.

use super::super::model::model;
use super::template::{Button, Element, ProductTemplate};
use crate::time::Millis;
use serde_json::value::RawValue;

model! {
    /// An attachment. Its type is an open set: new ones appear every year.
    pub struct Attachment {
        /// Meta's word for it.
        pub kind: Option<String> = text("type") in [
            "image", "video", "audio", "file", "share", "sticker", "story_mention", "ig_reel", "reel", "ig_post",
            "post", "ig_story", "story", "media", "like_heart", "ephemeral", "template", "fallback", "location",
            "appointment_booking", "unsupported_type",
        ],
        /// A title on the attachment itself, as `fallback`, `location` and `template` of pages have it.
        pub title: Option<String> = words("title"),
        /// A link on the attachment itself, as `fallback` and `location` of pages have it.
        pub url: Option<String> = filled("url"),
        /// The payload verbatim: an object; a string for some `fallback`s; absent for `ephemeral` and `like_heart`.
        pub payload: Option<Box<RawValue>> = raw("payload") like Payload,
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
        /// The sort of `template`.
        pub template_type: Option<String> = text("template_type") in ["generic", "button", "customer_information"],
        /// The text of a `button` template.
        pub text: Option<String> = words("text"),
        /// The buttons of a `button` template, in order.
        pub buttons: Vec<Button> = list("buttons"),
        /// The elements of a `generic` template, in order.
        pub elements: Vec<Element> = list("elements"),
        /// The products of a template that shows some; such a template has no `template_type`.
        pub product: Option<ProductTemplate> = object("product"),
        /// Whether a `generic` template may be passed on.
        pub sharable: bool = flag("sharable"),
        /// Meta's id of what was uploaded for a template; a number.
        pub attachment_id: Option<String> = id("attachment_id"),
        /// The booking of `appointment_booking`. Source: Messenger platform, 2026.
        pub booking_id: Option<String> = id("booking_id"),
        /// How far the booking is.
        pub status: Option<String> = text("status") in ["requested", "confirmed", "declined", "cancelled"],
        /// When the appointment begins, in seconds.
        pub start_time: Option<Millis> = millis("start_time"),
        /// When the appointment ends, in seconds.
        pub end_time: Option<Millis> = millis("end_time"),
        /// The time zone of the appointment, such as `Europe/Lisbon`.
        pub timezone: Option<String> = text("timezone"),
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
