//! Any bytes as a typed, enriched or inbox record, or as a profile: what consumers make of them can be read again, their
//! labels are of closed sets, and their links are few.

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
#[path = "../../../consumers/media/src"]
#[allow(dead_code, reason = "not all of it is used here")]
mod media {
    pub mod links;
}

use media::links::Source;
use metrics::observe::{OBJECTS, OTHER, Observation};
use schemas::inbox::Record;
use schemas::lookup::Lookup;
use schemas::{EventKind, Topic, TypedEvent};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Links of a record that weir-media looks at.
const MOST_LINKS: usize = 64;

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
    for topic in [Topic::Messages, Topic::CommentsEnriched, Topic::Profiles] {
        links_are_few_and_each_is_there_once(topic, value);
    }
});

fn links_are_few_and_each_is_there_once(topic: Topic, value: &[u8]) {
    let source = match Source::read(topic, Some(value)) {
        Ok(Some(source)) => source,
        Ok(None) => return,
        Err(unfit) => return assert!(unfit.to_string().len() < 300, "an error that quotes: {unfit}"),
    };
    let urls: BTreeSet<_> = source.links.iter().map(|link| &link.url).collect();
    let ids: BTreeSet<_> = source.each().map(|link| link.record_id()).collect();
    assert!((1..=MOST_LINKS).contains(&urls.len()), "{source:?}");
    assert_eq!((urls.len(), ids.len()), (source.links.len(), source.links.len()), "{source:?}");
}

fn the_inbox_record_can_be_read(event: &TypedEvent<'_>) {
    match messages::normalise::normalise(event) {
        Ok(Some((_, record))) => is_read_as_written(&record),
        Ok(None) => {}
        Err(unfit) => assert!(unfit.to_string().len() < 300, "an error that quotes: {unfit}"),
    }
}

fn labels_are_of_closed_sets(event: &TypedEvent<'_>) {
    let [object, kind, _] = Observation::of(event).labels();
    assert!(object == OTHER || OBJECTS.contains(&&*object));
    assert!(kind == OTHER || kind.parse::<EventKind>().is_ok(), "{kind}");
}

fn is_read_as_written(record: &Record) {
    let written = serde_json::to_string(record).expect("a record can be written");
    assert_eq!(read::<Record>(&written), *record);
}

fn read<'a, T: Deserialize<'a>>(written: &'a str) -> T {
    serde_json::from_str(written).unwrap_or_else(|error| panic!("{error}: {written}"))
}
