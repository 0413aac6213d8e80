//! Subscribers as users write them, in other languages, read what the real binaries publish.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use schemas::Topic;
use serde_json::{Value, json};
use weir_tests::foreign::{folder, node, python, run};
use weir_tests::guarded::Signal;
use weir_tests::pipeline::{Ground, PATIENCE, PREFIX, Service};
use weir_tests::process::Binary;
use weir_tests::reader::Record;

/// Two entries of two accounts with four items: a message, a reaction, a comment, a mention in a comment.
const DELIVERY: &[u8] =
    include_bytes!("../../schemas/fixtures/batch/conversation-and-comments-of-two-accounts.json");
/// What the messages consumer makes of it, one record a line.
const INBOX: &str =
    include_str!("../../schemas/fixtures/batch/conversation-and-comments-of-two-accounts.inbox.jsonl");

/// How long a subscriber may be that is to be read in a minute.
const LINES: usize = 40;

#[tokio::test]
async fn the_examples_print_the_events_that_were_posted() {
    let (python_models, node_models) = tokio::join!(
        tokio::task::spawn_blocking(generate_for_python),
        tokio::task::spawn_blocking(generate_for_node)
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
    for expected in inbox_lines() {
        // Python has a way of its own to print the time that comes first.
        inbox.line(&expected, PATIENCE, |line| line.ends_with(&expected)).await.unwrap();
    }
    for event in schemas::split(DELIVERY, 10).events.iter().filter(|event| event.topic() == Topic::Messages) {
        let expected = message_line(event).unwrap();
        messages.line(&expected, PATIENCE, |line| line == expected).await.unwrap();
    }
    for subscriber in [&mut inbox, &mut messages] {
        subscriber.signal(Signal::Interrupt).unwrap();
        let status = subscriber.wait(PATIENCE).await.unwrap();
        assert!(status.success(), "{status} after Ctrl-C\n{}", subscriber.stderr().unwrap());
    }
}

#[test]
fn the_examples_are_short() {
    for example in ["python/subscriber.py", "typescript/subscriber.ts"] {
        let text = std::fs::read_to_string(folder("examples").join(example)).unwrap();
        assert!(text.lines().count() <= LINES, "{example} has more than {LINES} lines");
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

/// Starts ingest and posts the delivery once. How fast a broker is that has just begun is not what is asked here.
async fn post(ground: &Ground) -> Result<Service> {
    let (ingest, sender) = ground.ingest(&["--ack-timeout", "4s"]).await?;
    let answer = sender.post(DELIVERY).await?;
    ensure!(answer.status == 200, "ingest answered {}: {}", answer.status, answer.text);
    Ok(ingest)
}

/// As its documentation says.
fn generate_for_python() -> Result<()> {
    let generator = python()?.with_file_name("datamodel-codegen");
    run(Command::new(generator).current_dir(folder("examples/python")), "").map(drop)
}

/// As its documentation says.
fn generate_for_node() -> Result<()> {
    node("examples/typescript")?;
    let mut npm = Command::new("npm");
    run(npm.args(["run", "build"]).current_dir(folder("examples/typescript")), "").map(drop)
}

fn subscriber(ground: &Ground, program: &Path, script: &str) -> Result<Binary> {
    let script = folder(script);
    let script = script.to_str().context("a path in UTF-8")?;
    let envs = [("WEIR_BROKERS", ground.kafka.bootstrap()), ("WEIR_TOPIC_PREFIX", PREFIX)];
    Binary::run("subscriber", program, &[script], &envs)
}

/// What the Python example prints of the inbox.
fn inbox_lines() -> Vec<String> {
    let records = INBOX.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_default());
    let line = |record: Value| {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let parts = [&record["platform"], &record["event"], &record["from"], &record["message"]["body"]];
        parts.map(text).join(" ")
    };
    records.map(|record| format!(" {}", line(record))).collect()
}

/// What the TypeScript example prints of an event.
fn message_line(event: &schemas::Event<'_>) -> Result<String> {
    let data: Value = serde_json::from_str(event.data)?;
    let time = event.time.context("a time")?;
    let key = event.key.as_deref().context("a key")?;
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
        "headers": headers.collect::<serde_json::Map<_, _>>(),
        "key": record.key_text(),
        "value": String::from_utf8(value)?,
    }))
}

/// What an SDK made of a record has all that the record says.
fn compare(event: &Value, record: &Record) -> Result<()> {
    let value = record.json()?;
    let header = |name: &str| record.header(name).map_or(Value::Null, Value::from);
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["id"], header("ce_id"));
    assert_eq!(event["type"], header("ce_type"));
    if record.key.is_none() {
        assert_eq!(event["source"], header("ce_source"));
        assert_eq!(event["data"], value);
        return Ok(());
    }
    for name in ["source", "subject", "datacontenttype", "metaobject", "metaaccount", "metatest", "data"] {
        assert_eq!(event[name], value[name], "{name}");
    }
    Ok(())
}
