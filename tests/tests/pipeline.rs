//! A delivery goes the whole way, through the real binaries and a real broker.

#![cfg(feature = "everything")]

use std::collections::BTreeSet;

use anyhow::Result;
use schemas::inbox::EventName;
use schemas::{Topic, TypedEvent, split};
use serde_json::Value;
use weir_tests::pipeline::{APP_SECRET, Ground, PATIENCE};
use weir_tests::reader::Record;
use weir_tests::signed;
use weir_tests::until::until;

/// Two entries of two accounts with four items: a message, a reaction, a comment, a mention in a comment.
const DELIVERY: &[u8] =
    include_bytes!("../../schemas/fixtures/batch/conversation-and-comments-of-two-accounts.json");
/// What the messages consumer makes of it, one record a line.
const INBOX: &str =
    include_str!("../../schemas/fixtures/batch/conversation-and-comments-of-two-accounts.inbox.jsonl");
/// Another delivery, whose records mark the end of what came before.
const MARKER: &[u8] = include_bytes!("../../schemas/fixtures/batch/messages-and-a-comment.json");

#[tokio::test]
async fn a_delivery_goes_the_whole_way_and_a_second_copy_of_it_changes_nothing() {
    let ground = Ground::prepare().await.unwrap();
    let (_ingest, sender) = ground.spooling_ingest(&[]).await.unwrap();
    let _messages = ground.consumer("weir-messages").await.unwrap();
    let _lookups = ground.consumer("weir-lookups").await.unwrap();
    let metrics = ground.consumer("weir-metrics").await.unwrap();

    let answer = sender.post(DELIVERY).await.unwrap();
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));

    raw_is_the_body(&ground).await.unwrap();
    let ids = typed_are_where_they_belong(&ground, 1).await.unwrap();
    inbox_is_normalised(&ground, 2).await.unwrap();
    enriched_have_what_the_graph_api_said(&ground).await.unwrap();

    assert_eq!(sender.post(DELIVERY).await.unwrap().status, 200);
    assert_eq!(sender.post(MARKER).await.unwrap().status, 200);
    assert_eq!(typed_are_where_they_belong(&ground, 2).await.unwrap(), ids);
    // The marker's message is the third inbox record, behind the copy's in the same conversation.
    inbox_is_normalised(&ground, 3).await.unwrap();
    // Three deliveries of 4, 4 and 3 events.
    let counted = until("eleven events in the metrics", PATIENCE, async || {
        let events = metrics.metric("weir_metrics_events_total", "instagram").await?;
        Ok((events >= 11.0).then_some(events))
    });
    assert_eq!(counted.await.unwrap().to_string(), "11");
}

async fn raw_is_the_body(ground: &Ground) -> Result<()> {
    let raw = ground.records(Topic::Raw, "the raw record", |all| all.len() == 1).await?.remove(0);
    assert_eq!(raw.value.as_deref(), Some(DELIVERY));
    assert_eq!(raw.key, None);
    let signature = signed::signature(APP_SECRET.as_bytes(), DELIVERY);
    let expected = [
        ("ce_specversion", "1.0"),
        ("ce_type", "com.meta.webhook.delivery.v1"),
        ("ce_source", "/meta/instagram/17841405726653026"),
        ("content-type", "application/json"),
        ("x-hub-signature-256", &signature),
        ("weir_app", "default"),
    ];
    for (name, value) in expected {
        assert_eq!(raw.header(name).as_deref(), Some(value), "{name}");
    }
    let version = raw.header("ce_id").and_then(|id| id.chars().nth(14));
    assert_eq!(version, Some('7'), "the delivery id is a UUID of version 7");
    Ok(())
}

/// Checks every typed record of the delivery, of which `copies` came, and returns their ids.
async fn typed_are_where_they_belong(ground: &Ground, copies: usize) -> Result<BTreeSet<String>> {
    let events = split(DELIVERY, 10).events;
    assert_eq!(events.len(), 4);
    let mut ids = BTreeSet::new();
    for event in &events {
        let id = event.id.to_string();
        let is_it = |record: &&Record| record.header("ce_id").as_ref() == Some(&id);
        let what = format!("{copies} of {}", event.kind);
        let enough = |all: &[Record]| all.iter().filter(is_it).count() == copies;
        let records = ground.records(event.topic(), &what, enough).await?;
        for record in records.iter().filter(is_it) {
            assert_eq!(record.key_text(), event.key);
            let content_type = record.header("content-type");
            assert_eq!(content_type.as_deref(), Some("application/cloudevents+json; charset=UTF-8"));
            let typed = TypedEvent::read(record.value.as_deref())?;
            assert_eq!(typed.id, id);
            assert_eq!(Some(&*typed.event_type), record.header("ce_type").as_deref());
            assert_eq!(typed.kind(), Some(event.kind));
            assert_eq!(typed.subject.as_deref(), event.key.as_deref());
            assert_eq!(typed.data.get(), event.data);
        }
        ids.insert(id);
    }
    Ok(ids)
}

async fn inbox_is_normalised(ground: &Ground, count: usize) -> Result<()> {
    let records = ground.records(Topic::Inbox, "the inbox", |all| all.len() >= count).await?;
    assert_eq!(records.len(), count);
    for line in INBOX.lines() {
        let mut expected: Value = serde_json::from_str(line)?;
        let topic = serde_json::from_value::<EventName>(expected["event"].clone())?.topic();
        let id = expected["id"].as_str();
        let is_there = |all: &[Record]| all.iter().any(|record| record.header("ce_id").as_deref() == id);
        let records = if topic == Topic::Inbox {
            records.clone()
        } else {
            ground.records(topic, "what is said in public", is_there).await?
        };
        let found: Vec<_> = records.iter().filter(|record| record.header("ce_id").as_deref() == id).collect();
        assert_eq!(found.len(), 1, "{id:?} is in the inbox once");
        let record = found[0].json()?;
        assert!(record["received_at"].as_str() > record["occurred_at"].as_str(), "{record}");
        expected["received_at"] = record["received_at"].clone();
        assert_eq!(record, expected);
        if topic == Topic::Inbox {
            assert_eq!(found[0].key_text().as_deref(), Some("17841405726653026:6837251906428371"));
        }
    }
    Ok(())
}

async fn enriched_have_what_the_graph_api_said(ground: &Ground) -> Result<()> {
    let pairs = [(Topic::Comments, Topic::CommentsEnriched), (Topic::Mentions, Topic::MentionsEnriched)];
    for (input, output) in pairs {
        let event = ground.records(input, "the event", |all| all.len() == 1).await?.remove(0);
        let enriched = ground.records(output, "the enriched event", |all| all.len() == 1).await?.remove(0);
        assert_eq!(enriched.key, event.key);
        assert_eq!(enriched.header("ce_id"), event.header("ce_id"));
        let mut with_lookup = enriched.json()?;
        let lookup = with_lookup.as_object_mut().and_then(|event| event.remove("lookup"));
        assert_eq!(with_lookup, event.json()?, "the event itself is unchanged");
        let lookup = lookup.unwrap_or_default();
        assert_eq!(lookup["status"], "found", "{lookup}");
        assert!(lookup["answer"].is_object(), "{lookup}");
    }
    Ok(())
}

#[tokio::test]
async fn the_time_to_an_acknowledgement_is_reported() {
    const DELIVERIES: usize = 500;
    let ground = Ground::prepare().await.unwrap();
    let (_ingest, sender) = ground.spooling_ingest(&[]).await.unwrap();
    // A broker that has just begun is late with its first acknowledgements.
    assert_eq!(sender.post(DELIVERY).await.unwrap().status, 200);
    let mut times = Vec::with_capacity(DELIVERIES);
    for _ in 0..DELIVERIES {
        let answer = sender.post(DELIVERY).await.unwrap();
        assert_eq!(answer.status, 200);
        times.push(answer.elapsed);
    }
    times.sort_unstable();
    let at = |share: usize| times[DELIVERIES * share / 100];
    println!(
        "an acknowledged delivery of 5 records, one at a time, {DELIVERIES} times: p50 {:?}, p90 {:?}, p99 {:?}",
        at(50),
        at(90),
        at(99)
    );
}
