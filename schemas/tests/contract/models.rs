//! Every event of the fixtures reads into the model of its kind, and nothing that Meta says is lost on the way.

use crate::deliveries::{Typed, typed};
use crate::probe::{item, probe, text};
use schemas::data::Data;
use schemas::data::messaging::Messaging;
use schemas::{Kind, TypedEvent};
use serde_json::Value;
use std::collections::BTreeSet;

/// Each event with its model.
fn for_each(mut check: impl FnMut(&Typed, &Data<'_>, &Value)) {
    for typed in typed() {
        let event = TypedEvent::read(Some(&typed.value)).unwrap();
        assert_eq!(event.kind(), Some(typed.kind), "{}", typed.name);
        let data =
            Data::read(typed.kind.kind, event.data).unwrap_or_else(|error| panic!("{}: {error}", typed.name));
        check(&typed, &data, &serde_json::from_str(event.data.get()).unwrap());
    }
}

#[test]
fn what_matters_most_of_each_kind_is_read() {
    let mut read = BTreeSet::new();
    for_each(|typed, data, json| {
        let (pointer, from_model) = probe(typed.kind.kind);
        let expected = json.pointer(pointer).and_then(text);
        assert_eq!(from_model(data), expected, "{} {pointer}", typed.name);
        read.extend(expected.map(|_| typed.kind.kind));
    });
    assert_eq!(read, Kind::ALL.into(), "a kind has no fixture that shows it");
}

/// Strings and numbers of `value`, wherever they stand, with where.
fn leaves(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| leaves(value, &format!("{at}/{name}"), found));
        }
        Value::Array(elements) => elements.iter().for_each(|value| leaves(value, &format!("{at}/-"), found)),
        Value::String(text) => found.push((at.to_owned(), format!("{text:?}").trim_matches('"').to_owned())),
        Value::Number(number) => found.push((at.to_owned(), number.to_string())),
        _ => {}
    }
}

fn assert_all_told(name: &str, json: &Value, told: &str) {
    let mut found = Vec::new();
    leaves(json, "", &mut found);
    for (at, leaf) in found {
        assert!(told.contains(&leaf), "{name}: {leaf} of {at} is not in {told}");
    }
}

#[test]
fn nothing_that_meta_says_is_lost_on_the_model() {
    for_each(|typed, data, json| {
        let told = match data {
            Data::Unknown(_) => return,
            known => format!("{known:?}"),
        };
        let mut json = json.clone();
        // Kept verbatim, with its escapes.
        if let Some(message) = json.pointer_mut("/message").and_then(Value::as_object_mut) {
            message.remove("attachments");
        }
        assert_all_told(&typed.name, &json, &told);
    });
}

#[test]
fn nothing_that_attachments_say_is_lost_on_their_model() {
    for_each(|typed, data, json| {
        let attachments =
            item(data).and_then(|item| item.message.as_ref()).map(|message| &message.attachments);
        for (at, attachment) in attachments.into_iter().flatten().enumerate() {
            let mut json = json["message"]["attachments"][at].clone();
            assert_eq!(attachment.kind.as_deref(), json["type"].as_str());
            if attachment.kind.as_deref() == Some("hologram") {
                continue;
            }
            let payload = json.as_object_mut().unwrap().remove("payload").filter(Value::is_object);
            assert_all_told(&typed.name, &json, &format!("{attachment:?}"));
            assert_all_told(
                &typed.name,
                &payload.unwrap_or_default(),
                &format!("{:?}", attachment.content()),
            );
        }
    });
}

#[test]
fn both_spellings_of_policy_enforcement_are_one() {
    let mut actions = BTreeSet::new();
    for_each(|_, data, _| {
        actions.extend(item(data).and_then(Messaging::policy).and_then(|policy| policy.action.clone()));
    });
    assert_eq!(actions.into_iter().collect::<Vec<_>>(), ["block", "unblock", "warning"]);
}
