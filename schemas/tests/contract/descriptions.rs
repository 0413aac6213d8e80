//! The JSON Schemas say what readers need to know.

use schemas::Kind;
use schemas::json_schema::{documents, file_name};
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn every_schema_is_valid_and_says_what_its_members_mean() {
    for (name, schema) in documents() {
        jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
        for place in
            [&schema].into_iter().chain(schema["$defs"].as_object().into_iter().flat_map(|all| all.values()))
        {
            for (member, form) in place["properties"].as_object().into_iter().flatten() {
                assert!(form["description"].as_str().is_some_and(|text| text.len() > 8), "{name}: {member}");
            }
        }
        let text = schema.to_string();
        assert!(
            !text.contains("](") && !text.contains("[`"),
            "{name} holds a link of the source's documentation"
        );
    }
}

#[test]
fn every_kind_says_in_words_of_its_own_what_its_data_is() {
    let documents = documents();
    let mut said = BTreeSet::new();
    for kind in Kind::ALL {
        let description = documents[&file_name(kind.as_str())]["description"].as_str().unwrap().to_owned();
        assert!(
            description.contains("Source: ") && description.contains("It is Meta's own"),
            "{description}"
        );
        assert_eq!(description.contains(".standby."), kind.comes_on_standby(), "{description}");
        let origin = description.split("\n\n").nth(1).unwrap().to_owned();
        assert!(said.insert(origin), "{} says what another kind says", kind.as_str());
    }
}

#[test]
fn what_an_inbox_record_is_called_names_every_kind_that_it_is_made_of() {
    let description = &documents()[&file_name("inbox")]["$defs"]["EventName"]["description"];
    for (kind, name) in Kind::ALL.into_iter().filter_map(|kind| Some((kind.as_str(), kind.spec().inbox?))) {
        let names =
            |of: &str| of.starts_with(&format!("`{}`: ", name.as_str())) && of.contains(&format!("`{kind}`"));
        assert!(description.as_str().unwrap().split("\n\n").any(names), "{name:?} does not name {kind}");
    }
}

#[test]
fn every_member_says_when_it_is_present() {
    for (name, schema) in documents() {
        let shared = schema["$defs"].as_object().into_iter().flat_map(|all| all.values());
        for place in [&schema].into_iter().chain(shared).filter(|_| name != file_name("inbox")) {
            for (member, form) in place["properties"].as_object().into_iter().flatten() {
                let said = form["description"].as_str().unwrap();
                let says = ["Always present", "Present", "Absent", "always present", "is absent"];
                assert!(says.iter().any(|words| said.contains(words)), "{name}: {member}: {said}");
            }
        }
    }
}

#[test]
fn where_any_json_may_come_every_type_is_named() {
    for document in documents().values() {
        assert_says_its_type(document, "");
    }
}

/// Generators of types take a schema that says nothing for that of an object.
fn assert_says_its_type(schema: &Value, at: &str) {
    let Value::Object(members) = schema else { return };
    let says = ["type", "anyOf", "$ref"].iter().any(|keyword| members.contains_key(*keyword));
    assert!(says, "{at} says nothing of its type: {schema}");
    for keyword in ["properties", "$defs"] {
        for (name, schema) in members.get(keyword).and_then(Value::as_object).into_iter().flatten() {
            assert_says_its_type(schema, &format!("{at}/{keyword}/{name}"));
        }
    }
    for keyword in ["items", "additionalProperties"] {
        members.get(keyword).into_iter().for_each(|schema| assert_says_its_type(schema, at));
    }
}
