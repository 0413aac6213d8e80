//! Subscribers as users write them, in other languages, read what the real binaries publish.

#![cfg(feature = "everything")]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use schemas::Topic;
use schemas::inbox::EventName;
use serde_json::{Map, Value, json};
use weir_tests::foreign::{build_for_node, folder, node, python, run};
use weir_tests::guarded::Signal;
use weir_tests::kafka::java;
use weir_tests::pipeline::{Ground, PATIENCE, PREFIX, Service};
use weir_tests::process::Binary;
use weir_tests::reader::Record;

/// Two entries of two accounts with four items: a message, a reaction, a comment, a mention in a comment.
const DELIVERY: &[u8] =
    include_bytes!("../../schemas/fixtures/batch/conversation-and-comments-of-two-accounts.json");
/// What the messages consumer makes of it, one record a line.
const INBOX: &str =
    include_str!("../../schemas/fixtures/batch/conversation-and-comments-of-two-accounts.inbox.jsonl");

/// How long a subscriber may be that is to be read in a minute, of one topic and of two.
const LINES: usize = 42;
const LINES_OF_TWO: usize = 85;
/// What a subscriber needs to lose nothing and to hold up nobody.
const IN_PYTHON: [&str; 2] = [r#""enable.auto.offset.store": False"#, "finally:\n    consumer.close()"];
const IN_TYPESCRIPT: [&str; 2] = ["autocommit: false", "finally {\n  await consumer.close();"];
/// A subscriber is compiled or read first, and joins a group.
const SOON: Duration = Duration::from_mins(3);

#[tokio::test]
async fn the_examples_print_the_events_that_were_posted() {
    let (python_models, node_models) = tokio::join!(
        tokio::task::spawn_blocking(generate_for_python),
        tokio::task::spawn_blocking(|| build_for_node("examples/typescript"))
    );
    python_models.unwrap().unwrap();
    node_models.unwrap().unwrap();

    let ground = Ground::prepare().await.unwrap();
    let _messages = ground.consumer("weir-messages").await.unwrap();
    let _ingest = post(&ground).await.unwrap();

    let mut inbox = subscriber(&ground, &python().unwrap(), "examples/python/subscriber.py").unwrap();
    let mut messages =
        subscriber(&ground, &node("examples/typescript").unwrap(), "examples/typescript/build/subscriber.js")
            .unwrap();
    let mut events = subscriber(&ground, &python().unwrap(), "examples/python/events.py").unwrap();
    let node = node("examples/typescript").unwrap();
    let mut inbox_in_node = subscriber(&ground, &node, "examples/typescript/build/inbox.js").unwrap();
    for (subscriber, lines) in [
        (&mut inbox, inbox_lines(in_python)),
        (&mut inbox_in_node, inbox_lines(str::to_owned)),
        (&mut messages, message_lines().unwrap()),
        (&mut events, message_lines().unwrap()),
    ] {
        for expected in lines {
            subscriber.line(&expected, SOON, |line| line == expected).await.unwrap();
        }
    }
    for (subscriber, signal) in [
        (&mut inbox, Signal::Interrupt),
        (&mut messages, Signal::Interrupt),
        (&mut events, Signal::Terminate),
        (&mut inbox_in_node, Signal::Terminate),
    ] {
        subscriber.signal(signal).unwrap();
        let status = subscriber.wait(SOON).await.unwrap();
        assert!(status.success(), "{status} after {signal:?}\n{}", subscriber.stderr().unwrap());
    }
}

#[tokio::test]
async fn the_examples_in_go_and_java_print_typed_events_and_the_inbox() {
    let built = tempfile::tempdir().unwrap();
    let ground = Ground::prepare().await.unwrap();
    let _messages = ground.consumer("weir-messages").await.unwrap();
    let _ingest = post(&ground).await.unwrap();

    for (mut subscriber, terminated) in [in_go(&ground, built.path()).unwrap(), in_java(&ground).unwrap()] {
        for expected in [inbox_lines(str::to_owned), message_lines().unwrap()].concat() {
            subscriber.line(&expected, SOON, |line| line == expected).await.unwrap();
        }
        subscriber.signal(Signal::Terminate).unwrap();
        let status = subscriber.wait(SOON).await.unwrap();
        assert_eq!(status.code(), Some(terminated), "{}", subscriber.stderr().unwrap());
    }
}

/// Left to itself, each of these clients commits what it has fetched, done with or not, and its group waits for it when it fails.
#[test]
fn the_examples_are_short_commit_only_what_is_done_with_and_leave_their_group() {
    for (example, lines, needed) in [
        ("python/subscriber.py", LINES, IN_PYTHON),
        ("python/events.py", LINES, IN_PYTHON),
        ("typescript/subscriber.ts", LINES, IN_TYPESCRIPT),
        ("typescript/inbox.ts", LINES, IN_TYPESCRIPT),
        ("go/subscriber/subscriber.go", LINES_OF_TWO, ["kgo.DisableAutoCommit()", "defer client.Close()"]),
        ("java/Subscriber.java", LINES_OF_TWO, [r#""enable.auto.commit", false"#, "try (var consumer"]),
    ] {
        let text = std::fs::read_to_string(folder("examples").join(example)).unwrap();
        assert!(text.lines().count() <= lines, "{example} has more than {lines} lines");
        for needed in needed {
            assert!(text.contains(needed), "{example} needs {needed}");
        }
    }
}

/// The CloudEvents SDKs of other languages: raw records are binary events, typed ones structured.
#[tokio::test]
async fn the_cloudevents_sdks_read_raw_and_typed_records() {
    let ground = Ground::prepare().await.unwrap();
    let _ingest = post(&ground).await.unwrap();
    let mut records = ground.records(Topic::Raw, "the raw record", |all| all.len() == 1).await.unwrap();
    for topic in [Topic::Comments, Topic::Mentions] {
        records.extend(ground.records(topic, "the event", |all| all.len() == 1).await.unwrap());
    }
    records.extend(ground.records(Topic::Messages, "both events", |all| all.len() == 2).await.unwrap());

    let text: Vec<_> = records.iter().map(|record| as_json(record).unwrap().to_string()).collect();
    let text = text.join("\n") + "\n";
    let python = run(Command::new(python().unwrap()).arg(folder("tests/python/cloudevent.py")), &text);
    let node = run(Command::new(node("tests/node").unwrap()).arg(folder("tests/node/cloudevent.js")), &text);
    for read in [python.unwrap(), node.unwrap()] {
        let events: Vec<Value> = read.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(events.len(), records.len());
        for (event, record) in events.iter().zip(&records) {
            compare(event, record).unwrap();
        }
    }
}

/// `weir events` says beforehand what is published, but for what comes with a receipt.
#[tokio::test]
async fn weir_events_prints_the_records_that_are_published() {
    let ground = Ground::prepare().await.unwrap();
    let _ingest = post(&ground).await.unwrap();
    let file = folder("schemas/fixtures/batch/conversation-and-comments-of-two-accounts.json");
    let args = ["events", "--json", "--topic-prefix", PREFIX, &file.to_string_lossy()];
    let mut tool = Binary::start("weir", &args, &[]).unwrap();
    assert!(tool.wait(PATIENCE).await.unwrap().success());

    let printed: Vec<Value> =
        tool.stdout().unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(printed.len(), 4);
    for topic in [Topic::Messages, Topic::Comments, Topic::Mentions] {
        let of_topic: Vec<_> =
            printed.iter().filter(|record| record["topic"] == topic.name(PREFIX)).collect();
        let published = ground.records(topic, "the events", |all| all.len() == of_topic.len()).await.unwrap();
        // Of one conversation, or one alone: in one partition, and so in order.
        for (printed, published) in of_topic.into_iter().zip(&published) {
            let mut printed = printed.clone();
            let mut expected = as_json(published).unwrap();
            expected["value"] = published.json().unwrap();
            for of_the_receipt in ["recordedtime", "deliveryid"] {
                printed["value"][of_the_receipt].take();
                expected["value"][of_the_receipt].take();
            }
            for part in ["key", "headers", "value"] {
                assert_eq!(printed[part], expected[part], "{part}");
            }
        }
    }
}

/// Starts ingest and posts the delivery once, which is once on the topics then.
async fn post(ground: &Ground) -> Result<Service> {
    let (ingest, sender) = ground.spooling_ingest(&[]).await?;
    let answer = sender.post(DELIVERY).await?;
    ensure!(answer.status == 200, "ingest answered {}: {}", answer.status, answer.text);
    Ok(ingest)
}

/// As its documentation says.
fn generate_for_python() -> Result<()> {
    let generator = python()?.with_file_name("datamodel-codegen");
    run(Command::new(generator).current_dir(folder("examples/python")), "").map(drop)
}

fn subscriber(ground: &Ground, program: &Path, script: &str) -> Result<Binary> {
    start(ground, program, &[folder(script).to_str().context("a path in UTF-8")?])
}

fn start(ground: &Ground, program: &Path, args: &[&str]) -> Result<Binary> {
    let envs = [("WEIR_BROKERS", ground.kafka.bootstrap()), ("WEIR_TOPIC_PREFIX", PREFIX)];
    Binary::run("subscriber", program, args, &envs)
}

/// The example and the status with which it ends after SIGTERM. Built, since `go run` would not pass a signal on.
fn in_go(ground: &Ground, folder_of_it: &Path) -> Result<(Binary, i32)> {
    let program = folder_of_it.join("subscriber");
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&program).arg("./subscriber").current_dir(folder("examples/go"));
    run(&mut build, "")?;
    Ok((start(ground, &program, &[])?, 0))
}

/// The same; Java ends as if by the signal.
fn in_java(ground: &Ground) -> Result<(Binary, i32)> {
    let mut java = java()?;
    java.arg(folder("examples/java/Subscriber.java"));
    let args: Vec<_> = java.get_args().filter_map(|arg| arg.to_str()).collect();
    Ok((start(ground, Path::new(java.get_program()), &args)?, 143))
}

/// What the examples print of the inbox, with instants as their language has them.
fn inbox_lines(instant: fn(&str) -> String) -> Vec<String> {
    let records = INBOX.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_default());
    let is_in_the_inbox = |record: &Value| {
        let name = serde_json::from_value::<EventName>(record["event"].clone());
        name.is_ok_and(|name| name.topic() == Topic::Inbox)
    };
    let line = |record: Value| {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let parts = [&record["platform"], &record["event"], &record["from"], &record["message"]["body"]];
        format!("{} {}", instant(&text(&record["occurred_at"])), parts.map(text).join(" "))
    };
    records.filter(is_in_the_inbox).map(line).collect()
}

/// An instant as Python prints it: microseconds where there are some, the offset in digits.
fn in_python(instant: &str) -> String {
    let (day, time) = instant.trim_end_matches('Z').split_once('T').unwrap_or_default();
    let time = time.strip_suffix(".000").map_or_else(|| format!("{time}000"), str::to_owned);
    format!("{day} {time}+00:00")
}

/// What the examples print of the typed events.
fn message_lines() -> Result<Vec<String>> {
    let events = schemas::split(DELIVERY, 10).events;
    events.iter().filter(|event| event.topic() == Topic::Messages).map(message_line).collect()
}

fn message_line(event: &schemas::Event<'_>) -> Result<String> {
    let data: Value = serde_json::from_str(event.data)?;
    let time = event.time.map_or_else(|| "-".to_owned(), |time| time.to_string());
    let key = event.key.as_deref().unwrap_or("-");
    let text = data["message"]["text"].as_str().unwrap_or("-");
    Ok(format!("{time} {} {} {key} {text}", event.object, event.kind))
}

/// A record as the scripts take it.
fn as_json(record: &Record) -> Result<Value> {
    let value = record.value.clone().context("a value")?;
    let headers = record.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value).into_owned();
        (name.clone(), Value::from(value))
    });
    Ok(json!({
        "headers": headers.collect::<Map<_, _>>(),
        "key": record.key_text(),
        "value": String::from_utf8(value)?,
    }))
}

/// What an SDK made of a record has all that the record says, and nothing else.
fn compare(event: &Value, record: &Record) -> Result<()> {
    let said = said(record)?;
    let event = event.as_object().context("an object")?;
    for (name, expected) in &said {
        let found = event.get(name).with_context(|| format!("{name} is lost"))?;
        assert_eq!(instant(found), instant(expected), "{name}");
    }
    // The extension for partitioning, which an SDK makes of a record's key.
    let key = record.key_text();
    for (name, value) in event.iter().filter(|(name, value)| !said.contains_key(*name) && !value.is_null()) {
        assert_eq!((name.as_str(), value), ("partitionkey", &json!(key)));
    }
    Ok(())
}

/// The attributes and the data of a record: of a typed one they are its value, of a raw one in its headers.
fn said(record: &Record) -> Result<Map<String, Value>> {
    let value = record.json()?;
    if record.key.is_some() {
        return value.as_object().cloned().context("an object");
    }
    let attribute = |(name, value): &(String, Vec<u8>)| {
        let name = if name == "content-type" { "datacontenttype" } else { name.strip_prefix("ce_")? };
        Some((name.to_owned(), String::from_utf8_lossy(value).into_owned().into()))
    };
    let mut said: Map<_, _> = record.headers.iter().filter_map(attribute).collect();
    said.insert("data".to_owned(), value);
    Ok(said)
}

/// A value; an instant without what languages write in ways of their own: zeros at its end, and the offset.
fn instant(value: &Value) -> Value {
    let Some(text) = value.as_str() else { return value.clone() };
    let Some(time) = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00")) else {
        return value.clone();
    };
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
    json!(format!("{seconds}.{}Z", fraction.trim_end_matches('0')))
}
