//! Publishes a verified delivery as records: the raw record, the typed events, a dead letter where one is due.

use super::bytes_on_kafka;
use super::not_published::NotPublished;
use super::producers::Producers;
use super::writer::OpenBatch;
use crate::blocking_work::BlockingWork;
use crate::delivery::Delivery;
use crate::metrics::Metrics;
use crate::settings::Settings;
use enum_map::EnumMap;
use runtime::kafka::dead_letter::DeadLetter;
use runtime::producer::{Acknowledgement, Outgoing, SendError};
use runtime::telemetry::{TRACEPARENT, TraceContext, spans};
use runtime::throttle::Throttle;
use schemas::{Refusal, Split, Topic, raw};
use std::sync::Arc;
use std::time::Instant;
use tracing::Span;
use uuid::Uuid;

/// The records of a delivery, in one batch and in the trace of the request.
struct TracedBatch<'a> {
    batch: OpenBatch<'a>,
    trace: Option<TraceContext>,
    spans: Vec<Span>,
}

/// Publishes deliveries.
#[derive(Debug)]
pub(crate) struct Publisher {
    pub(crate) producers: Producers,
    /// Names of the topics.
    topics: EnumMap<Topic, String>,
    max_events: usize,
    min_bytes_per_event: usize,
    process_name: &'static str,
    metrics: Arc<Metrics>,
    error_log: Throttle,
    blocking: BlockingWork,
}

impl Publisher {
    pub(crate) fn new(
        producers: Producers,
        topic_prefix: &str,
        settings: &Settings,
        process_name: &'static str,
        metrics: Arc<Metrics>,
    ) -> Self {
        let Settings { max_events, min_bytes_per_event, .. } = *settings;
        let topics = EnumMap::from_fn(|topic: Topic| topic.name(topic_prefix));
        let (error_log, blocking) = (Throttle::default(), BlockingWork::default());
        Self {
            producers,
            topics,
            max_events,
            min_bytes_per_event,
            process_name,
            metrics,
            error_log,
            blocking,
        }
    }

    /// The events of a delivery: at most `--max-events`, and for its size no more than `--min-bytes-per-event` allows.
    pub(crate) fn split<'d>(&self, delivery: &'d Delivery) -> Split<'d> {
        let bytes = delivery.body.bytes();
        let most = schemas::most_events(bytes.len(), self.max_events, self.min_bytes_per_event);
        self.blocking.block_in_place(bytes.len(), || schemas::split(bytes, most))
    }

    /// Queues all records of a delivery; the acknowledgement resolves once Kafka has acknowledged all of them.
    pub(crate) fn publish(
        &self,
        delivery: &Delivery,
        split: &Split<'_>,
    ) -> Result<Acknowledgement, NotPublished> {
        self.blocking.block_in_place(delivery.body.bytes().len(), || self.send_all(delivery, split))
    }

    fn send_all(&self, delivery: &Delivery, split: &Split<'_>) -> Result<Acknowledgement, NotPublished> {
        let body = &delivery.body;
        let mut id = Uuid::encode_buffer();
        let received = delivery.received_text();
        let reception = schemas::Reception {
            delivery_id: delivery.id.hyphenated().encode_lower(&mut id),
            received: &received,
        };
        let raw =
            raw::Headers { reception, source: &split.source, signature: body.signature(), app: body.app() };
        let batch = self.producers.batch(bytes_on_kafka(delivery, split));
        let mut batch = TracedBatch { batch, trace: delivery.trace, spans: Vec::new() };
        self.send(&mut batch, Topic::Raw, None, body.bytes(), &raw.headers())?;
        // Each event is written into the same buffers; the producer copies them.
        let (mut value, mut event_type) = (Vec::new(), Vec::new());
        for event in &split.events {
            value.clear();
            event.write_json(reception, &mut value);
            event_type.clear();
            event.write_type(&mut event_type);
            let id = event.id.to_hex();
            let headers = raw::typed_headers(&id, &event_type);
            self.metrics.event(event.kind);
            self.send(&mut batch, event.topic(), event.key.as_deref(), &value, &headers)?;
        }
        if let Some(refusal) = split.refusal {
            self.send_dead_letter(&mut batch, &raw, delivery, refusal)?;
        }
        Ok(batch.batch.finish().with_spans(batch.spans))
    }

    fn send_dead_letter(
        &self,
        batch: &mut TracedBatch<'_>,
        raw: &raw::Headers<'_>,
        delivery: &Delivery,
        refusal: Refusal,
    ) -> Result<(), NotPublished> {
        let dead_letter = DeadLetter {
            reason: refusal.as_str(),
            error: refusal.explanation(),
            consumer: self.process_name,
            origin: None,
            attempts: 1,
            first_failed: delivery.received,
            first_written: None,
        };
        let why = dead_letter.headers();
        let mut headers = raw.headers().to_vec();
        headers.extend(why.iter().map(|(name, value)| (*name, value.as_bytes())));
        self.metrics.dead_letter(refusal);
        self.send(batch, Topic::IngestDlq, None, delivery.body.bytes(), &headers)
    }

    fn send(
        &self,
        batch: &mut TracedBatch<'_>,
        topic: Topic,
        key: Option<&str>,
        value: &[u8],
        headers: &[(&str, &[u8])],
    ) -> Result<(), NotPublished> {
        let topic = &self.topics[topic];
        let record = Outgoing { topic, key: key.map(str::as_bytes), value, headers };
        batch.send(record).map_err(|error| {
            if error != SendError::QueueFull
                && let Some(suppressed) = self.error_log.pass(Instant::now())
            {
                tracing::error!(%error, suppressed, "cannot send a record");
            }
            NotPublished::from(error)
        })
    }
}

/// Every topic that ingest writes to, by name.
pub(crate) fn topic_names(topic_prefix: &str) -> Vec<String> {
    Topic::OF_INGEST.iter().map(|topic| topic.name(topic_prefix)).collect()
}

impl TracedBatch<'_> {
    /// Queues a record, with a span and a header that names it where the delivery is traced.
    fn send(&mut self, record: Outgoing<'_>) -> Result<(), SendError> {
        let Some(trace) = self.trace else {
            return self.batch.send(record);
        };
        let id = record.headers.iter().find(|(name, _)| *name == "ce_id");
        let id = id.and_then(|(_, id)| std::str::from_utf8(id).ok());
        let span = spans::send(record.topic, id, &trace);
        let header = TraceContext::of(&span).unwrap_or(trace).header();
        self.spans.push(span);
        let headers = [record.headers, &[(TRACEPARENT, header.as_bytes())]].concat();
        self.batch.send(Outgoing { headers: &headers, ..record })
    }
}
