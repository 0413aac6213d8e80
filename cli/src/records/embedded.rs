//! JSON that others wrote, as a member of an object on one line.

use serde::Serialize;
use serde_json::value::RawValue;

/// As it is; a string where it is no JSON.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Embedded {
    Json(Box<RawValue>),
    Text(String),
}

impl Embedded {
    /// JSON has line breaks between tokens only: inside a string they are escaped.
    pub(crate) fn of(text: &str) -> Self {
        let json = RawValue::from_string(text.replace(['\n', '\r'], " "));
        json.map_or_else(|_| Self::Text(text.to_owned()), Self::Json)
    }
}
