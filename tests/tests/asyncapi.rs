//! The AsyncAPI document: one to the format's own parser, and true of the records that are published.

#![cfg(feature = "everything")]

#[path = "asyncapi/records.rs"]
mod records;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use records::{PREFIX, Sample};
use schemas::Topic;
use serde_json::{Value, json};
use weir_tests::foreign::{folder, node, run};

fn document() -> PathBuf {
    folder("schemas/asyncapi.yaml")
}

/// What the parser says of a document.
fn parse(document: &Path) -> Result<String> {
    let mut parser = Command::new(node("tests/node")?);
    run(parser.arg(folder("tests/node").join("asyncapi.js")).arg(document), "")
}

#[test]
fn the_parser_takes_the_document_with_all_topics() {
    let said = parse(&document()).unwrap();
    let topics = Topic::ALL.len();
    assert!(said.starts_with(&format!("3.1.0: {topics} channels, {topics} operations, ")), "{said}");
}

/// One change each to what the parser takes, and what it says of it.
const WRONG: [(&str, &str, &str); 4] = [
    ("action: receive\n", "action: absorb\n", "operations.receiveWebhooksRaw.action: "),
    ("  receiveMessages:\n    action: receive\n", "  receiveMessages:\n", "operations.receiveMessages: "),
    (
        "#/components/messages/delivery",
        "#/components/messages/parcel",
        "channels.webhooksRaw.messages.delivery.$ref: ",
    ),
    ("./json/inbox.v1.json", "./json/outbox.v1.json", "components.messages.inbox.payload.schema.$ref: "),
];

#[test]
fn the_parser_would_tell_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("json");
    fs::create_dir(&json).unwrap();
    for file in fs::read_dir(folder("schemas/json")).unwrap().map(|file| file.unwrap()) {
        fs::copy(file.path(), json.join(file.file_name())).unwrap();
    }
    let (file, right) = (dir.path().join("asyncapi.yaml"), fs::read_to_string(document()).unwrap());
    fs::write(&file, &right).unwrap();
    parse(&file).unwrap();
    for (before, after, complaint) in WRONG {
        assert!(right.contains(before), "{before}");
        fs::write(&file, right.replacen(before, after, 1)).unwrap();
        let error = parse(&file).unwrap_err().to_string();
        assert!(error.contains(complaint) && error.contains("exit status: 1"), "{after}: {error}");
        assert_eq!(error.lines().filter(|line| line.starts_with("line ")).count(), 1, "{error}");
    }
}

/// What the document says of each record.
fn checked(samples: &[Sample]) -> Result<Vec<Value>> {
    let lines: String = samples.iter().map(|sample| sample.record.to_string() + "\n").collect();
    let mut program = Command::new(node("tests/node")?);
    let said = run(program.arg(folder("tests/node/records.js")).arg(document()), &lines)?;
    said.lines().map(|line| serde_json::from_str(line).context("a line of JSON")).collect()
}

#[test]
fn every_record_is_one_of_its_channels_messages() {
    let samples = records::all().unwrap();
    let said = checked(&samples).unwrap();
    assert_eq!(said.len(), samples.len());
    for (sample, said) in samples.iter().zip(&said) {
        assert_eq!(said["is"], json!([sample.message]), "{}: {said}", sample.record);
    }
    let topics: BTreeSet<_> = samples.iter().map(|sample| sample.record["topic"].to_string()).collect();
    assert_eq!(topics.len(), Topic::ALL.len(), "a topic has no sample: {topics:?}");
}

#[test]
fn a_record_that_is_not_as_the_document_says_is_told() {
    let samples = records::all().unwrap();
    let one = |message: &str| samples.iter().find(|sample| sample.message == message).unwrap().record.clone();
    let changed = |message: &str, pointer: &str, value: Value| {
        let mut record = one(message);
        *record.pointer_mut(pointer).unwrap() = value;
        Sample { message: String::new(), record }
    };
    let wrong = [
        changed("delivery", "/key", json!("17841405726653026")),
        changed("delivery", "/headers/ce_time", json!("yesterday")),
        changed("message", "/topic", json!(Topic::Standby.name(PREFIX))),
        changed("standby.message", "/topic", json!(Topic::Messages.name(PREFIX))),
        changed("message", "/key", json!(17)),
        changed("message", "/headers/content-type", json!("application/json")),
        changed("message", "/headers/ce_id", json!("17")),
        changed("message", "/value/type", json!("com.meta.instagram.message.v2")),
        changed("message", "/value/data", json!({"reaction": {}})),
        changed("message", "/value/metatest", json!("no")),
        changed("inbox", "/headers/weir_event", json!(1)),
        changed("profile", "/value/profile", json!("Ana")),
        changed("media", "/value/sha256", json!(7)),
        changed("comment.enriched", "/value/lookup", json!({})),
        changed("dead_letter.lookups", "/headers/weir_dlq_offset", json!("first")),
    ];
    for (said, wrong) in checked(&wrong).unwrap().iter().zip(&wrong) {
        assert_eq!(said["is"], json!([]), "{}", wrong.record);
        assert_eq!(said["nearest"]["errors"].as_array().map(Vec::is_empty), Some(false), "{said}");
    }
}
