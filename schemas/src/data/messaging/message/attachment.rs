//! Attachments of messages, of every type that Meta sends and of those that it does not send yet.

use super::template::{Button, Element, ProductTemplate};
use crate::data::model::model;
use crate::inbox::Platform;
use crate::time::Millis;
use serde_json::value::RawValue;

model! {
    /// An attachment. Its type is an open set: new ones appear every year. Source: Instagram messaging and
    /// Messenger platform, `messages`.
    pub struct Attachment {
        /// Meta's word for it. Always present.
        pub kind: Option<String> = text("type") in [
            "image", "video", "audio", "file", "share", "sticker", "story_mention", "ig_reel", "reel", "ig_post",
            "post", "ig_story", "story", "media", "like_heart", "ephemeral", "template", "fallback", "location",
            "appointment_booking", "unsupported_type",
        ],
        /// A title on the attachment itself. Present in `fallback`, `location` and `template` of pages.
        pub title: Option<String> = words("title"),
        /// A link on the attachment itself. Present in `fallback` and `location` of pages.
        pub url: Option<String> = filled("url"),
        /// The payload: an object; a string or null for some `fallback`s. Absent from `ephemeral` and
        /// `like_heart`.
        pub payload: Option<Box<RawValue>> = raw("payload") like Payload,
    }
}

model! {
    /// What the payloads of all types hold; each type has some of it.
    pub struct Payload {
        /// Where the media or the shared thing is. Media is on Meta's CDN and expires; the link of a reel may be
        /// relative (`/reel/…`). Present in all types but `ig_story`, `location`, `template` and
        /// `appointment_booking`.
        pub url: Option<String> = filled("url"),
        /// Title or caption of what is shared. Present in `ig_post`, `post`, `ig_reel`, `reel` and `fallback`,
        /// where there is one.
        pub title: Option<String> = words("title"),
        /// The sticker; a number. Present in `sticker`, and in `image` where that is one.
        pub sticker_id: Option<String> = id("sticker_id"),
        /// The shared post; a number. Present in `post`, and in `ig_post` where `ig_post_media_id` is absent.
        /// Source: Messenger platform.
        pub id: Option<String> = id("id"),
        /// The shared post. Present in `ig_post`.
        pub ig_post_media_id: Option<String> = id("ig_post_media_id"),
        /// The shared reel; a string or a number. Present in `ig_reel` and `reel`.
        pub reel_video_id: Option<String> = id("reel_video_id"),
        /// The shared story. Present in `ig_story`.
        pub story_media_id: Option<String> = id("story_media_id"),
        /// Where the media of a shared story is; it expires. Present in `ig_story`, which has no `url`.
        pub story_media_url: Option<String> = filled("story_media_url"),
        /// The place. Present in `location`.
        pub coordinates: Option<Coordinates> = object("coordinates"),
        /// The sort of template. Present in `template`, but in those of products and in Instagram's.
        pub template_type: Option<String> = text("template_type") in ["generic", "button", "customer_information"],
        /// The text of the template. Present in a `button` template.
        pub text: Option<String> = words("text"),
        /// The buttons of the template, in order. Present in a `button` template.
        pub buttons: Vec<Button> = list("buttons"),
        /// The elements of the template, in order. Present in a `generic` template.
        pub elements: Vec<Element> = list("elements"),
        /// The products that the template shows. Present in a `template` without `template_type`.
        pub product: Option<ProductTemplate> = object("product"),
        /// Whether the template may be passed on. Present in a `generic` template.
        pub sharable: bool = flag("sharable"),
        /// Meta's id of what was uploaded for the template; a number. Present in a `template` of an echo, at
        /// times.
        pub attachment_id: Option<String> = id("attachment_id"),
        /// The booking. Present in `appointment_booking`. Source: Messenger platform, 2026.
        pub booking_id: Option<String> = id("booking_id"),
        /// How far the booking is. Present in `appointment_booking`.
        pub status: Option<String> = text("status") in ["requested", "confirmed", "declined", "cancelled"],
        /// When the appointment begins, in seconds. Present in `appointment_booking`.
        pub start_time: Option<Millis> = millis("start_time"),
        /// When the appointment ends, in seconds. Present in `appointment_booking`.
        pub end_time: Option<Millis> = millis("end_time"),
        /// The time zone of the appointment, such as `Europe/Lisbon`. Present in `appointment_booking`.
        pub timezone: Option<String> = text("timezone"),
    }
}

model! {
    /// A place on earth, WGS 84.
    pub struct Coordinates {
        /// Latitude in degrees, north positive. Always present.
        pub lat: Option<f64> = number("lat"),
        /// Longitude in degrees, east positive. Always present.
        pub long: Option<f64> = number("long"),
    }
}

impl Attachment {
    /// The payload's members; empty where the payload is no object.
    pub fn content(&self) -> Payload {
        self.payload.as_ref().and_then(|payload| serde_json::from_str(payload.get()).ok()).unwrap_or_default()
    }

    /// Where what is attached is, with `content` as the payload's members; whoever names it names it so. Meta gives the links of some
    /// reels without the host.
    pub fn link(&self, content: &Payload, platform: Platform) -> Option<String> {
        let url = content.url.as_ref().or(content.story_media_url.as_ref()).or(self.url.as_ref())?;
        let host = match platform {
            _ if !url.starts_with('/') || url.starts_with("//") => "",
            Platform::Instagram => "https://www.instagram.com",
            Platform::Facebook => "https://www.facebook.com",
        };
        Some(format!("{host}{url}"))
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
