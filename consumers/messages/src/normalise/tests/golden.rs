//! Every fixture gives the inbox records that stand beside it.

use crate::normalise::normalise;
use schemas::inbox::{Open, Record};
use schemas::{Event, Kind, Reception, TypedEvent, split};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

const RECEPTION: Reception<'static> =
    Reception { delivery_id: "delivery", received: "2025-07-18T10:35:12.000Z" };

/// The members of a record of which it has one at least.
const PARTS: [&str; 10] = [
    "message", "reaction", "postback", "referral", "order", "thread", "optin", "receipt", "comment",
    "mention",
];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/fixtures")
}

fn deliveries() -> Vec<PathBuf> {
    let folders = fs::read_dir(fixtures()).unwrap().map(|folder| folder.unwrap().path());
    let mut files: Vec<_> = folders
        .filter(|path| path.is_dir())
        .flat_map(|folder| fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    assert!(files.len() > 100, "the fixtures are missing");
    files
}

/// The inbox record of an event as a subscriber gets it: written, carried and read.
fn inbox(event: &Event<'_>) -> Option<String> {
    let mut written = Vec::new();
    event.write_json(RECEPTION, &mut written);
    let event = TypedEvent::read(Some(&written)).expect("what ingest writes is a typed event");
    let (name, record) = normalise(&event).expect("what ingest writes is of its kind")?;
    assert_eq!(record.event, Open::Known(name));
    let written = serde_json::to_string(&record).unwrap();
    assert_eq!(
        serde_json::from_str::<Record>(&written).unwrap(),
        *record,
        "a record is read as it was written"
    );
    Some(written)
}

fn parsed(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_fixture_gives_the_inbox_records_beside_it() {
    for path in deliveries() {
        let body = fs::read(&path).unwrap();
        let records: Vec<String> = split(&body, 10_000).events.iter().filter_map(inbox).collect();
        let actual = records.join("\n");
        let file = path.with_extension("inbox.jsonl");
        let expected = if file.exists() { fs::read_to_string(&file).unwrap() } else { String::new() };
        assert_eq!(parsed(&actual), parsed(&expected), "{} should hold:\n{actual}", file.display());
        assert_eq!(file.exists(), !records.is_empty(), "{}", file.display());
    }
}

#[test]
fn every_kind_that_names_its_records_gives_one_and_it_is_never_empty() {
    for kind in Kind::ALL {
        let spec = kind.spec();
        let body = fs::read(fixtures().join(format!("{}.json", spec.sample))).unwrap();
        let events = split(&body, 10_000).events;
        let records: Vec<_> =
            events.iter().filter(|event| event.kind.kind == kind).filter_map(inbox).collect();
        assert_eq!(!records.is_empty(), spec.inbox.is_some(), "{kind:?}");
        for record in records.iter().flat_map(|record| parsed(record)) {
            assert!(PARTS.iter().any(|part| record[*part].is_object()), "{kind:?}: {record}");
        }
    }
}
