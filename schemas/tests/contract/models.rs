//! Every event of the fixtures reads into the model of its kind, and nothing that Meta says is lost on the way.

use crate::deliveries::{Typed, typed};
use crate::told::{differences, pointers, pruned, told, without};
use schemas::data::messaging::Messaging;
use schemas::{Kind, Model, TypedEvent};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Each event with its data.
fn for_each(mut check: impl FnMut(&Typed, &RawValue, &Value)) {
    for typed in typed() {
        let event = TypedEvent::read(Some(&typed.value)).unwrap();
        assert_eq!(event.kind(), Some(typed.kind), "{}", typed.name);
        check(&typed, event.data, &serde_json::from_str(event.data.get()).unwrap());
    }
}

/// The item of a messaging event.
fn item(typed: &Typed, data: &RawValue) -> Option<Messaging> {
    let is_item = typed.kind.kind.spec().data == Model::Messaging;
    is_item.then(|| serde_json::from_str(data.get()).unwrap())
}

#[test]
fn every_kind_has_a_fixture_that_shows_what_tells_it() {
    let mut shown = BTreeSet::new();
    for_each(|typed, _, json| {
        let members = typed.kind.kind.spec().members;
        if members.is_empty() || members.iter().any(|member| json[member].is_object()) {
            shown.insert(typed.kind.kind);
        }
    });
    assert_eq!(shown, Kind::ALL.into(), "a kind has no fixture that shows it");
}

#[test]
fn nothing_that_meta_says_is_lost_on_the_model() {
    for_each(|typed, data, json| {
        let told = told(typed.kind.kind, data).unwrap_or_else(|error| panic!("{}: {error}", typed.name));
        assert_eq!(differences(json, Some(&told), ""), [""; 0], "{}", typed.name);
    });
}

#[test]
fn nothing_that_attachments_say_is_lost_on_their_model() {
    let mut types = BTreeSet::new();
    for_each(|typed, data, json| {
        let message = item(typed, data).and_then(|item| item.message);
        for (at, attachment) in message.into_iter().flat_map(|message| message.attachments).enumerate() {
            types.extend(attachment.kind.clone());
            let payload = &json["message"]["attachments"][at]["payload"];
            if payload.is_object() && attachment.kind.as_deref() != Some("hologram") {
                let content = pruned(serde_json::to_value(attachment.content()).unwrap());
                assert_eq!(differences(payload, Some(&content), ""), [""; 0], "{}", typed.name);
            }
        }
    });
    assert!(types.len() > 20, "the attachments are missing: {types:?}");
}

/// `data` with the value at a pointer replaced by one of another type.
fn with(data: &Value, pointer: &str, odd: &Value) -> Value {
    let mut data = data.clone();
    if let Some(place) = data.pointer_mut(pointer) {
        *place = odd.clone();
    }
    data
}

#[test]
fn a_member_of_another_type_costs_nothing_but_itself() {
    let odd = [json!(null), json!(true), json!(12.5), json!("odd"), json!([["odd"]]), json!({"odd": 1})];
    for_each(|typed, data, json| {
        if typed.kind.kind == Kind::Unknown {
            return;
        }
        let before = told(typed.kind.kind, data).unwrap();
        for pointer in pointers(json, "") {
            let expected = pruned(without(before.clone(), &pointer));
            for odd in &odd {
                let odd_data = serde_json::value::to_raw_value(&with(json, &pointer, odd)).unwrap();
                let after = told(typed.kind.kind, &odd_data).unwrap();
                // An element that cannot be read is left out already.
                let is_left_out = length(&after, &pointer) < length(&before, &pointer);
                let after = if is_left_out { after } else { without(after, &pointer) };
                assert_eq!(pruned(after), expected, "{}: {odd} at {pointer}", typed.name);
            }
        }
    });
}

/// How many elements the array has in which a pointer's value stands.
fn length(value: &Value, pointer: &str) -> Option<usize> {
    let (parent, _) = pointer.rsplit_once('/')?;
    value.pointer(parent)?.as_array().map(Vec::len)
}

#[test]
fn both_spellings_of_policy_enforcement_are_one() {
    let mut actions = BTreeSet::new();
    for_each(|typed, data, _| {
        let policy =
            item(typed, data).and_then(|item| item.policy_enforcement.or(item.policy_enforcement_old));
        actions.extend(policy.and_then(|policy| policy.action));
    });
    assert_eq!(actions.into_iter().collect::<Vec<_>>(), ["block", "unblock", "warning"]);
}
