//! The message of an inbox record.

use super::attachment::Attachment;
use super::part::Referral;
use super::word::MessageType;
use crate::word::Open;
use serde::{Deserialize, Serialize};

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
