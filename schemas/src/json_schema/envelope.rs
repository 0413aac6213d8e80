//! The schemas of typed events and of enriched ones.

use super::{generator, not_null, properties, titled};
use crate::event::Carrier;
use crate::event::TypedEvent;
use crate::lookup::Lookup;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::json;

/// What is left out of an event where it is not known; all else is always there.
const LEFT_OUT: [&str; 4] = ["subject", "time", "metaaccount", "metafield"];

/// The value of a typed record: one structured-mode CloudEvent.
pub(super) fn envelope() -> Schema {
    described(event(generator()), "Event", EVENT)
}

/// The value of an enriched record: the event as it came, with what the Graph API said.
pub(super) fn enriched() -> Schema {
    let mut generator = generator();
    let mut lookup = generator.subschema_for::<Lookup<'_>>();
    lookup
        .insert("description".to_owned(), "What the Graph API said about the event. Always present.".into());
    let mut schema = event(generator);
    properties(&mut schema).insert("lookup".to_owned(), lookup.to_value());
    require_all(&mut schema);
    super::left_out(&mut schema);
    described(schema, "EnrichedEvent", ENRICHED)
}

const EVENT: &str = "A typed event: one structured-mode CloudEvent, the value of a record. Members that are not named here \
    may come at any time.";

const ENRICHED: &str = "A typed event as it came, with what the Graph API said: one structured-mode CloudEvent, the value of \
    a record. Members that are not named here may come at any time.";

fn described(mut schema: Schema, title: &str, description: &str) -> Schema {
    schema.insert("description".to_owned(), description.into());
    titled(schema, title)
}

fn event(generator: SchemaGenerator) -> Schema {
    let mut schema = generator.into_root_schema_for::<TypedEvent<'_>>();
    let members = properties(&mut schema);
    // The same in all events, so that the type does not hold them.
    for (name, value, about) in [
        ("specversion", "1.0", "Version of CloudEvents. Always present."),
        ("datacontenttype", "application/json", "What `data` is. Always present."),
    ] {
        members.insert(name.to_owned(), json!({"const": value, "type": "string", "description": about}));
    }
    members.iter_mut().filter(|(name, _)| *name != "data").for_each(|(_, member)| not_null(member));
    require_all(&mut schema);
    schema
}

/// A carrier, or one that comes later.
pub(crate) fn carrier(_: &mut SchemaGenerator) -> Schema {
    let known: Vec<_> = Carrier::ALL.iter().map(|carrier| carrier.as_str()).collect();
    json_schema!({"anyOf": [{"type": "string", "enum": known}, {"type": "string"}]})
}

fn require_all(schema: &mut Schema) {
    let names = properties(schema).keys().filter(|name| !LEFT_OUT.contains(&name.as_str()));
    let required: Vec<_> = names.cloned().collect();
    schema.insert("required".to_owned(), required.into());
}
