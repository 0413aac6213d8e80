//! Gives a record to the dead letters, and does not let go before they have it.

use std::time::{Instant, SystemTime};

use rdkafka::message::{Header, OwnedHeaders};

use super::verdict::Halt;
use super::work::{Desk, Work};
use super::{ConsumerError, Record, Wait};
use crate::kafka::RecordPosition;
use crate::kafka::dead_letter::{DeadLetter, Past, header};

/// Why a record is dead.
#[derive(Clone, Debug)]
pub(super) struct Burial {
    pub(super) reason: &'static str,
    pub(super) error: String,
    pub(super) attempts: u32,
    pub(super) first_failed: SystemTime,
}

/// Returns once the dead letter is acknowledged; tries without limit, because the offset is held meanwhile.
pub(super) async fn bury(record: &Record, burial: &Burial, desk: &Desk) -> Result<(), Halt> {
    allow(record, burial, desk)?;
    let headers = headers(record, burial, &desk.work.options.group);
    let mut backoff = desk.backoff();
    while let Err(error) = publish(record, headers.clone(), &desk.work).await {
        desk.failed("dead_letter", record, &error);
        desk.back_off(&mut backoff, Wait::Kafka).await?;
    }
    desk.work.metrics.dead_letters.with_label_values(&[&*record.topic, burial.reason]).inc();
    say(record, burial, desk);
    Ok(())
}

/// A row of dead letters that is too long ends the consumer before the next one.
fn allow(record: &Record, burial: &Burial, desk: &Desk) -> Result<(), Halt> {
    desk.work.rejects.rejected(&record.topic).map_err(|rejected| {
        Halt::Failed(ConsumerError::Rejecting {
            topic: record.topic.to_string(),
            partition: record.partition,
            offset: record.offset,
            rejected,
            reason: burial.reason,
            error: burial.error.clone(),
        })
    })
}

/// Says, now and then, that a record was given up; the dead letter has the rest.
fn say(record: &Record, burial: &Burial, desk: &Desk) {
    if let Some(suppressed) = desk.work.buried.pass(Instant::now()) {
        let (topic, partition, offset) = (&*record.topic, record.partition, record.offset);
        let Burial { reason, error, attempts, .. } = burial;
        let to = &desk.work.options.dlq_topic;
        tracing::warn!(
            reason,
            error,
            attempts,
            topic,
            partition,
            offset,
            to,
            suppressed,
            "a record became a dead letter"
        );
    }
}

/// An error is worth another try.
async fn publish(record: &Record, headers: OwnedHeaders, work: &Work) -> Result<(), String> {
    let mut batch = work.producer.batch();
    let (key, value) = (record.key.as_deref(), record.value.as_deref());
    let queued = batch.enqueue(&work.options.dlq_topic, key, value, Some(headers));
    // A producer that has failed for good is replaced by itself; the record waits for that too.
    queued.map_err(|error| error.to_string())?;
    // Even when the worker must stop: a dead letter on its way whose offset is not stored would be there twice.
    batch.finish().await.map_err(|error| error.to_string())
}

/// The record's own headers, and why it is dead. One that was dead before, and put back, counts on.
fn headers(record: &Record, burial: &Burial, consumer: &str) -> OwnedHeaders {
    let past = Past::read(|name| record.header(name));
    let origin = RecordPosition { topic: &record.topic, partition: record.partition, offset: record.offset };
    let letter = DeadLetter {
        reason: burial.reason,
        error: &burial.error,
        consumer,
        origin: Some(origin),
        attempts: past.attempts.saturating_add(burial.attempts),
        first_failed: past.first_failed.unwrap_or(burial.first_failed),
    };
    let own = record.headers.iter().filter(|(name, _)| !name.starts_with(header::PREFIX));
    let headers = own.fold(OwnedHeaders::new(), |headers, (key, value)| {
        headers.insert(Header { key, value: value.as_deref() })
    });
    letter
        .headers()
        .iter()
        .fold(headers, |headers, (key, value)| headers.insert(Header { key, value: Some(value.as_str()) }))
}
