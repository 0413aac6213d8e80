//! Closed copies of the schemas, which show that what is written has no member that they do not name.

use schemars::Schema;
use schemars::transform::{RecursiveTransform, Transform as _};
use serde_json::{Value, json};

/// `schema` with unknown members refused wherever it names members: a reader must be open.
pub(crate) fn closed(schema: &Value) -> Value {
    let Ok(mut schema) = Schema::try_from(schema.clone()) else { return schema.clone() };
    RecursiveTransform(close).transform(&mut schema);
    schema.to_value()
}

fn close(schema: &mut Schema) {
    if schema.get("properties").is_some() && schema.get("additionalProperties").is_none() {
        schema.insert("additionalProperties".to_owned(), false.into());
    }
}

#[test]
fn where_members_are_named_others_are_refused() {
    let open = json!({
        "properties": {"properties": {"type": "string"}, "any": {}},
        "$defs": {"A": {"properties": {}}, "B": {"additionalProperties": {"properties": {}}}},
    });
    let expected = json!({
        "properties": {"properties": {"type": "string"}, "any": {}},
        "additionalProperties": false,
        "$defs": {
            "A": {"properties": {}, "additionalProperties": false},
            "B": {"additionalProperties": {"properties": {}, "additionalProperties": false}},
        },
    });
    assert_eq!(closed(&open), expected);
}
