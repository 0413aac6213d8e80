//! What became of attachments: the records of the topic `media`.

pub use crate::word::Open;

use crate::word::words;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What became of one link of an event: saved where, or why not. It may be written again with the same `id`: the latest counts,
/// and what was saved stays `saved`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct MediaRecord<'a> {
    /// The record's id, 32 hex digits; the same link of the same event always has the same. Always present.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// The event that the link stands in, by its `id`. Absent of a profile's picture.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Cow<'a, str>>,
    /// The link's place among those of the event, from 0; a link that stands there twice counts once. Always present.
    pub index: u32,
    /// The account or page that it came to. Always present.
    #[serde(borrow)]
    pub account: Cow<'a, str>,
    /// The record's key: `{account}:` and the user or media of the event. Absent where the event has no key.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Cow<'a, str>>,
    /// What the link leads to. Always present.
    pub origin: Open<Origin>,
    /// The link as the event has it. Absent where it is longer than 8,192 bytes.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Cow<'a, str>>,
    /// When the link dies, as far as it tells; RFC 3339 in UTC with milliseconds. Absent where it does not.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "date-time")))]
    pub expires: Option<Cow<'a, str>>,
    /// What became of it. Always present.
    pub status: Open<MediaStatus>,
    /// When that was; RFC 3339 in UTC with milliseconds. Always present.
    #[serde(borrow)]
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "date-time")))]
    pub at: Cow<'a, str>,
    /// Where it lies, below the address of the store. Present with the status `saved`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Cow<'a, str>>,
    /// The SHA-256 of its bytes in hex digits. Present with the status `saved`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Cow<'a, str>>,
    /// How many bytes it has. Present with the status `saved`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The MIME type that the server declared, which may be wrong. Present with the status `saved`, where it declared one.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<Cow<'a, str>>,
    /// The MIME type that its first bytes tell. Present with the status `saved`, where they tell one.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub sniffed: Option<Cow<'a, str>>,
    /// Its width in pixels. Present with the status `saved`, of a picture whose first bytes tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Its height in pixels. Present where `width` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Why it was not saved, in a word: `http_404` and the like, `expired`, `not_https`, `host`, `port`, `address`,
    /// `redirects`, `encoded`, `too_large`, `timed_out`, `connection`, `empty`, `page`. More may come. Present with every status but
    /// `saved`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'a, str>>,
}

impl<'a> MediaRecord<'a> {
    /// One with nothing but what every record has.
    pub fn new(
        id: Cow<'a, str>,
        index: u32,
        account: Cow<'a, str>,
        origin: Open<Origin>,
        status: Open<MediaStatus>,
        at: Cow<'a, str>,
    ) -> Self {
        Self {
            id,
            event: None,
            index,
            account,
            subject: None,
            origin,
            url: None,
            expires: None,
            status,
            at,
            key: None,
            sha256: None,
            bytes: None,
            declared: None,
            sniffed: None,
            width: None,
            height: None,
            reason: None,
        }
    }
}

words! {
    /// What a link leads to.
    pub enum Origin {
        /// What a message has attached: a picture, film, sound or file.
        Attachment = "attachment",
        /// A story that mentions the account, or that a message answers.
        Story = "story",
        /// A post, reel or story that a message shares.
        Share = "share",
        /// The media that a comment or mention is about.
        CommentMedia = "comment_media",
        /// A customer's picture.
        ProfilePicture = "profile_picture",
    }
}

words! {
    /// What became of a link.
    pub enum MediaStatus {
        /// What it leads to is in the store.
        Saved = "saved",
        /// It had died: there is nothing any more, or nothing for this link.
        Gone = "gone",
        /// It leads where nothing is fetched from.
        Refused = "refused",
        /// It leads to more bytes than are saved.
        TooLarge = "too_large",
        /// It was tried for `--media-patience`, without success.
        Failed = "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_and_an_origin_that_come_later_are_no_errors() {
        let json = r#"{"id":"0d","index":0,"account":"1784","origin":"sticker","status":"frozen","at":"","later":1}"#;
        let record: MediaRecord<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(record.status, Open::Other("frozen".to_owned()));
        assert_eq!(record.origin, Open::Other("sticker".to_owned()));
        assert_eq!(record.reason, None);
    }
}
