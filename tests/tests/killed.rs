//! A consumer that is killed without warning loses nothing.

#![cfg(feature = "everything")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use schemas::Topic;
use serde_json::json;
use tokio::task::JoinSet;
use weir_tests::pipeline::{Ground, Service};
use weir_tests::reader;
use weir_tests::signed::Sender;
use weir_tests::until::until;

const DELIVERIES: usize = 10_000;
/// How many senders post side by side.
const SENDERS: usize = 32;
/// Far longer than it should take, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_mins(4);

#[tokio::test]
async fn every_delivery_is_in_the_output_topics_after_the_consumers_were_killed() {
    let ground = Ground::prepare().await.unwrap();
    let (_ingest, sender) = ground.ingest(&[]).await.unwrap();
    let mut messages = ground.consumer("weir-messages").await.unwrap();
    let mut lookups = ground.consumer("weir-lookups").await.unwrap();
    let mut metrics = ground.consumer("weir-metrics").await.unwrap();
    let posting = tokio::spawn(post_all(sender));

    messages = kill_and_restart(&ground, messages, "weir-messages").await.unwrap();
    lookups = kill_and_restart(&ground, lookups, "weir-lookups").await.unwrap();
    metrics = kill_and_restart(&ground, metrics, "weir-metrics").await.unwrap();

    let events = posting.await.unwrap().unwrap();
    all_arrive(&ground, Topic::Inbox, &events.messages).await.unwrap();
    all_arrive(&ground, Topic::MentionsEnriched, &events.mentions).await.unwrap();
    for consumer in [&messages, &lookups, &metrics] {
        assert_eq!(consumer.metric("weir_consumer_dead_letters_total", "").await.unwrap().to_string(), "0");
    }
}

/// The ids of the events in all deliveries.
#[derive(Default)]
struct Events {
    messages: BTreeSet<String>,
    mentions: BTreeSet<String>,
}

/// Kills a consumer once it has handled something and while more comes, and starts it anew.
async fn kill_and_restart(ground: &Ground, mut consumer: Service, name: &str) -> Result<Service> {
    until("some handled records", PATIENCE, async || {
        let handled = consumer.metric("weir_consumer_records_total", "").await?;
        Ok((handled > 100.0).then_some(()))
    })
    .await?;
    consumer.process.kill()?;
    ground.consumer(name).await
}

async fn post_all(sender: Sender) -> Result<Events> {
    let sender = Arc::new(sender);
    let mut senders = JoinSet::new();
    for first in 0..SENDERS {
        let sender = Arc::clone(&sender);
        senders.spawn(async move {
            let mut events = Events::default();
            for number in (first..DELIVERIES).step_by(SENDERS) {
                post(&sender, number, &mut events).await?;
            }
            anyhow::Ok(events)
        });
    }
    let mut all = Events::default();
    while let Some(events) = senders.join_next().await {
        let Events { messages, mentions } = events??;
        all.messages.extend(messages);
        all.mentions.extend(mentions);
    }
    ensure!(all.messages.len() == DELIVERIES && all.mentions.len() == DELIVERIES, "the ids are not unique");
    Ok(all)
}

/// Posts a delivery with a message and a mention of its own.
async fn post(sender: &Sender, number: usize, events: &mut Events) -> Result<()> {
    let user = 10_000_000 + number % 500;
    let body = json!({"object": "instagram", "entry": [{
        "id": "17841405726653026", "time": 1_752_834_911_447_u64,
        "messaging": [{"sender": {"id": user.to_string()}, "recipient": {"id": "17841405726653026"},
            "timestamp": 1_752_834_910_447_u64, "message": {"mid": format!("mid-{number}"), "text": "Hello"}}],
        "changes": [{"field": "mentions", "value": {"media_id": user.to_string(), "comment_id": number.to_string()}}],
    }]});
    let body = serde_json::to_vec(&body)?;
    sender.post_until_accepted(&body, PATIENCE).await?;
    for event in schemas::split(&body, 10).events {
        let ids = if event.topic() == Topic::Messages { &mut events.messages } else { &mut events.mentions };
        ids.insert(event.id.to_string());
    }
    Ok(())
}

async fn all_arrive(ground: &Ground, topic: Topic, expected: &BTreeSet<String>) -> Result<()> {
    let name = topic.name(weir_tests::pipeline::PREFIX);
    let records = reader::read_until(ground.kafka.bootstrap(), &name, "every event", PATIENCE, |all| {
        let found: BTreeSet<_> = all.iter().filter_map(|record| record.header("ce_id")).collect();
        expected.is_subset(&found)
    })
    .await?;
    say(&format!("{name}: {} records for {} events", records.len(), expected.len()));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a measurement, for whoever runs the test with --nocapture")]
fn say(what: &str) {
    println!("{what}");
}
