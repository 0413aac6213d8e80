//! The message of an inbox record, with its attachments.

use super::part::Referral;
use super::word::MessageType;
use crate::word::Open;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A message: received, sent, edited, unsent, or a story's mention.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Message {
    /// What it is. Null where Meta gives no more than an id: unsent messages, and edits without text; and where all that it
    /// holds is a cart.
    #[serde(rename = "type")]
    pub kind: Option<Open<MessageType>>,
    /// Meta's id of it (`mid`), which the Send API returned for one that was sent.
    pub id: Option<String>,
    /// Its text; null where there is none. Of an edit the new text.
    pub body: Option<String>,
    /// Meta's id of the story that it answers, or that mentions the account; null with mentions, mostly.
    pub story_id: Option<String>,
    /// Where that story's media is; the link works for about a day.
    pub story_url: Option<String>,
    /// The account or page that the story mentions, where Meta names it; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mentioned_id: Option<String>,
    /// What it carries, in the order sent; what Meta describes twice is there once.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// The message that it answers inline. A story's answer has `story_id` and `story_url` instead.
    pub reply_to: Option<ReplyTo>,
    /// The quick reply that was tapped; its title is the body.
    pub quick_reply: Option<QuickReply>,
    /// The ad, link or shop product that the customer came from, or the referral that a story's mention came as; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<Referral>,
    /// How often it was edited, of `message.edited`; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_edit: Option<u64>,
    /// The app that sent it, of `message.sent` on pages; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    /// What the sending app put on it, of `message.sent` on pages; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
}

/// The message that another answers inline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct ReplyTo {
    /// Meta's id of the answered message.
    pub message_id: Option<String>,
    /// Whether the answered message is by the one who answers.
    #[serde(default)]
    pub is_self_reply: bool,
}

/// A tapped quick reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct QuickReply {
    /// What the app that offered it chose to get back.
    pub payload: Option<String>,
}

/// An attachment. Beside `type` and `url` it has what its type has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Attachment {
    /// What it is, in the words of `message.type`.
    #[serde(rename = "type")]
    pub kind: Open<MessageType>,
    /// Meta's word for it where that is another: `ig_reel`, `like_heart`, one that is not known yet, …; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta_type: Option<String>,
    /// Where the media or the shared thing is; media expires. Null where Meta gives none, as for media to be seen once.
    pub url: Option<String>,
    /// Its title or caption; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Meta's id of the shared post, reel or story; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Meta's id of the sticker; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticker_id: Option<String>,
    /// Latitude of a location in degrees, north positive; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// Longitude of a location in degrees, east positive; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
    /// Meta's payload where it holds more than the members above: templates, bookings, types that are not known yet;
    /// else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "json-schema",
        schemars(with = "Option<serde_json::Value>", extend("type" = crate::json_schema::ANY))
    )]
    pub payload: Option<AsWritten>,
}

/// Any JSON as it stands in its text, so that no number of it is rounded.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AsWritten(pub Box<RawValue>);

impl PartialEq for AsWritten {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}
