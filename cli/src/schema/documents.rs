//! The JSON Schemas as they are committed, carried by the tool itself.

use schemas::EventKind;

/// Names, and the documents of `schemas/json` that they stand for.
macro_rules! documents {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../../schemas/json/", $name, ".v1.json")))),*]
    };
}

/// Every document: the whole shapes, then `data` of each kind in the order of the reference table.
pub(super) const ALL: &[(&str, &str)] = documents! {
    "envelope" "enriched" "inbox" "reply" "reply.result"
    "story_mention" "message.deleted" "message.unsupported" "message.echo" "message"
    "message.edited" "reaction.added" "reaction.removed" "postback" "referral"
    "optin" "account_linking" "game_play" "feedback" "response_feedback"
    "order" "payment" "checkout_update" "pre_checkout" "branded_camera"
    "thread.passed" "thread.taken" "thread.requested" "thread.metadata"
    "receipt.read" "receipt.delivered" "policy_enforcement" "app_roles" "comment"
    "comment.live" "mention.comment" "mention.caption" "story_insights" "feed"
    "page_mention" "rating" "lead" "template_status" "dashboard_test" "unknown"
};

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

    #[test]
    fn every_kind_has_one_and_nothing_else_does() {
        let names: Vec<_> = ALL.iter().map(|(name, _)| *name).collect();
        let mut expected = vec!["envelope", "enriched", "inbox", "reply", "reply.result"];
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
