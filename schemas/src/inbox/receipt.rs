//! The receipt of an inbox record.

use serde::{Deserialize, Serialize};

/// Which messages of the account were read or delivered: those named, or all up to a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Receipt {
    /// Meta's ids of the messages; none where the watermark says all.
    #[serde(default)]
    pub message_ids: Vec<String>,
    /// All messages up to then: RFC 3339 in UTC with milliseconds. Null where Instagram names the one message instead.
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "date-time")))]
    pub watermark: Option<String>,
}
