//! What is published, read by the clients in other languages, which are made of the schemas.

#![cfg(feature = "everything")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use schemas::{Reception, split};
use serde_json::{Value, json};
use weir_tests::fixtures;
use weir_tests::foreign::{folder, node, python, run};

const RECEPTION: Reception<'static> =
    Reception { delivery_id: "01981d1a-2f00-7000-8000-000000000000", received: "2025-07-18T10:35:12.000Z" };
/// Enriched events: found, gone, skipped.
const ENRICHED: &str = include_str!("../../schemas/golden/v1/enriched.jsonl");
/// Inbox records, one of each event and message type.
const INBOX: &str = include_str!("../../schemas/golden/v1/inbox.jsonl");
/// Profiles of customers, one of each status.
const PROFILES: &str = include_str!("../../schemas/golden/v1/profiles.jsonl");
/// What became of links, one of each status.
const MEDIA: &str = include_str!("../../schemas/golden/v1/media.jsonl");
/// Items of every JSON type, which become events of no kind.
const ANYTHING: &str = r#"{"object":"page","entry":[{"id":"1","time":1752834910,"messaging":
    [{"a":[17841405726653026987,1.5]},["b"],"c",17841405726653026,0.5,true,null]}]}"#;

/// The values of the records that a body becomes, one a line.
fn records(body: &[u8]) -> String {
    let value = |event: &schemas::Event<'_>| {
        let mut value = Vec::new();
        event.write_json(RECEPTION, &mut value);
        String::from_utf8_lossy(&value).replace('\n', " ") + "\n"
    };
    split(body, 10_000).events.iter().map(value).collect()
}

/// The events of every fixture, one a line.
fn events() -> Result<String> {
    Ok(fixtures::deliveries()?.iter().map(|body| records(body)).collect())
}

/// Whether a client has a type of its own for the event.
fn is_known(event: &Value) -> bool {
    let kind = event["type"].as_str().unwrap_or_default().trim_end_matches(".v1").splitn(4, '.').nth(3);
    let is_unknown = kind.is_none_or(|kind| kind.trim_start_matches("standby.") == "unknown");
    !is_unknown && ["instagram", "page"].contains(&event["metaobject"].as_str().unwrap_or_default())
}

/// What a program made of records, one a line: of each a word about it, and the record as it has it.
fn read_by(program: &mut Command, records: &str) -> Result<Vec<(Value, Value)>> {
    run(program, records)?.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

fn python_client() -> Result<Command> {
    let mut program = Command::new(python()?);
    program.arg(folder("tests/python/clients.py"));
    Ok(program)
}

fn typescript_client() -> Result<Command> {
    let mut program = Command::new(node("examples/typescript")?);
    program.arg(folder("tests/node/clients.js"));
    Ok(program)
}

#[test]
fn the_clients_are_what_the_script_makes_of_the_schemas() {
    let made = tempfile::tempdir().unwrap();
    run(Command::new(python().unwrap()).arg(folder("clients/generate")).arg(made.path()), "").unwrap();
    let (mut expected, mut committed) = (BTreeMap::new(), BTreeMap::new());
    files(made.path(), made.path(), &mut expected).unwrap();
    files(&folder("clients"), &folder("clients"), &mut committed).unwrap();
    committed.retain(|name, _| {
        expected.contains_key(name) || name.contains("/models/") && !name.contains("__pycache__")
    });
    assert!(
        committed == expected,
        "run tests/python/venv/bin/python clients/generate: the models are of other schemas"
    );
}

fn files(folder: &Path, below: &Path, found: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, below, found)?;
        } else {
            found.insert(path.strip_prefix(below)?.display().to_string(), std::fs::read(&path)?);
        }
    }
    Ok(())
}

#[test]
fn the_python_client_reads_every_fixture() {
    let all = events().unwrap() + &records(ANYTHING.as_bytes()) + ENRICHED + INBOX + PROFILES + MEDIA;
    let read = read_by(&mut python_client().unwrap(), &all).unwrap();
    assert_eq!(read.len(), all.lines().count());
    for ((name, read), record) in read.into_iter().zip(all.lines()) {
        let record: Value = serde_json::from_str(record).unwrap();
        let expected = match &record {
            record if record.get("lookup").is_some() => "EnrichedEvent",
            record if record.get("origin").is_some() => "MediaRecord",
            record if record.get("event").is_some() => "InboxRecord",
            record if record.get("profile").is_some() => "CustomerProfile",
            event if is_known(event) => "its own",
            _ => "Event",
        };
        let name = name.as_str().unwrap();
        let is_own = name.ends_with("Event") && !["Event", "EnrichedEvent"].contains(&name);
        assert_eq!(if is_own { "its own" } else { name }, expected, "{record}");
        assert_eq!(plain(read), plain(record));
    }
}

#[test]
fn the_typescript_client_reads_every_fixture() {
    let records = events().unwrap();
    let read = read_by(&mut typescript_client().unwrap(), &records).unwrap();
    assert_eq!(read.len(), records.lines().count());
    for ((known, read), record) in read.into_iter().zip(records.lines()) {
        let record: Value = serde_json::from_str(record).unwrap();
        assert_eq!((known, plain(read)), (json!(is_known(&record)), plain(in_javascript(record))));
    }
}

/// The compiler takes every fixture for one of the union, and what a program does with it.
#[test]
fn the_typescript_compiler_takes_every_fixture() {
    let dir = tempfile::tempdir().unwrap();
    let client = folder("clients/typescript/index.js");
    let events = events().unwrap();
    let events = events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).filter(is_known);
    let lines = events
        .enumerate()
        .map(|(number, event)| format!("export const event{number}: KnownEvent = {event};"));
    let import = format!("import type {{ KnownEvent }} from {client:?};");
    let program = [import].into_iter().chain(lines).collect::<Vec<_>>().join("\n");
    let fixtures = dir.path().join("fixtures.ts");
    std::fs::write(&fixtures, program).unwrap();
    node("examples/typescript").unwrap();
    let mut compiler = Command::new(folder("examples/typescript/node_modules/.bin/tsc"));
    compiler.args(["--noEmit", "--strict", "--target", "es2024", "--module", "nodenext", "--types", ""]);
    run(compiler.arg(&fixtures).arg(folder("tests/node/models.ts")), "").unwrap();
}

/// A name given twice, and half of a surrogate pair, which the reference of the events gives a way to read.
#[test]
fn data_that_parsers_differ_over_is_read_as_the_documents_say() {
    let message = |members: &str| {
        format!(
            r#"{{"object":"page","entry":[{{"id":"1","messaging":[{{"sender":{{"id":"2"}},"message":{members}}}]}}]}}"#
        )
    };
    let bodies = [
        message(r#"{"mid":"m","text":"caf\u00e9 \ud83d\ude00"}"#),
        message(r#"{"mid":"m","text":"so good \ud83d"}"#),
        message(r#"{"mid":"m","text":"first","text":"last"}"#),
    ];
    let records: String = bodies.iter().map(|body| records(body.as_bytes())).collect();
    let texts = ["café 😀", "so good \u{FFFD}", "last"];

    let program = folder("tests/node/odd_data.js");
    let read = run(Command::new(node("tests/node").unwrap()).arg(program), &records).unwrap();
    let read: Vec<Value> = read.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, texts);

    let program = folder("tests/python/odd_data.py");
    let read = run(Command::new(python().unwrap()).arg(program), &records).unwrap();
    let read: Vec<Value> = read.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = [json!([null, texts[0]]), json!(["refused", texts[1]]), json!([null, texts[2]])];
    assert_eq!(read, expected);

    for (client, known) in [(python_client(), json!("MessageEvent")), (typescript_client(), json!(true))] {
        let read = read_by(&mut client.unwrap(), &records).unwrap();
        let expected = texts.map(|text| (known.clone(), json!(text)));
        let read = read.into_iter().map(|(known, event)| (known, event["data"]["message"]["text"].clone()));
        assert_eq!(read.collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_kind_that_comes_later_and_data_that_changed_are_events_all_the_same() {
    let event = events().unwrap().lines().next().context("an event").map(serde_json::from_str::<Value>);
    let mut event = event.unwrap().unwrap();
    event["type"] = json!("com.meta.instagram.hologram.v1");
    event["data"] = json!({"hologram": [1]});
    event["later"] = json!(true);
    let later = event.to_string();
    event["type"] = json!("com.meta.instagram.message.v1");
    event["data"] = json!({"message": "changed"});
    let records = format!("{later}\n{event}\n");
    let read = read_by(&mut python_client().unwrap(), &records).unwrap();
    assert_eq!(read.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["Event", "Event"]);
    assert_eq!(read[0].1["data"], json!({"hologram": [1]}));
    let read = read_by(&mut typescript_client().unwrap(), &records).unwrap();
    assert_eq!(read[0], (json!(false), serde_json::from_str(&later).unwrap()));
}

/// A record without what languages write in ways of their own: zeros at the end of an instant or a number.
fn plain(mut record: Value) -> Value {
    for pointer in [
        "/at",
        "/time",
        "/recordedtime",
        "/lookup/at",
        "/occurred_at",
        "/received_at",
        "/window_ends_at",
        "/expires",
    ] {
        if let Some(time) = record.pointer_mut(pointer).filter(|time| time.is_string()) {
            let text = time.as_str().unwrap_or_default().trim_end_matches('Z');
            let text =
                if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
            *time = Value::from(text);
        }
    }
    numbers(&mut record, |number| {
        if let Some(float) = number.as_f64() {
            *number = Value::from(float);
        }
    });
    record
}

/// A record as JavaScript has it, whose numbers hold no integer from 2^53 on: such a one is a string of its digits.
fn in_javascript(mut record: Value) -> Value {
    numbers(&mut record, |number| {
        let is_long = number.as_f64().is_some_and(|size| size.abs() >= 9_007_199_254_740_992.0);
        if is_long && !number.is_f64() {
            *number = Value::from(number.to_string());
        }
    });
    record
}

fn numbers(value: &mut Value, each: fn(&mut Value)) {
    match value {
        Value::Number(_) => each(value),
        Value::Array(items) => items.iter_mut().for_each(|item| numbers(item, each)),
        Value::Object(members) => members.values_mut().for_each(|member| numbers(member, each)),
        _ => {}
    }
}
