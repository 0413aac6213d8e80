//! What the Graph API says about an event: the member `lookup` of enriched comments and mentions.

pub use crate::word::Open;

use crate::event::Unreadable;
use crate::word::words;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What became of looking an event up: the member `lookup` of the enriched event, beside the members of the event.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Lookup<'a> {
    /// Path and query of the call, without host and token; null where nothing was asked. Always present.
    pub asked: Option<Cow<'a, str>>,
    /// What the Graph API answered, verbatim; its error where the object is gone; null where nothing was asked. Always
    /// present.
    #[serde(borrow)]
    #[cfg_attr(feature = "json-schema", schemars(extend("type" = crate::json_schema::ANY)))]
    pub answer: Option<&'a RawValue>,
    /// When it answered, or when it was decided not to ask; RFC 3339 in UTC with milliseconds. Always present.
    #[serde(borrow)]
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "date-time")))]
    pub at: Cow<'a, str>,
    /// How it went. Always present.
    pub status: Open<Status>,
    /// Why nothing was asked. Present with the status `skipped` only.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'a, str>>,
    /// Whether the answer is an older one, kept for a while. Always present.
    pub cached: bool,
    /// The media that is commented on, from an earlier answer. Present where `answer` names it by its id alone.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub media: Option<KnownMedia<'a>>,
}

/// What the Graph API said of a media when it was last asked, about another comment on it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct KnownMedia<'a> {
    /// The media, verbatim. Always present.
    #[serde(borrow)]
    #[cfg_attr(feature = "json-schema", schemars(extend("type" = crate::json_schema::ANY)))]
    pub answer: &'a RawValue,
    /// When that was said; RFC 3339 in UTC with milliseconds. Always present.
    #[serde(borrow)]
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "date-time")))]
    pub at: Cow<'a, str>,
}

words! {
    /// How a lookup went.
    pub enum Status {
        /// The answer holds what was asked for.
        Found = "found",
        /// The object is gone, or the account's token may not see it.
        Gone = "gone",
        /// Nothing was asked.
        Skipped = "skipped",
    }
}

impl<'a> Lookup<'a> {
    /// Reads the lookup of an enriched record's value; [`TypedEvent::read`](crate::TypedEvent::read) reads the rest.
    ///
    /// # Errors
    ///
    /// Where the record has no value, or no lookup.
    pub fn read(value: Option<&'a [u8]>) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Enriched<'a> {
            #[serde(borrow)]
            lookup: Lookup<'a>,
        }
        let value = value.ok_or(Unreadable::Null)?;
        let enriched: Enriched<'a> = serde_json::from_slice(value).map_err(Unreadable::Malformed)?;
        Ok(enriched.lookup)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_is_read_beside_the_event() {
        let value = br#"{"id":"3f","lookup":{"asked":"v26.0/17?fields=id","answer":{"id":17},"at":"2025-07-18T10:35:10.000Z","status":"found","cached":false}}"#;
        let lookup = Lookup::read(Some(value)).unwrap();
        assert_eq!(lookup.answer.map(RawValue::get), Some(r#"{"id":17}"#));
        assert_eq!(lookup.status, Status::Found.into());
        assert_eq!(lookup.reason, None);
    }

    #[test]
    fn a_status_that_comes_later_is_no_error() {
        let value = br#"{"lookup":{"asked":null,"answer":null,"at":"","status":"postponed","cached":false}}"#;
        assert_eq!(Lookup::read(Some(value)).unwrap().status, Open::Other("postponed".to_owned()));
    }

    #[test]
    fn a_status_has_one_word() {
        for status in Status::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }

    #[test]
    fn an_event_without_a_lookup_is_unreadable() {
        assert!(matches!(Lookup::read(None), Err(Unreadable::Null)));
        assert!(matches!(Lookup::read(Some(b"{}")), Err(Unreadable::Malformed(_))));
    }
}
