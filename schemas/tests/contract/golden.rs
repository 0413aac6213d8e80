//! What was published as version 1 stays readable: frozen schemas and frozen records, which nothing may change.

use crate::compatibility::{self, Rule};
use crate::deliveries::{inbox, lines, place, typed};
use crate::json_schema::{Validators, committed};
use crate::told::told;
use schemas::inbox::Record;
use schemas::json_schema::documents;
use schemas::lookup::Lookup;
use schemas::media::MediaRecord;
use schemas::profile::CustomerProfile;
use schemas::{EventKind, Kind, TypedEvent};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const SCHEMAS: &str = "golden/v1/schemas";

fn frozen() -> Validators {
    Validators::of(committed(SCHEMAS))
}

fn today() -> Validators {
    Validators::of(documents())
}

/// The frozen records of a file, with its name.
fn golden(file: &str) -> Vec<(String, Value)> {
    let records = lines(&place("golden/v1").join(file));
    assert!(!records.is_empty(), "{file} is empty");
    records
}

/// The frozen events, each with its kind.
fn golden_events() -> Vec<(EventKind, Value)> {
    let files = fs::read_dir(place("golden/v1/events")).unwrap().map(|file| file.unwrap().path());
    let read = |path: PathBuf| {
        let kind: EventKind = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        lines(&path).into_iter().map(move |(_, event)| (kind, event))
    };
    files.flat_map(read).collect()
}

/// The SHA-256 of a file's bytes in hex digits.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// The names of the files below a folder.
fn files(folder: &Path) -> BTreeSet<String> {
    let within = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let names = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            files(&path).into_iter().map(|file| format!("{name}/{file}")).collect()
        } else {
            vec![name]
        }
    };
    within.flat_map(names).collect()
}

#[test]
fn no_frozen_file_has_changed_come_or_gone() {
    let golden = place("golden/v1");
    let sums = fs::read_to_string(golden.join("SHA256SUMS")).unwrap();
    let mut named = BTreeSet::from(["SHA256SUMS".to_owned()]);
    for line in sums.lines() {
        let (expected, name) = line.split_once("  ").unwrap();
        let bytes = fs::read(golden.join(name)).unwrap_or_else(|error| panic!("{name} was frozen: {error}"));
        assert_eq!(digest(&bytes), expected, "{name} was edited: what is frozen does not change");
        named.insert(name.to_owned());
    }
    assert_eq!(files(&golden), named, "freeze what is new: see golden/README.md");
}

/// What changed of the commands. Weir alone reads them, so that their schema may say more exactly what it takes.
const OF_COMMANDS: [(Rule, &str); 8] = [
    (Rule::RequiredRemoved, "/properties/text"),
    (Rule::ObjectClosed, "/additionalProperties"),
    (Rule::UnknownKeyword, "/allOf"),
    (Rule::ConstraintChanged, "/properties/account/pattern"),
    (Rule::ConstraintChanged, "/properties/comment/pattern"),
    (Rule::ConstraintChanged, "/properties/media/pattern"),
    (Rule::ConstraintChanged, "/properties/text/minLength"),
    (Rule::ConstraintChanged, "/properties/to/pattern"),
];

#[test]
fn no_schema_breaks_a_reader_of_version_1() {
    let today = documents();
    let mut broken = Vec::new();
    for (name, old) in committed(SCHEMAS) {
        let new =
            today.get(&name).unwrap_or_else(|| panic!("{name} was removed: readers of version 1 need it"));
        let breaks = compatibility::breaks(&old, new).into_iter().filter(|one| {
            name != "reply.v1.json" || !OF_COMMANDS.contains(&(one.rule, one.pointer.as_str()))
        });
        broken.extend(breaks.map(|one| format!("{name}: {one}")));
    }
    assert!(broken.is_empty(), "readers of version 1 break:\n{}", broken.join("\n"));
}

#[test]
fn every_command_of_version_1_is_one_today() {
    let (frozen, today) = (frozen(), today());
    for (action, members) in [
        ("message", json!({"to": "99"})),
        ("mention_reply", json!({"media": "18"})),
        ("mention_reply", json!({"media": "18", "comment": "17"})),
        ("comment_reply", json!({"comment": "17"})),
        ("comment_reply", json!({"comment": "17", "media": "18"})),
        ("private_reply", json!({"comment": "17"})),
        ("private_reply", json!({"comment": "17", "media": "18"})),
    ] {
        let mut command = json!({"id": "a:1", "account": "1784", "action": action, "text": "Hello",
            "not_after": "2025-07-18T16:20:41Z"});
        command.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        assert_eq!(frozen.errors("reply", &command), [""; 0], "{command}");
        assert_eq!(today.errors("reply", &command), [""; 0], "{command}");
    }
}

#[test]
fn every_schema_is_frozen() {
    let frozen = committed(SCHEMAS);
    for name in documents().keys() {
        assert!(
            frozen.contains_key(name),
            "{name} is new; freeze it: cargo run -p weir-schemas --features json-schema --example freeze"
        );
    }
}

#[test]
fn frozen_events_are_valid_and_read_today() {
    let (frozen, today) = (frozen(), today());
    let events = golden_events();
    for (kind, event) in &events {
        assert_eq!(frozen.errors_of_event(kind.kind, event), [""; 0], "{kind}");
        assert_eq!(today.errors_of_event(kind.kind, event), [""; 0], "{kind}");
        let text = event.to_string();
        let read = TypedEvent::read(Some(text.as_bytes())).unwrap();
        assert_eq!(read.kind(), Some(*kind));
        told(kind.kind, read.data).unwrap();
    }
    for kind in Kind::ALL {
        assert!(
            events.iter().any(|(found, _)| found.kind == kind),
            "no event of {} is frozen",
            kind.as_str()
        );
    }
}

#[test]
fn frozen_inbox_records_are_valid_and_read_today() {
    let (frozen, today) = (frozen(), today());
    for (name, record) in golden("inbox.jsonl") {
        assert_eq!(frozen.errors("inbox", &record), [""; 0], "{name}");
        assert_eq!(today.errors("inbox", &record), [""; 0], "{name}");
        let read: Record = serde_json::from_value(record.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), record, "a record is written as it was read");
    }
}

#[test]
fn frozen_profiles_are_valid_and_read_today() {
    let (frozen, today) = (frozen(), today());
    for (name, record) in golden("profiles.jsonl") {
        assert_eq!(frozen.errors("profile", &record), [""; 0], "{name}");
        assert_eq!(today.errors("profile", &record), [""; 0], "{name}");
        let text = record.to_string();
        let read: CustomerProfile<'_> = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), record, "a record is written as it was read");
    }
}

#[test]
fn frozen_media_records_are_valid_and_read_today() {
    let (frozen, today) = (frozen(), today());
    for (name, record) in golden("media.jsonl") {
        assert_eq!(frozen.errors("media", &record), [""; 0], "{name}");
        assert_eq!(today.errors("media", &record), [""; 0], "{name}");
        let text = record.to_string();
        let read: MediaRecord<'_> = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), record, "a record is written as it was read");
    }
}

#[test]
fn frozen_enriched_events_are_valid_and_read_today() {
    let (frozen, today) = (frozen(), today());
    for (name, event) in golden("enriched.jsonl") {
        assert_eq!(frozen.errors("enriched", &event), [""; 0], "{name}");
        assert_eq!(today.errors("enriched", &event), [""; 0], "{name}");
        let text = event.to_string();
        let lookup = Lookup::read(Some(text.as_bytes())).unwrap();
        assert_eq!(serde_json::to_value(lookup).unwrap(), event["lookup"]);
        TypedEvent::read(Some(text.as_bytes())).unwrap();
    }
}

#[test]
fn what_is_written_today_is_valid_by_the_frozen_schemas() {
    let frozen = frozen();
    for typed in typed() {
        let event = serde_json::from_slice(&typed.value).unwrap();
        assert_eq!(frozen.errors_of_event(typed.kind.kind, &event), [""; 0], "{}", typed.name);
    }
    for (name, record) in inbox() {
        assert_eq!(frozen.errors("inbox", &record), [""; 0], "{name}");
    }
}
