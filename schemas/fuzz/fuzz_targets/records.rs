//! Any bytes as a typed, enriched or inbox record: what consumers make of them can be read again, and their labels are
//! of closed sets.

#![no_main]

#[path = "../../../consumers/messages/src"]
#[allow(dead_code, reason = "not all of it is used here")]
mod messages {
    pub mod normalise;
}
#[path = "../../../consumers/metrics/src"]
#[allow(dead_code, reason = "not all of it is used here")]
mod metrics {
    pub mod observe;
}

use metrics::observe::{OBJECTS, OTHER, Observation};
use schemas::inbox::Record;
use schemas::lookup::Lookup;
use schemas::{EventKind, Millis, TypedEvent};
use serde::Deserialize;

libfuzzer_sys::fuzz_target!(|value: &[u8]| {
    if let Ok(event) = TypedEvent::read(Some(value)) {
        the_inbox_record_can_be_read(&event);
        labels_are_of_closed_sets(&event);
        let _ = event.data::<schemas::data::comment::Comment>();
        let _ = event.data::<schemas::data::mention::Mention>();
    }
    if let Ok(record) = serde_json::from_slice::<Record>(value) {
        is_read_as_written(&record);
    }
    if let Ok(lookup) = Lookup::read(Some(value)) {
        let written = serde_json::to_string(&lookup).expect("a lookup can be written");
        let again: Lookup<'_> = read(&written);
        assert_eq!(serde_json::to_string(&again).expect("a lookup can be written"), written);
    }
});

fn the_inbox_record_can_be_read(event: &TypedEvent<'_>) {
    match messages::normalise::normalise(event) {
        Ok(Some((_, record))) => is_read_as_written(&record),
        Ok(None) => {}
        Err(unfit) => assert!(unfit.to_string().len() < 300, "an error that quotes: {unfit}"),
    }
}

fn labels_are_of_closed_sets(event: &TypedEvent<'_>) {
    let now = Millis::parse("2026-11-27T18:30:00Z").expect("it is a time");
    let seen = Observation::of(event, now);
    assert!(seen.object == OTHER || OBJECTS.contains(&seen.object));
    assert!(seen.kind == OTHER || seen.kind.parse::<EventKind>().is_ok(), "{}", seen.kind);
}

fn is_read_as_written(record: &Record) {
    let written = serde_json::to_string(record).expect("a record can be written");
    assert_eq!(read::<Record>(&written), *record);
}

fn read<'a, T: Deserialize<'a>>(written: &'a str) -> T {
    serde_json::from_str(written).unwrap_or_else(|error| panic!("{error}: {written}"))
}
