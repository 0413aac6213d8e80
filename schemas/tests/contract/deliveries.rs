//! The fixtures: deliveries, and what they become.

use schemas::{EventKind, Reception, split};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// More than any fixture holds.
pub(crate) const MAX_EVENTS: usize = 10_000;

/// The receipt that all records of these tests have.
const RECEPTION: Reception<'static> =
    Reception { delivery_id: "01981d1a-2f00-7000-8000-000000000000", received: "2025-07-18T10:35:12.000Z" };

/// A typed record of a fixture.
pub(crate) struct Typed {
    /// Folder and file of the fixture.
    pub(crate) name: String,
    pub(crate) kind: EventKind,
    /// The record's value, as ingest writes it.
    pub(crate) value: Vec<u8>,
}

/// The place of a file or folder of the package.
pub(crate) fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The names of the fixtures' bodies, sorted.
pub(crate) fn deliveries() -> Vec<PathBuf> {
    files("json")
}

/// Every record that the fixtures become.
pub(crate) fn typed() -> Vec<Typed> {
    deliveries().iter().flat_map(|path| typed_of(path)).collect()
}

fn typed_of(path: &Path) -> Vec<Typed> {
    let body = fs::read(path).unwrap();
    let name = path.strip_prefix(place("fixtures")).unwrap().to_string_lossy().into_owned();
    let events = split(&body, MAX_EVENTS).events;
    let record = |event: &schemas::Event<'_>| {
        let mut value = Vec::new();
        event.write_json(RECEPTION, &mut value);
        Typed { name: name.clone(), kind: event.kind, value }
    };
    events.iter().map(record).collect()
}

/// Every inbox record that stands beside a fixture, with the name of its file.
pub(crate) fn inbox() -> Vec<(String, Value)> {
    let records = files("jsonl").into_iter().filter(|path| path.to_string_lossy().ends_with(".inbox.jsonl"));
    records.flat_map(|path| lines(&path)).collect()
}

/// The JSON values of a file with one a line, each with the name of the file.
pub(crate) fn lines(path: &Path) -> Vec<(String, Value)> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| (path.display().to_string(), serde_json::from_str(line).unwrap())).collect()
}

fn files(extension: &str) -> Vec<PathBuf> {
    let folders = fs::read_dir(place("fixtures")).unwrap().map(|folder| folder.unwrap().path());
    let mut files: Vec<_> = folders
        .filter(|path| path.is_dir())
        .flat_map(|folder| fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()))
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    assert!(files.len() > 100, "the fixtures are missing");
    files
}
