//! Typed events, made of deliveries as ingest makes them, on the topics that ingest writes them to.

use std::collections::VecDeque;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use runtime::producer::{Acknowledgement, Outgoing, Producer, ProducerOptions};
use runtime::settings::KafkaSettings;
use schemas::Millis;
use weir_tests::pipeline::{Ground, PREFIX};

const ACCOUNT: &str = "17841405726653026";
/// Conversations, or posts that are commented on.
const KEYS: u32 = 50_000;
/// Records of one receipt, and receipts that are waited for at once.
const BATCH: u32 = 500;
const BATCHES: usize = 16;

/// What the backlog consists of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Messages of customers.
    Message,
    /// Comments that the account has written itself, which are not looked up.
    OwnComment,
}

/// Puts so many events on their topic; returns once all of them are acknowledged.
pub(crate) async fn fill(ground: &Ground, kind: Kind, events: u32) -> Result<()> {
    let kafka = KafkaSettings::plain(ground.kafka.bootstrap());
    let producer = Producer::new(&kafka, &ProducerOptions::default())?;
    let now = Millis::of(SystemTime::now()).as_millis();
    let mut receipts: VecDeque<Acknowledgement> = VecDeque::new();
    let mut number = 0;
    while number < events {
        if receipts.len() >= BATCHES {
            receipts.pop_front().context("a receipt")?.await?;
        }
        let mut batch = producer.batch();
        for _ in 0..BATCH.min(events - number) {
            send(&mut batch, kind.body(number, now).as_bytes())?;
            number += 1;
        }
        receipts.push_back(batch.finish());
    }
    for receipt in receipts {
        receipt.await?;
    }
    Ok(())
}

fn send(batch: &mut runtime::producer::Batch<'_>, body: &[u8]) -> Result<()> {
    let split = schemas::split(body, 10);
    let receipt = schemas::Receipt {
        delivery_id: "0198c3f0-0000-7000-8000-000000000000",
        received: "2026-01-01T00:00:00.000Z",
    };
    for event in &split.events {
        let (mut value, mut event_type) = (Vec::new(), Vec::new());
        event.write_json(receipt, &mut value);
        event.write_type(&mut event_type);
        let id = event.id.to_hex();
        let headers: [(&str, &[u8]); 3] = [
            ("content-type", schemas::raw::TYPED_CONTENT_TYPE.as_bytes()),
            ("ce_id", &id),
            ("ce_type", &event_type),
        ];
        let topic = event.topic().name(PREFIX);
        let key = event.key.as_deref().map(str::as_bytes);
        batch.send(Outgoing { topic: &topic, key, value: &value, headers: &headers })?;
    }
    Ok(())
}

impl Kind {
    fn body(self, number: u32, now: u64) -> String {
        let one = number % KEYS;
        match self {
            Self::Message => format!(
                r#"{{"object":"instagram","entry":[{{"id":"{ACCOUNT}","time":{now},"messaging":[{{"sender":{{"id":"90{one:08}"}},"recipient":{{"id":"{ACCOUNT}"}},"timestamp":{now},"message":{{"mid":"backlog-{number}","text":"message {number} of a backlog"}}}}]}}]}}"#
            ),
            Self::OwnComment => format!(
                r#"{{"object":"instagram","entry":[{{"id":"{ACCOUNT}","time":{},"changes":[{{"field":"comments","value":{{"id":"180{number:08}","text":"comment {number} of a backlog","from":{{"id":"{ACCOUNT}","username":"shop"}},"media":{{"id":"179{one:08}","media_product_type":"FEED"}}}}}}]}}]}}"#,
                now / 1_000
            ),
        }
    }
}
