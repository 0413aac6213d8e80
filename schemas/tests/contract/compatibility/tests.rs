//! Tests of `compatibility`: each rule on a small pair of schemas.

use super::*;
use serde_json::json;

/// The rules that are broken, with where, as `Rule at pointer`.
fn broken(old: &Value, new: &Value) -> Vec<String> {
    breaks(old, new).iter().map(|one| format!("{:?} at {}", one.rule, one.pointer)).collect()
}

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

/// What breaks when the member `m` is described anew.
fn member(old: &Value, new: &Value) -> Vec<String> {
    broken(&object(&json!({"m": old}), &[]), &object(&json!({"m": new}), &[]))
}

fn open(words: &[&str]) -> Value {
    json!({"anyOf": [{"type": "string", "enum": words}, {"type": ["string", "null"]}]})
}

#[test]
fn the_same_schema_breaks_nothing() {
    for document in schemas::json_schema::documents().into_values() {
        assert_eq!(broken(&document, &document), [""; 0]);
    }
}

#[test]
fn a_document_keeps_its_identity() {
    let old = json!({"$id": "a", "$schema": "b", "title": "C", "type": "object", "description": "d"});
    for keyword in ["$id", "$schema", "title"] {
        let mut new = old.clone();
        new[keyword] = json!("other");
        assert_eq!(broken(&old, &new), [format!("IdentityChanged at /{keyword}")]);
        new.as_object_mut().unwrap().remove(keyword);
        assert_eq!(broken(&old, &new), [format!("IdentityChanged at /{keyword}")]);
    }
    let mut new = old.clone();
    new["description"] = json!("better");
    assert_eq!(broken(&old, &new), [""; 0]);
}

#[test]
fn a_set_that_is_open_in_one_place_and_closed_in_another_is_compared_in_both() {
    let document = |words: &[&str]| {
        json!({
            "type": "object",
            "properties": {
                "a_open": {"anyOf": [{"$ref": "#/$defs/W"}, {"type": "string"}]},
                "b_closed": {"$ref": "#/$defs/W"},
            },
            "$defs": {"W": {"type": "string", "enum": words}},
        })
    };
    assert_eq!(broken(&document(&["a"]), &document(&["a", "b"])), ["WordAdded at /$defs/W/enum"]);
}

#[test]
fn objects_that_a_value_may_be_are_compared_one_to_one() {
    let (a, b) = (object(&json!({"a": {"type": "string"}}), &["a"]), object(&json!({"b": {}}), &["b"]));
    let union = |alternatives: &[&Value]| json!({"anyOf": alternatives});
    assert_eq!(member(&union(&[&a, &b]), &union(&[&a, &b])), [""; 0]);
    assert_eq!(member(&union(&[&a, &b]), &union(&[&a])), ["Retyped at /properties/m/anyOf/1"]);
    assert_eq!(member(&union(&[&a]), &union(&[&a, &b])), ["Retyped at /properties/m"]);
    let other = object(&json!({"a": {"type": "integer"}}), &["a"]);
    assert_eq!(
        member(&union(&[&b, &a]), &union(&[&b, &other])),
        ["Retyped at /properties/m/anyOf/1/properties/a"]
    );
    // A definition belongs to itself, wherever among the others it stands.
    let document = |order: &[&str]| {
        let references: Vec<_> =
            order.iter().map(|name| json!({"$ref": format!("#/$defs/{name}")})).collect();
        json!({"anyOf": references, "$defs": {"A": a, "B": b}})
    };
    assert_eq!(broken(&document(&["A", "B"]), &document(&["B", "A"])), [""; 0]);
}

#[test]
fn a_member_that_need_not_be_there_may_come() {
    let old = object(&json!({"a": {"type": "string"}}), &["a"]);
    let new =
        object(&json!({"a": {"type": "string", "description": "better"}, "b": {"type": "integer"}}), &["a"]);
    assert_eq!(broken(&old, &new), [""; 0]);
}

#[test]
fn a_member_may_not_go() {
    let old = object(&json!({"a/b": {"type": "string"}}), &["a/b"]);
    assert_eq!(broken(&old, &object(&json!({}), &[])), ["MemberRemoved at /properties/a~1b"]);
}

#[test]
fn a_value_keeps_its_types() {
    let text = json!({"type": "string"});
    let reference = json!({"anyOf": [object(&json!({}), &[]), {"type": "null"}]});
    for (old, new) in [
        (&text, &json!({"type": "integer"})),
        (&text, &json!({"type": ["string", "null"]})),
        (&json!({"type": ["string", "integer"]}), &text),
        (&text, &json!({})),
        (&json!(true), &text),
        (&reference, &object(&json!({}), &[])),
        (&reference, &json!({"type": ["string", "null"]})),
    ] {
        assert_eq!(member(old, new), ["Retyped at /properties/m"], "{old} {new}");
    }
    assert_eq!(member(&json!({"type": ["string", "null"]}), &json!({"type": ["null", "string"]})), [""; 0]);
}

#[test]
fn elements_and_values_of_maps_keep_their_types() {
    let list = |of: &str| json!({"type": "array", "items": {"type": of}});
    assert_eq!(member(&list("string"), &list("integer")), ["Retyped at /properties/m/items"]);
    assert_eq!(member(&list("string"), &json!({"type": "array"})), ["Retyped at /properties/m/items"]);
    let map = |of: &str| json!({"type": "object", "additionalProperties": {"type": of}});
    assert_eq!(member(&map("string"), &map("integer")), ["Retyped at /properties/m/additionalProperties"]);
    assert_eq!(
        member(&map("string"), &json!({"type": "object"})),
        ["Retyped at /properties/m/additionalProperties"]
    );
}

#[test]
fn nothing_more_may_be_required_and_nothing_less() {
    let members = json!({"a": {}, "b": {}});
    assert_eq!(
        broken(&object(&members, &["a"]), &object(&members, &["a", "b"])),
        ["RequiredAdded at /properties/b"]
    );
    assert_eq!(
        broken(&object(&members, &["a", "b"]), &object(&members, &["a"])),
        ["RequiredRemoved at /properties/b"]
    );
    let more = json!({"a": {}, "b": {}, "c": {}});
    assert_eq!(broken(&object(&members, &[]), &object(&more, &["c"])), ["RequiredAdded at /properties/c"]);
}

#[test]
fn an_open_set_takes_words_but_loses_none() {
    assert_eq!(member(&open(&["a"]), &open(&["a", "b"])), [""; 0]);
    assert_eq!(member(&json!({"type": ["string", "null"]}), &open(&["a"])), [""; 0]);
    assert_eq!(member(&open(&["a", "b"]), &open(&["a"])), ["WordRemoved at /properties/m/anyOf/0/enum"]);
    assert_eq!(
        member(&open(&["a"]), &json!({"type": ["string", "null"]})),
        ["WordRemoved at /properties/m/anyOf/0"]
    );
}

#[test]
fn an_open_set_is_not_closed() {
    let closed = json!({"type": "string", "enum": ["a"]});
    assert_eq!(member(&open(&["a"]), &closed), ["EnumClosed at /properties/m"]);
    assert_eq!(member(&json!({"type": "string"}), &closed), ["EnumClosed at /properties/m"]);
}

#[test]
fn a_closed_set_takes_no_words_and_is_not_opened() {
    let closed = |words: &[&str]| json!({"type": "string", "enum": words});
    assert_eq!(member(&closed(&["a"]), &closed(&["a", "b"])), ["WordAdded at /properties/m/enum"]);
    let opened = json!({"anyOf": [closed(&["a"]), {"type": "string"}]});
    assert_eq!(member(&closed(&["a"]), &opened), ["WordAdded at /properties/m"]);
}

#[test]
fn a_constant_stays() {
    let old = json!({"const": "1.0"});
    assert_eq!(member(&old, &json!({"const": "1.1"})), ["ConstChanged at /properties/m/const"]);
    assert_eq!(member(&old, &json!({})), ["ConstChanged at /properties/m/const"]);
}

#[test]
fn an_object_stays_open() {
    let (open, mut closed) = (object(&json!({"a": {}}), &[]), object(&json!({"a": {}}), &[]));
    closed["additionalProperties"] = json!(false);
    assert_eq!(broken(&open, &closed), ["ObjectClosed at /additionalProperties"]);
    closed["additionalProperties"] = json!(true);
    assert_eq!(broken(&open, &closed), [""; 0]);
}

#[test]
fn formats_patterns_and_bounds_stay() {
    let text = json!({"type": "string", "format": "date-time", "maxLength": 3});
    let expected =
        ["ConstraintChanged at /properties/m/format", "ConstraintChanged at /properties/m/maxLength"];
    assert_eq!(member(&text, &json!({"type": "string", "maxLength": 4})), expected);
}

#[test]
fn a_keyword_that_is_not_known_is_told() {
    let text = json!({"type": "string"});
    assert_eq!(
        member(&text, &json!({"type": "string", "not": {"const": "a"}})),
        ["UnknownKeyword at /properties/m/not"]
    );
    let reference = json!({"anyOf": [{"type": "string"}], "allOf": [{"minLength": 1}]});
    assert_eq!(member(&text, &reference), ["UnknownKeyword at /properties/m/allOf"]);
}

#[test]
fn definitions_are_compared_where_they_stand_and_may_refer_to_themselves() {
    let tree = |leaf: &str| {
        json!({
            "$ref": "#/$defs/Tree",
            "$defs": {"Tree": object(&json!({
                "leaf": {"type": leaf},
                "left": {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]},
                "right": {"$ref": "#/$defs/Tree"},
            }), &[])},
        })
    };
    assert_eq!(broken(&tree("string"), &tree("string")), [""; 0]);
    assert_eq!(broken(&tree("string"), &tree("integer")), ["Retyped at /$defs/Tree/properties/leaf"]);
}

#[test]
fn a_definition_may_be_renamed_or_written_out() {
    let inner = object(&json!({"a": {"type": "string"}}), &[]);
    let old = json!({"type": "object", "properties": {"m": {"$ref": "#/$defs/A"}}, "$defs": {"A": inner}});
    let new = json!({"type": "object", "properties": {"m": {"$ref": "#/$defs/B"}}, "$defs": {"B": inner}});
    assert_eq!(broken(&old, &new), [""; 0]);
    assert_eq!(broken(&old, &object(&json!({"m": inner}), &[])), [""; 0]);
}

#[test]
fn a_break_says_rule_and_place() {
    let one = Break { rule: Rule::MemberRemoved, pointer: "/properties/a".to_owned() };
    assert_eq!(one.to_string(), "MemberRemoved at \"/properties/a\": a member was removed");
}
