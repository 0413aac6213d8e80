//! A sample of everything that is published: what the fixtures become, laid out as the processes do.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use runtime::kafka::RecordPosition;
use runtime::kafka::dead_letter::DeadLetter;
use schemas::inbox::EventName;
use schemas::{Event, Reception, Topic, TypedEvent, raw, split};
use serde_json::{Map, Value, json};
use weir_tests::foreign::folder;

/// The prefix that the document shows.
pub(crate) const PREFIX: &str = "meta";

const RECEPTION: Reception<'static> =
    Reception { delivery_id: "01981d1a-2f00-7000-8000-000000000000", received: "2025-07-18T10:35:12.000Z" };
/// Bodies that are no delivery, one for each reason that does not need a large one.
const NO_DELIVERIES: [&str; 3] = ["nothing", r#"{"object":"page"}"#, "[]"];

/// A reply command, its key, and what became of it and of another one.
const REPLY: &str = r#"{"id":"order-4711","account":"17841405726653026","action":"message","text":"It is on its way!","to":"12345678901234567","not_after":"2025-07-19T16:00:00.000Z"}"#;
const REPLY_KEY: &str = "17841405726653026:12345678901234567";
const RESULTS: [&str; 3] = [
    r#"{"id":"order-4711","account":"17841405726653026","action":"message","status":"intended","at":"2025-07-18T16:20:41.040Z","attempt":1,"claim":"01981d1a-2f00-7000-8000-000000000000","partition":3,"offset":42}"#,
    r#"{"id":"order-4711","account":"17841405726653026","action":"message","status":"done","at":"2025-07-18T16:20:41.240Z","attempt":1,"answer":{"message_id":"aWdfZAG1faXRlbTox"},"partition":3,"offset":42}"#,
    r#"{"id":"order-4712","account":"17841405726653026","action":"message","status":"refused","at":"2025-07-18T16:20:41.560Z","attempt":1,"reason":"window_closed","error":"the time in which this person may be written to is over","partition":3,"offset":43}"#,
];

/// A record, and the message of the document that it should be.
pub(crate) struct Sample {
    pub(crate) message: String,
    pub(crate) record: Value,
}

/// Every record that the fixtures become, enriched events, dead letters.
pub(crate) fn all() -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    let mut keys = BTreeMap::new();
    for path in fixtures(".json")? {
        let body = fs::read(&path)?;
        let split = split(&body, 10_000);
        samples.push(delivery(&body, &split.source)?);
        for event in &split.events {
            keys.insert(event.id.to_string(), event.key.clone());
            samples.push(typed(event)?);
        }
    }
    for path in fixtures(".inbox.jsonl")? {
        for line in fs::read_to_string(&path)?.lines() {
            samples.push(inbox(line, &keys)?);
        }
    }
    samples.push(sample("reply", Topic::Replies, Some(REPLY_KEY), &[], &serde_json::from_str(REPLY)?));
    samples.extend(RESULTS.map(result).into_iter().collect::<Result<Vec<_>>>()?);
    let profiles = fs::read_to_string(folder("schemas/golden/v1/profiles.jsonl"))?;
    samples.extend(profiles.lines().map(profile).collect::<Result<Vec<_>>>()?);
    let media = fs::read_to_string(folder("schemas/golden/v1/media.jsonl"))?;
    samples.extend(media.lines().map(media_record).collect::<Result<Vec<_>>>()?);
    let golden = fs::read_to_string(folder("schemas/golden/v1/enriched.jsonl"))?;
    samples.extend(golden.lines().map(enriched).collect::<Result<Vec<_>>>()?);
    samples.extend(NO_DELIVERIES.map(dead_body).into_iter().collect::<Result<Vec<_>>>()?);
    let some = samples.iter().find(|sample| sample.message == "message").context("a message")?.record.clone();
    for (topic, consumer, reason) in [
        (Topic::MessagesDlq, "messages", "not_of_its_kind"),
        (Topic::LookupsDlq, "lookups", "no_token"),
        (Topic::RepliesDlq, "replies", "bad_command"),
        (Topic::MediaDlq, "media", "unreadable"),
        (Topic::MetricsDlq, "metrics", "a_reason_that_comes_later"),
    ] {
        samples.push(dead_letter(&some, topic, consumer, reason)?);
    }
    Ok(samples)
}

fn fixtures(ending: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for kind in fs::read_dir(folder("schemas/fixtures"))? {
        let kind = kind?.path();
        if kind.is_dir() {
            let within = fs::read_dir(kind)?.map(|file| Ok(file?.path())).collect::<Result<Vec<_>>>()?;
            files.extend(within.into_iter().filter(|path| path.to_string_lossy().ends_with(ending)));
        }
    }
    files.sort();
    Ok(files)
}

fn sample(
    message: &str,
    topic: Topic,
    key: Option<&str>,
    headers: &[(&str, &[u8])],
    value: &Value,
) -> Sample {
    let headers: Map<_, _> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), String::from_utf8_lossy(value).into_owned().into()))
        .collect();
    let record = json!({"topic": topic.name(PREFIX), "key": key, "headers": headers, "value": value});
    Sample { message: message.to_owned(), record }
}

fn raw_delivery(source: &str) -> raw::Headers<'_> {
    let signature = b"sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756";
    raw::Headers { reception: RECEPTION, source, signature, app: "default" }
}

fn delivery(body: &[u8], source: &str) -> Result<Sample> {
    let value = serde_json::from_slice(body)?;
    Ok(sample("delivery", Topic::Raw, None, &raw_delivery(source).headers(), &value))
}

fn typed(event: &Event<'_>) -> Result<Sample> {
    let (mut value, mut event_type) = (Vec::new(), Vec::new());
    event.write_json(RECEPTION, &mut value);
    event.write_type(&mut event_type);
    let id = event.id.to_hex();
    let headers = raw::typed_headers(&id, &event_type);
    let value = serde_json::from_slice(&value)?;
    Ok(sample(&event.kind.to_string(), event.topic(), event.key.as_deref(), &headers, &value))
}

fn inbox(line: &str, keys: &BTreeMap<String, Option<String>>) -> Result<Sample> {
    let value: Value = serde_json::from_str(line)?;
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let (id, event) = (text("id"), text("event"));
    let headers: [(&str, &[u8]); 3] =
        [("content-type", b"application/json"), ("ce_id", id.as_bytes()), ("weir_event", event.as_bytes())];
    let key = keys.get(&id).with_context(|| format!("{id} is no event's"))?;
    let topic = serde_json::from_value::<EventName>(value["event"].clone())?.topic();
    let message = topic.spec().suffix.trim_end_matches(".v1");
    Ok(sample(message, topic, key.as_deref(), &headers, &value))
}

fn result(line: &str) -> Result<Sample> {
    let value: Value = serde_json::from_str(line)?;
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let (id, status) = (text("id"), text("status"));
    let headers: [(&str, &[u8]); 3] = [
        ("content-type", b"application/json"),
        ("weir_command", id.as_bytes()),
        ("weir_status", status.as_bytes()),
    ];
    Ok(sample("reply.result", Topic::RepliesResults, Some(REPLY_KEY), &headers, &value))
}

fn profile(line: &str) -> Result<Sample> {
    let value: Value = serde_json::from_str(line)?;
    let text = |name: &str| value[name].as_str().unwrap_or_default();
    let key = format!("{}:{}", text("account"), text("user"));
    Ok(sample("profile", Topic::Profiles, Some(&key), &[("content-type", b"application/json")], &value))
}

fn media_record(line: &str) -> Result<Sample> {
    let value: Value = serde_json::from_str(line)?;
    let text = |name: &str| value[name].as_str().unwrap_or_default();
    let headers: [(&str, &[u8]); 3] = [
        ("content-type", b"application/json"),
        ("ce_id", text("id").as_bytes()),
        ("weir_status", text("status").as_bytes()),
    ];
    Ok(sample("media", Topic::Media, Some(text("subject")), &headers, &value))
}

fn enriched(line: &str) -> Result<Sample> {
    let value: Value = serde_json::from_str(line)?;
    let event = TypedEvent::read(Some(line.as_bytes()))?;
    let kind = event.kind().context("a kind")?;
    let topic =
        if kind.topic() == Topic::Comments { Topic::CommentsEnriched } else { Topic::MentionsEnriched };
    let headers: [(&str, &[u8]); 3] = [
        ("content-type", raw::TYPED_CONTENT_TYPE.as_bytes()),
        ("ce_id", event.id.as_bytes()),
        ("ce_type", event.event_type.as_bytes()),
    ];
    Ok(sample(&format!("{kind}.enriched"), topic, event.subject.as_deref(), &headers, &value))
}

/// A body that is no delivery, as ingest lays it out.
fn dead_body(body: &str) -> Result<Sample> {
    let split = split(body.as_bytes(), 10);
    let refusal = split.refusal.context("a reason")?;
    let letter = DeadLetter {
        reason: refusal.as_str(),
        error: refusal.explanation(),
        consumer: "weir-ingest",
        origin: None,
        attempts: 1,
        first_failed: SystemTime::UNIX_EPOCH,
        first_written: None,
    };
    let why = letter.headers();
    let mut headers = raw_delivery(&split.source).headers().to_vec();
    headers.extend(why.iter().map(|(name, value)| (*name, value.as_bytes())));
    Ok(sample("dead_letter.ingest", Topic::IngestDlq, None, &headers, &body.into()))
}

/// A record of `meta.messages.v1` that a consumer gave up.
fn dead_letter(of: &Value, topic: Topic, consumer: &str, reason: &str) -> Result<Sample> {
    let from = Topic::Messages.name(PREFIX);
    let letter = DeadLetter {
        reason,
        error: "the value is no typed event",
        consumer: &format!("weir-{consumer}"),
        origin: Some(RecordPosition { topic: &from, partition: 3, offset: 42 }),
        attempts: 1,
        first_failed: SystemTime::UNIX_EPOCH,
        first_written: Some(SystemTime::UNIX_EPOCH),
    };
    let mut record = of.clone();
    let headers = record["headers"].as_object_mut().context("headers")?;
    headers.extend(letter.headers().into_iter().map(|(name, value)| (name.to_owned(), value.into())));
    record["topic"] = topic.name(PREFIX).into();
    Ok(Sample { message: format!("dead_letter.{consumer}"), record })
}
