//! The enriched event: the event as it came, with `lookup` beside `data`.

use serde::Serialize;
use serde_json::value::RawValue;

/// What became of looking an event up: the member `lookup` of the enriched event.
#[derive(Debug, Serialize)]
pub struct Lookup<'a> {
    /// Path and query of the call, without host and token; null where nothing was asked.
    pub asked: Option<&'a str>,
    /// What the Graph API answered, verbatim; its error where the object is gone; null where nothing was asked.
    pub answer: Option<&'a RawValue>,
    /// When it answered, or when it was decided not to ask; RFC 3339 with milliseconds.
    pub at: &'a str,
    /// How it went.
    pub status: Status,
    /// Why nothing was asked; present in skipped ones only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    /// Whether the answer is an older one, kept for a while.
    pub cached: bool,
}

/// How a lookup went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The answer holds what was asked for.
    Found,
    /// The object is gone, or the account's token may not see it.
    Gone,
    /// Nothing was asked.
    Skipped,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Found, Self::Gone, Self::Skipped];

    /// The word in the event, and in a metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Gone => "gone",
            Self::Skipped => "skipped",
        }
    }
}

/// `event` with `lookup` as its last member, every other byte as it was; `None` where it is no JSON object.
///
/// # Panics
///
/// Never: a lookup is made of what JSON can say.
pub fn append(event: &[u8], lookup: &Lookup<'_>) -> Option<Vec<u8>> {
    let members = event.trim_ascii().strip_prefix(b"{")?.strip_suffix(b"}")?;
    let separator: &[u8] = if members.trim_ascii().is_empty() { b"" } else { b"," };
    let lookup = serde_json::to_vec(lookup).expect("a lookup is made of strings, a flag and JSON");
    Some([b"{", members, separator, br#""lookup":"#, &lookup, b"}"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SKIPPED: Lookup<'_> = Lookup {
        asked: None,
        answer: None,
        at: "2025-07-18T10:35:10.000Z",
        status: Status::Skipped,
        reason: Some("test_event"),
        cached: false,
    };

    fn appended(event: &str, lookup: &Lookup<'_>) -> Option<String> {
        append(event.as_bytes(), lookup).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn the_members_stay_as_they_were() {
        let event = "{ \"id\" : \"\\u00e4\",\n\"data\":{\"n\":1.50, \"x\":\"}\"} }";
        let enriched = appended(&format!("  {event}\n"), &SKIPPED).unwrap();
        let lookup = r#"{"asked":null,"answer":null,"at":"2025-07-18T10:35:10.000Z","status":"skipped","reason":"test_event","cached":false}"#;
        let members = event.strip_suffix('}').unwrap();
        assert_eq!(enriched, format!("{members},\"lookup\":{lookup}}}"));
    }

    #[test]
    fn the_answer_stands_in_it_verbatim() {
        let answer: &RawValue = serde_json::from_str("{ \"id\":17, \"text\":\"\\u00e4\\/\" }").unwrap();
        let lookup = Lookup {
            asked: Some("v26.0/17?fields=id"),
            answer: Some(answer),
            status: Status::Found,
            reason: None,
            ..SKIPPED
        };
        assert_eq!(
            appended("{}", &lookup).unwrap(),
            r#"{"lookup":{"asked":"v26.0/17?fields=id","answer":{ "id":17, "text":"\u00e4\/" },"at":"2025-07-18T10:35:10.000Z","status":"found","cached":false}}"#
        );
    }

    #[test]
    fn what_is_no_object_cannot_be_enriched() {
        for event in ["", "[1]", "null", "{", "\"{}\""] {
            assert_eq!(appended(event, &SKIPPED), None, "{event}");
        }
    }

    #[test]
    fn a_status_has_one_word() {
        for status in Status::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }
}
