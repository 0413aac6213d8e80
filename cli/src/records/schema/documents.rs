//! The JSON Schemas as they are committed, carried by the tool itself.

use schemas::EventKind;

/// Every document with its name.
const ALL: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/documents.rs"));

/// The document of a name; `standby.` changes nothing before a kind that may come that way.
pub(super) fn named(name: &str) -> Option<&'static str> {
    let name = match name.parse::<EventKind>() {
        Ok(EventKind { kind, standby: true }) if kind.comes_on_standby() => kind.as_str(),
        _ => name,
    };
    ALL.iter().find(|(known, _)| *known == name).map(|(_, document)| *document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::Kind;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_one_and_nothing_else_does() {
        let names: BTreeSet<_> = ALL.iter().map(|(name, _)| *name).collect();
        let mut expected =
            BTreeSet::from(["envelope", "enriched", "inbox", "media", "profile", "reply", "reply.result"]);
        expected.extend(Kind::ALL.map(Kind::as_str));
        assert_eq!(names, expected);
    }

    #[test]
    fn every_document_is_a_schema_of_2020() {
        for (name, document) in ALL {
            let document: serde_json::Value = serde_json::from_str(document).unwrap();
            let dialect = document["$schema"].as_str();
            assert_eq!(dialect, Some("https://json-schema.org/draft/2020-12/schema"), "{name}");
        }
    }

    #[test]
    fn the_kinds_of_the_standby_channel_have_the_same_ones() {
        assert_eq!(named("standby.message"), named("message"));
        assert!(named("message").is_some());
        for name in [
            "telepathy",
            "standby.envelope",
            "standby.inbox",
            "standby.comment",
            "standby.",
            "standby.standby.message",
        ] {
            assert_eq!(named(name), None, "{name}");
        }
    }
}
