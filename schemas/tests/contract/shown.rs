//! Everything that the schemas name is shown by a fixture: every member, and every known word of the open sets.

use crate::deliveries::typed;
use schemas::Kind;
use schemas::json_schema::{documents, file_name};
use serde_json::Value;
use std::collections::BTreeSet;

/// What the schema of a member says: the member's name alone, and with each known word.
fn named(schema: &Value, member: &str, found: &mut BTreeSet<(String, Option<String>)>) {
    for word in schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        found.insert((member.to_owned(), Some(word.to_owned())));
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        found.insert((name.clone(), None));
        named(schema, name, found);
    }
    for schema in schema["$defs"].as_object().into_iter().flat_map(|all| all.values()) {
        named(schema, "", found);
    }
    for schema in schema["anyOf"].as_array().into_iter().flatten() {
        named(schema, member, found);
    }
    for keyword in ["items", "additionalProperties"] {
        schema.get(keyword).into_iter().for_each(|schema| named(schema, member, found));
    }
}

/// What a value shows: its members' names alone, and with the strings that they hold.
fn shown(value: &Value, member: &str, found: &mut BTreeSet<(String, Option<String>)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                found.insert((name.clone(), None));
                shown(value, name, found);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| shown(element, member, found)),
        Value::String(text) => drop(found.insert((member.to_owned(), Some(text.clone())))),
        _ => {}
    }
}

#[test]
fn every_member_and_every_known_word_has_a_fixture() {
    let (mut schemas, mut fixtures) = (BTreeSet::new(), BTreeSet::new());
    let documents = documents();
    for kind in Kind::ALL {
        named(&documents[&file_name(kind.as_str())], "", &mut schemas);
    }
    for typed in typed() {
        let event: Value = serde_json::from_slice(&typed.value).unwrap();
        shown(&event["data"], "", &mut fixtures);
    }
    assert!(schemas.len() > 200, "the schemas are missing");
    let missing: Vec<_> = schemas.difference(&fixtures).collect();
    assert!(missing.is_empty(), "no fixture shows {missing:?}");
}
