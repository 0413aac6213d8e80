//! Every fixture gives the events that stand beside it.

use crate::deliveries::{MAX_EVENTS, deliveries};
use schemas::{Event, split};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn reviewable(event: &Event<'_>) -> Value {
    let mut event_type = Vec::new();
    event.write_type(&mut event_type);
    let mut written = Vec::new();
    event.write_json(schemas::Reception { delivery_id: "delivery", received: "now" }, &mut written);
    let record: Value = serde_json::from_slice(&written).expect("a typed record is JSON");
    json!({
        "topic": event.topic().spec().suffix,
        "key": event.key,
        "kind": event.kind.to_string(),
        "id": event.id.to_string(),
        "source": record["source"],
        "type": String::from_utf8(event_type).unwrap(),
        "subject": record["subject"],
        "time": event.time.map(|time| time.to_string()),
        "metaobject": event.object,
        "metaaccount": event.account,
        "metacarrier": event.carrier.as_str(),
        "metafield": event.field,
        "metatest": event.test,
        "data": record["data"],
    })
}

#[test]
fn every_fixture_gives_the_events_beside_it() {
    let deliveries = deliveries();
    assert!(deliveries.len() > 20, "the fixtures are missing");
    for path in deliveries {
        let body = fs::read(&path).unwrap();
        let split = split(&body, MAX_EVENTS);
        let expected = fs::read_to_string(path.with_extension("events.jsonl"))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let expected: Vec<Value> = expected.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let actual: Vec<Value> = split.events.iter().map(reviewable).collect();
        assert_eq!(actual, expected, "{}", path.display());
    }
}

#[test]
fn data_is_a_slice_of_the_body() {
    for path in deliveries() {
        let body = fs::read_to_string(&path).unwrap();
        for event in split(body.as_bytes(), MAX_EVENTS).events {
            let range = body.as_bytes().as_ptr_range();
            assert!(range.contains(&event.data.as_ptr()), "{}", path.display());
        }
    }
}

#[test]
fn every_fixture_stands_in_the_folder_of_its_kind() {
    for path in deliveries() {
        let folder = path.parent().and_then(Path::file_name).unwrap().to_string_lossy().into_owned();
        let body = fs::read(&path).unwrap();
        let kinds: Vec<_> =
            split(&body, MAX_EVENTS).events.iter().map(|event| event.kind.to_string()).collect();
        if folder != "batch" {
            assert!(kinds.contains(&folder), "{} gives {kinds:?}", path.display());
        }
    }
}
