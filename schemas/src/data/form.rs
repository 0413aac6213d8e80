//! The JSON Schemas of members: one form for each reader of [`super::lenient`].
//!
//! They say what Meta is known to send, not all that the readers take: null stands for an absent member anywhere, and
//! ids, counts and times are strings or numbers.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use std::marker::PhantomData;

// Readers whose members have one form.
pub(super) use self::{
    id as reference, integer as count, integer as millis, list as lists, list as map, text as filled,
    text as words,
};

/// The type of the model's field.
pub(super) type Of<T> = PhantomData<T>;

pub(super) fn id<T>(_: &mut SchemaGenerator, _: Of<T>) -> Schema {
    json_schema!({"type": ["string", "integer", "null"]})
}

pub(super) fn text<T>(_: &mut SchemaGenerator, _: Of<T>) -> Schema {
    json_schema!({"type": ["string", "null"]})
}

pub(super) fn flag<T>(_: &mut SchemaGenerator, _: Of<T>) -> Schema {
    json_schema!({"type": ["boolean", "null"]})
}

pub(super) fn integer<T>(_: &mut SchemaGenerator, _: Of<T>) -> Schema {
    json_schema!({"type": ["integer", "string", "null"]})
}

pub(super) fn number<T>(_: &mut SchemaGenerator, _: Of<T>) -> Schema {
    json_schema!({"type": ["number", "string", "null"]})
}

pub(super) fn object<T: JsonSchema>(generator: &mut SchemaGenerator, _: Of<T>) -> Schema {
    generator.subschema_for::<T>()
}

pub(super) fn list<T: JsonSchema>(generator: &mut SchemaGenerator, _: Of<T>) -> Schema {
    or_null(generator.subschema_for::<T>())
}

pub(super) fn ids<T>(_: &mut SchemaGenerator, _: Of<T>) -> Schema {
    json_schema!({"type": ["array", "null"], "items": {"type": ["string", "integer"]}})
}

pub(super) fn raw<T>(_: &mut SchemaGenerator, _: Of<T>) -> Schema {
    json_schema!({"type": crate::json_schema::ANY})
}

/// An open set: the known words, and any other that Meta may come to send.
pub(super) fn open(form: &Schema, words: &[&str]) -> Schema {
    json_schema!({"anyOf": [{"type": "string", "enum": words}, form]})
}

/// Raw JSON that is mostly an object of the model `like`, but a string or nothing at times.
pub(super) fn like<T: JsonSchema>(mut form: Schema, generator: &mut SchemaGenerator) -> Schema {
    let model = generator.subschema_for::<T>();
    form.remove("type");
    form.insert("anyOf".to_owned(), json!([model, {"type": ["string", "null"]}]));
    form
}

/// A model: its members, none of which must be there, and any others.
pub(super) fn model<const N: usize>(doc: &str, members: [(&str, Schema, &str); N]) -> Schema {
    let described = |(name, mut form, doc): (&str, Schema, &str)| {
        form.insert("description".to_owned(), doc.into());
        (name.to_owned(), form.to_value())
    };
    let properties: Map<String, Value> = members.into_iter().map(described).collect();
    json_schema!({"type": "object", "description": doc, "properties": properties})
}

fn or_null(mut form: Schema) -> Schema {
    let kind = form.remove("type").unwrap_or_default();
    form.insert("type".to_owned(), json!([kind, "null"]));
    form
}
