//! An attachment of a message.

use super::word::MessageType;
use crate::word::Open;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    #[cfg_attr(feature = "json-schema", schemars(extend("type" = crate::json_schema::ANY)))]
    pub payload: Option<Value>,
}
