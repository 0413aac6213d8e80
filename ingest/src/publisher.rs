//! Lays a verified delivery out on the topics: the raw record, the typed ones, a dead letter where it is due.

use crate::answer::Unavailable;
use crate::metrics::Metrics;
use crate::signature::VerifiedBody;
use runtime::dead_letter::DeadLetter;
use runtime::producer::{Batch, Outgoing, Producer, Receipt, SendError};
use runtime::throttle::Throttle;
use schemas::{Event, Millis, Refusal, Topic, raw};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use uuid::Uuid;

/// How often trouble with Kafka is said again.
const SAY_EVERY: Duration = Duration::from_mins(1);

/// What the events of a delivery are written into, one after the other: librdkafka copies what it is given.
#[derive(Debug, Default)]
struct Scratch {
    value: Vec<u8>,
    event_type: Vec<u8>,
}

/// Publishes deliveries; it takes nothing but a [`VerifiedBody`].
#[derive(Debug)]
pub(crate) struct Publisher {
    producer: Producer,
    /// Names of the topics, by their place in [`Topic`].
    topics: [String; Topic::ALL.len()],
    max_events: usize,
    consumer: &'static str,
    metrics: Arc<Metrics>,
    refused: Throttle,
}

impl Publisher {
    pub(crate) fn new(
        producer: Producer,
        topic_prefix: &str,
        max_events: usize,
        consumer: &'static str,
        metrics: Arc<Metrics>,
    ) -> Self {
        let topics = Topic::ALL.map(|topic| topic.name(topic_prefix));
        Self { producer, topics, max_events, consumer, metrics, refused: Throttle::new(SAY_EVERY) }
    }

    /// Queues all records of a delivery; the receipt resolves once Kafka has acknowledged all of them.
    pub(crate) fn publish(&self, body: &VerifiedBody, received: SystemTime) -> Result<Receipt, Unavailable> {
        let split = schemas::split(body.bytes(), self.max_events);
        let mut id = Uuid::encode_buffer();
        let id = Uuid::now_v7().hyphenated().encode_lower(&mut id);
        let received_text = Millis::of(received).to_string();
        let receipt = schemas::Receipt { delivery_id: id, received: &received_text };
        let delivery =
            raw::Delivery { receipt, source: &split.source, signature: body.signature(), app: body.app() };
        let mut batch = self.producer.batch();
        self.send(&mut batch, Topic::Raw, None, body.bytes(), &delivery.headers())?;
        let mut scratch = Scratch::default();
        for event in &split.events {
            self.send_event(&mut batch, event, receipt, &mut scratch)?;
        }
        if let Some(refusal) = split.refusal {
            self.send_dead_letter(&mut batch, &delivery, body.bytes(), refusal, received)?;
        }
        self.metrics.body_bytes.inc_by(body.bytes().len() as u64);
        Ok(batch.finish())
    }

    fn send_event(
        &self,
        batch: &mut Batch<'_>,
        event: &Event<'_>,
        receipt: schemas::Receipt<'_>,
        Scratch { value, event_type }: &mut Scratch,
    ) -> Result<(), Unavailable> {
        value.clear();
        event.write_json(receipt, value);
        event_type.clear();
        event.write_type(event_type);
        let id = event.id.to_hex();
        let headers: [(&str, &[u8]); 3] =
            [("content-type", raw::TYPED_CONTENT_TYPE.as_bytes()), ("ce_id", &id), ("ce_type", event_type)];
        self.metrics.event(event.kind);
        self.send(batch, event.topic(), event.key.as_deref(), value, &headers)
    }

    fn send_dead_letter(
        &self,
        batch: &mut Batch<'_>,
        delivery: &raw::Delivery<'_>,
        body: &[u8],
        refusal: Refusal,
        received: SystemTime,
    ) -> Result<(), Unavailable> {
        let letter = DeadLetter {
            reason: refusal.as_str(),
            error: refusal.explanation(),
            consumer: self.consumer,
            origin: None,
            attempts: 1,
            first_failed: received,
        };
        let why = letter.headers();
        let mut headers = delivery.headers().to_vec();
        headers.extend(why.iter().map(|(name, value)| (*name, value.as_bytes())));
        self.metrics.dead_letter(refusal);
        self.send(batch, Topic::IngestDlq, None, body, &headers)
    }

    fn send(
        &self,
        batch: &mut Batch<'_>,
        topic: Topic,
        key: Option<&str>,
        value: &[u8],
        headers: &[(&str, &[u8])],
    ) -> Result<(), Unavailable> {
        let topic = &self.topics[topic as usize];
        let record = Outgoing { topic, key: key.map(str::as_bytes), value, headers };
        batch.send(record).map_err(|error| match error {
            SendError::QueueFull => Unavailable::QueueFull,
            SendError::TooLarge { .. } | SendError::Fatal { .. } | SendError::Other { .. } => {
                if let Some(suppressed) = self.refused.pass(Instant::now()) {
                    tracing::error!(%error, suppressed, "a record cannot be sent");
                }
                Unavailable::Refused
            }
        })
    }

    /// Every topic that ingest writes to, by name.
    pub(crate) fn topic_names(&self) -> Vec<String> {
        Topic::OF_INGEST.iter().map(|topic| self.topics[*topic as usize].clone()).collect()
    }
}
