//! Topics filled with the events of deliveries, laid out as ingest does, but faster: a backlog for those who read them.

use std::collections::VecDeque;

use anyhow::{Context as _, Result};
use runtime::producer::{Acknowledgement, Batch, Outgoing, Producer, ProducerOptions};
use runtime::settings::KafkaSettings;

/// Deliveries of one receipt, and receipts that are waited for at once.
const BATCH: usize = 500;
const BATCHES: usize = 16;
/// More than any delivery here has.
const MOST_EVENTS: usize = 1_000;

/// Puts the events of each body on their topics; returns how many they were, once all of them are acknowledged.
///
/// # Errors
///
/// When a record is refused, or not acknowledged in time.
pub async fn fill(bootstrap: &str, prefix: &str, bodies: impl IntoIterator<Item = String>) -> Result<u64> {
    let producer = Producer::new(&KafkaSettings::plain(bootstrap), &ProducerOptions::default())?;
    let mut receipts: VecDeque<Acknowledgement> = VecDeque::new();
    let mut bodies = bodies.into_iter().peekable();
    let mut events = 0;
    while bodies.peek().is_some() {
        if receipts.len() >= BATCHES {
            receipts.pop_front().context("a receipt")?.await?;
        }
        let mut batch = producer.batch();
        for body in bodies.by_ref().take(BATCH) {
            events += send(&mut batch, prefix, body.as_bytes())?;
        }
        receipts.push_back(batch.finish());
    }
    for receipt in receipts {
        receipt.await?;
    }
    Ok(events)
}

fn send(batch: &mut Batch<'_>, prefix: &str, body: &[u8]) -> Result<u64> {
    let split = schemas::split(body, MOST_EVENTS);
    let reception = schemas::Reception {
        delivery_id: "0198c3f0-0000-7000-8000-000000000000",
        received: "2026-01-01T00:00:00.000Z",
    };
    for event in &split.events {
        let (mut value, mut event_type) = (Vec::new(), Vec::new());
        event.write_json(reception, &mut value);
        event.write_type(&mut event_type);
        let id = event.id.to_hex();
        let headers: [(&str, &[u8]); 3] = [
            ("content-type", schemas::raw::TYPED_CONTENT_TYPE.as_bytes()),
            ("ce_id", &id),
            ("ce_type", &event_type),
        ];
        let topic = event.topic().name(prefix);
        let key = event.key.as_deref().map(str::as_bytes);
        batch.send(Outgoing { topic: &topic, key, value: &value, headers: &headers })?;
    }
    Ok(split.events.len() as u64)
}
