//! Reads a typed record back: what a consumer gets.

mod plain;

use crate::data::Data;
use crate::kind::EventKind;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A typed event as its record's value says it. Unknown members are ignored, so that later minor versions can add some.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct TypedEvent<'a> {
    /// Event id, 32 hex digits; the same event always has the same. Always present.
    #[serde(borrow)]
    #[cfg_attr(feature = "json-schema", schemars(extend("pattern" = "^[0-9a-f]{32}$")))]
    pub id: Cow<'a, str>,
    /// CloudEvents source: `/meta/{metaobject}/{metaaccount}`, without the latter where that is absent. Always present.
    #[serde(borrow)]
    pub source: Cow<'a, str>,
    /// CloudEvents type: `com.meta.{metaobject}.{kind}.v1`, or `com.meta.{metaobject}.standby.{kind}.v1` of what came while
    /// another app owned the thread. Always present.
    #[serde(borrow, rename = "type")]
    #[cfg_attr(feature = "json-schema", schemars(extend("pattern" = r"^com\.meta\.[a-z0-9_]+\.[a-z0-9_.]+\.v1$")))]
    pub event_type: Cow<'a, str>,
    /// The record's key: `{metaaccount}:` and user, media or post as the topic has it, `{metaaccount}` alone where the event
    /// names none. Absent where `metaaccount` is, and so is the key.
    #[serde(borrow, default, deserialize_with = "text")]
    pub subject: Option<Cow<'a, str>>,
    /// When it happened, as Meta says; RFC 3339 in UTC with milliseconds. Absent where Meta gives no usable time.
    #[serde(borrow, default, deserialize_with = "text")]
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "date-time")))]
    pub time: Option<Cow<'a, str>>,
    /// When ingest received it; RFC 3339 in UTC with milliseconds. Always present.
    #[serde(borrow, default, deserialize_with = "text")]
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "date-time")))]
    pub recordedtime: Option<Cow<'a, str>>,
    /// Meta's object: `instagram`, `page`, …; `other` where its name is not of `[a-z0-9_]{1,64}`. Always present.
    #[serde(borrow)]
    #[cfg_attr(feature = "json-schema", schemars(extend("pattern" = "^[a-z0-9_]{1,64}$")))]
    pub metaobject: Cow<'a, str>,
    /// The account or page that it concerns: the `id` of the entry. Absent where the entry has none, or one that is not of
    /// `[A-Za-z0-9_.-]{1,128}`.
    #[serde(borrow, default, deserialize_with = "text")]
    pub metaaccount: Option<Cow<'a, str>>,
    /// Where in the entry it stood: `messaging`, `standby`, `changes`, `entry`, `changed_fields`. Always present.
    #[serde(borrow)]
    #[cfg_attr(feature = "json-schema", schemars(schema_with = "crate::json_schema::carrier"))]
    pub metacarrier: Cow<'a, str>,
    /// The field of a change. Present with the carriers `changes` and `entry` only, where it is of `[A-Za-z0-9_.-]{1,128}`.
    #[serde(borrow, default, deserialize_with = "text")]
    pub metafield: Option<Cow<'a, str>>,
    /// Whether the dashboard's test button sent it. Always present.
    #[serde(default)]
    pub metatest: bool,
    /// `ce_id` of the raw record: the delivery that it came in. Always present.
    #[serde(borrow)]
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "uuid")))]
    pub deliveryid: Cow<'a, str>,
    /// Meta's own item, unchanged; a schema of each kind describes it. Always present; null where Meta's item is.
    #[serde(borrow)]
    #[cfg_attr(feature = "json-schema", schemars(extend("type" = crate::json_schema::ANY)))]
    pub data: &'a RawValue,
}

/// A text that may be absent, borrowed where it has no escapes: serde borrows an `Option<Cow>` for nobody.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    Ok(Option::<Text<'de>>::deserialize(deserializer)?.map(|Text(text)| text))
}

/// Why a record is no typed event.
#[derive(Debug)]
pub enum Unreadable {
    /// It has no value.
    Null,
    /// Its value is no JSON object with the members of a typed event; says where.
    Malformed(serde_json::Error),
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => formatter.write_str("the record has no value"),
            // The position only: the parser's own text may quote the value, which is people's words.
            Self::Malformed(error) => write!(
                formatter,
                "the value is no typed event ({} at line {} column {})",
                category(error),
                error.line(),
                error.column()
            ),
        }
    }
}

impl std::error::Error for Unreadable {}

fn category(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Io => "unreadable",
        serde_json::error::Category::Syntax => "no JSON",
        serde_json::error::Category::Data => "a member is missing or of another type",
        serde_json::error::Category::Eof => "it ends early",
    }
}

impl<'a> TypedEvent<'a> {
    /// Reads the value of a typed record.
    pub fn read(value: Option<&'a [u8]>) -> Result<Self, Unreadable> {
        let value = value.ok_or(Unreadable::Null)?;
        // Text is proven to be text once, and not string by string. What is none may still be read, and says where it fails.
        let event = match str::from_utf8(value) {
            Ok(text) => plain::read(text).map_or_else(|| serde_json::from_str(text), Ok),
            Err(_) => serde_json::from_slice(value),
        };
        event.map_err(Unreadable::Malformed)
    }

    /// The event's kind; `None` for one that this version does not know.
    pub fn kind(&self) -> Option<EventKind> {
        let rest = self.event_type.strip_prefix("com.meta.")?.strip_prefix(&*self.metaobject)?;
        rest.strip_prefix('.')?.strip_suffix(".v1")?.parse().ok()
    }

    /// Reads `data` as one of the models of [`crate::data`].
    pub fn data<T: Data>(&self) -> Result<T, Unreadable> {
        T::read(self.data).ok_or_else(|| Unreadable::Malformed(serde_json::Error::custom("not an object")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"id":"0","source":"/meta","type":"com.meta.page.message.v1","metaobject":"page",
        "metacarrier":"messaging","deliveryid":"0","data":{"a":1},"later":"MARK"}"#;

    #[test]
    fn bytes_that_are_no_text_are_passed_over_where_nobody_reads_them_and_refused_elsewhere() {
        let with = |mark: &str| {
            let (before, after) = EVENT.split_once(mark).unwrap();
            [before.as_bytes(), b"\xff", after.as_bytes()].concat()
        };
        assert_eq!(TypedEvent::read(Some(&with("MARK"))).unwrap().metaobject, "page");
        let refused = TypedEvent::read(Some(&with("page.message"))).unwrap_err().to_string();
        assert!(refused.starts_with("the value is no typed event (no JSON at line 1 column "), "{refused}");
    }
}
