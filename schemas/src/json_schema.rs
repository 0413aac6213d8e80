//! JSON Schemas, draft 2020-12, of everything that is published, generated from the types.
//!
//! They are open, for readers: members that come later are allowed anywhere, and so are words that are not known yet.
//! What Weir itself writes (the envelope, the inbox, a lookup) is exact in what must be there; `data` is Meta's own, so
//! that no member of it is promised but the one that tells its kind.
//!
//! `cargo run -p weir-schemas --features json-schema --example generate` writes them to `schemas/json`.

mod data;
mod envelope;

pub(crate) use envelope::carrier;

use crate::inbox;
use crate::kind::Kind;
use crate::media::MediaRecord;
use crate::profile::CustomerProfile;
use crate::reply;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, RestrictFormats, Transform as _};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The types of any JSON. Said, since generators of types take a schema that says nothing for that of an object.
pub(crate) const ANY: [&str; 7] = ["object", "array", "string", "integer", "number", "boolean", "null"];

/// Every schema by the name of its file: the envelope of typed events, the enriched event, the inbox record, what became of
/// an attachment, who a customer is, reply commands with their results, and the `data` of each kind, whose standby variant shares it.
pub fn documents() -> BTreeMap<String, Value> {
    let kinds = Kind::ALL.into_iter().map(|kind| (kind.as_str(), data::of(kind)));
    let own = [
        ("envelope", envelope::envelope()),
        ("enriched", envelope::enriched()),
        ("inbox", titled(written::<inbox::Record>(generator()), "InboxRecord")),
        ("media", titled(written::<MediaRecord<'_>>(generator()), "MediaRecord")),
        // What the Graph API says of a customer may be null.
        ("profile", titled(generator().into_root_schema_for::<CustomerProfile<'_>>(), "CustomerProfile")),
        ("reply", titled(written::<reply::Command<'_>>(generator()), "Reply")),
        ("reply.result", titled(written::<reply::CommandResult<'_>>(generator()), "ReplyResult")),
    ];
    own.into_iter()
        .chain(kinds)
        .map(|(name, schema)| (file_name(name), identified(name, schema).to_value()))
        .collect()
}

/// The name of the file that holds the schema called `name`: a kind, `envelope`, `enriched`, `inbox`, `media`,
/// `profile`, `reply` or `reply.result`.
pub fn file_name(name: &str) -> String {
    format!("{name}.v1.json")
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().for_serialize().into_generator()
}

/// The schema of what Weir writes: a member that need not be there is left out rather than null.
fn written<T: JsonSchema>(generator: SchemaGenerator) -> Schema {
    let mut schema = generator.into_root_schema_for::<T>();
    left_out(&mut schema);
    schema
}

fn left_out(schema: &mut Schema) {
    RecursiveTransform(left_out_rather_than_null).transform(schema);
}

fn left_out_rather_than_null(schema: &mut Schema) {
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten();
    for (_, property) in properties.filter(|(name, _)| !required.iter().any(|word| word == *name)) {
        not_null(property);
    }
}

/// Takes null from the types that a member may have.
fn not_null(property: &mut Value) {
    let Some(form) = property.as_object_mut() else { return };
    for list in ["type", "anyOf"] {
        let Some(Value::Array(alternatives)) = form.get_mut(list) else { continue };
        alternatives.retain(|one| one != "null" && one.get("type").is_none_or(|kind| kind != "null"));
        if let [only] = &mut alternatives[..] {
            let only = only.take();
            form.remove(list);
            match only {
                Value::Object(only) => form.extend(only),
                kind => form.extend([(list.to_owned(), kind)]),
            }
        }
    }
}

fn titled(mut schema: Schema, title: &str) -> Schema {
    schema.insert("title".to_owned(), title.into());
    schema
}

/// The schema with its `$id`, in plain terms: see [`plain`]; no format that the draft does not define.
fn identified(name: &str, mut schema: Schema) -> Schema {
    schema.insert("$id".to_owned(), format!("urn:weir:schema:{name}.v1").into());
    RestrictFormats::default().transform(&mut schema);
    RecursiveTransform(plain).transform(&mut schema);
    schema
}

/// Descriptions of one line a paragraph, no defaults (what is absent is absent), no alternatives within alternatives.
fn plain(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = flowing(text);
    }
    schema.remove("default");
    if let Some(Value::Array(alternatives)) = schema.get_mut("anyOf") {
        *alternatives = alternatives.drain(..).flat_map(spread).collect();
    }
}

fn spread(mut alternative: Value) -> Vec<Value> {
    match alternative.get_mut("anyOf").map(Value::take) {
        Some(Value::Array(alternatives)) => alternatives,
        _ => vec![alternative],
    }
}

fn flowing(text: &str) -> String {
    let flow = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    text.trim().split("\n\n").map(flow).collect::<Vec<_>>().join("\n\n")
}

/// The members that a schema names.
fn properties(schema: &mut Schema) -> &mut Map<String, Value> {
    let properties = schema.ensure_object().entry("properties").or_insert_with(|| Value::Object(Map::new()));
    properties.as_object_mut().expect("what a schema says of its members is an object")
}
