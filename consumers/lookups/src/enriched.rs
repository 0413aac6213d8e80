//! The enriched event: the event as it came, with `lookup` beside `data`.

/// `event` with `lookup`, which is JSON, as its last member, every other byte as it was; `None` where it is no JSON object.
pub(crate) fn append(event: &[u8], lookup: &[u8]) -> Option<Vec<u8>> {
    let members = event.trim_ascii().strip_prefix(b"{")?.strip_suffix(b"}")?;
    let separator: &[u8] = if members.trim_ascii().is_empty() { b"" } else { b"," };
    Some([b"{", members, separator, br#""lookup":"#, lookup, b"}"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::lookup::{Lookup, Open, Status};
    use serde_json::value::RawValue;
    use std::borrow::Cow;

    const SKIPPED: Lookup<'_> = Lookup {
        asked: None,
        answer: None,
        at: Cow::Borrowed("2025-07-18T10:35:10.000Z"),
        status: Open::Known(Status::Skipped),
        reason: Some(Cow::Borrowed("test_event")),
        cached: false,
        media: None,
    };

    fn appended(event: &str, lookup: &Lookup<'_>) -> Option<String> {
        let lookup = serde_json::to_vec(lookup).unwrap();
        append(event.as_bytes(), &lookup).map(|bytes| String::from_utf8(bytes).unwrap())
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
            asked: Some("v26.0/17?fields=id".into()),
            answer: Some(answer),
            status: Status::Found.into(),
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
}
