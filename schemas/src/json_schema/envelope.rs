//! The schemas of typed events and of enriched ones.

use super::{generator, not_null, properties, titled};
use crate::event::Carrier;
use crate::event::TypedEvent;
use crate::lookup::Lookup;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};

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
    for (name, narrower) in narrower() {
        let member = members.entry(name).or_insert_with(|| json!({}));
        not_null(member);
        if let (Value::Object(member), Value::Object(narrower)) = (member, narrower) {
            if narrower.contains_key("anyOf") {
                member.remove("type");
            }
            member.extend(narrower);
        }
    }
    require_all(&mut schema);
    schema
}

/// What is known of the members beyond their Rust type; `specversion` and `datacontenttype` are the same in all events,
/// so that the type does not hold them.
fn narrower() -> [(&'static str, Value); 13] {
    let carriers: Vec<_> = Carrier::ALL.iter().map(|carrier| carrier.as_str()).collect();
    [
        (
            "specversion",
            json!({"const": "1.0", "type": "string", "description": "Version of CloudEvents. Always present."}),
        ),
        (
            "datacontenttype",
            json!({"const": "application/json", "type": "string", "description": "What `data` is. Always present."}),
        ),
        ("id", json!({"pattern": "^[0-9a-f]{32}$"})),
        ("type", json!({"pattern": "^com\\.meta\\.[a-z0-9_]+\\.[a-z0-9_.]+\\.v1$"})),
        ("subject", json!({})),
        ("time", json!({"format": "date-time"})),
        ("recordedtime", json!({"format": "date-time"})),
        ("metaobject", json!({"pattern": "^[a-z0-9_]{1,64}$"})),
        ("metaaccount", json!({})),
        ("metacarrier", json!({"anyOf": [{"type": "string", "enum": carriers}, {"type": "string"}]})),
        ("metafield", json!({})),
        ("metatest", json!({})),
        ("deliveryid", json!({"format": "uuid"})),
    ]
}

fn require_all(schema: &mut Schema) {
    let names = properties(schema).keys().filter(|name| !LEFT_OUT.contains(&name.as_str()));
    let required: Vec<_> = names.cloned().collect();
    schema.insert("required".to_owned(), required.into());
}
