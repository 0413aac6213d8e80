//! Sends a record to the dead letters, and holds its offset until they have it; too many in a row end the consumer.

use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};

use rdkafka::message::{Header, OwnedHeaders};

use super::Record;
use crate::consumer::ConsumerError;
use crate::consumer::error::Halt;
use crate::consumer::wait::Wait;
use crate::consumer::worker_context::{SharedContext, WorkerContext};
use crate::kafka::RecordPosition;
use crate::kafka::dead_letter::{DeadLetter, RetryHistory, header};

/// Why a record becomes a dead letter.
#[derive(Clone, Debug)]
pub(in crate::consumer) struct DeadLetterCause {
    pub(in crate::consumer) reason: &'static str,
    pub(in crate::consumer) error: String,
    pub(in crate::consumer) attempts: u32,
    pub(in crate::consumer) first_failed: SystemTime,
    /// Whether it is one of the dead letters in a row that stop the consumer: all but [`Failure::RejectUncounted`](crate::consumer::Failure::RejectUncounted).
    pub(in crate::consumer) is_counted: bool,
}

/// Returns once the dead letter is acknowledged; tries without limit, because the offset is held meanwhile.
pub(in crate::consumer) async fn dead_letter(
    record: &Record,
    cause: &DeadLetterCause,
    context: &WorkerContext,
) -> Result<(), Halt> {
    allow(record, cause, context)?;
    let headers = headers(record, cause, &context.shared.options.group);
    let mut backoff = context.backoff();
    while let Err(error) = publish(record, headers.clone(), &context.shared).await {
        context.failed("dead_letter", record, &error);
        context.back_off(&mut backoff, Wait::Kafka).await?;
    }
    context.shared.metrics.dead_letters.with_label_values(&[&*record.topic, cause.reason]).inc();
    log(record, cause, context);
    Ok(())
}

/// Too many dead letters in a row end the consumer before the next one.
fn allow(record: &Record, cause: &DeadLetterCause, context: &WorkerContext) -> Result<(), Halt> {
    let limit = context.shared.options.bounds.max_rejects_in_a_row;
    if !cause.is_counted || context.consecutive_dead_letters.fetch_add(1, Ordering::Relaxed) < limit {
        return Ok(());
    }
    Err(Halt::Failed(ConsumerError::TooManyDeadLetters {
        topic: record.topic.to_string(),
        partition: record.partition,
        offset: record.offset,
        count: limit,
        reason: cause.reason,
        error: cause.error.clone(),
    }))
}

/// Logs, now and then, that a record was given up; the dead letter has the rest.
fn log(record: &Record, cause: &DeadLetterCause, context: &WorkerContext) {
    if let Some(suppressed) = context.shared.dead_letter_log.pass(Instant::now()) {
        let (topic, partition, offset) = (&*record.topic, record.partition, record.offset);
        let DeadLetterCause { reason, error, attempts, .. } = cause;
        let to = &context.shared.options.dlq_topic;
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
async fn publish(record: &Record, headers: OwnedHeaders, shared: &SharedContext) -> Result<(), String> {
    let mut batch = shared.producer.batch();
    let (key, value) = (record.key.as_deref(), record.value.as_deref());
    let queued = batch.enqueue(&shared.options.dlq_topic, key, value, Some(headers));
    // A producer that has failed for good is replaced by itself; the record waits for that too.
    queued.map_err(|error| error.to_string())?;
    // Even when the worker must stop: a dead letter on its way whose offset is not stored would be there twice.
    batch.finish().await.map_err(|error| error.to_string())
}

/// The record's own headers, and why it is a dead letter. One that was a dead letter before, and put back, counts on.
fn headers(record: &Record, cause: &DeadLetterCause, consumer: &str) -> OwnedHeaders {
    let history = RetryHistory::read(|name| record.header(name));
    let origin = RecordPosition { topic: &record.topic, partition: record.partition, offset: record.offset };
    let dead_letter = DeadLetter {
        reason: cause.reason,
        error: &cause.error,
        consumer,
        origin: Some(origin),
        attempts: history.attempts.saturating_add(cause.attempts),
        first_failed: history.first_failed.unwrap_or(cause.first_failed),
        first_written: history.first_written.or(record.timestamp),
    };
    let own = record.headers.iter().filter(|(name, _)| !name.starts_with(header::PREFIX));
    let headers =
        own.fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value }));
    dead_letter
        .headers()
        .iter()
        .fold(headers, |headers, (key, value)| headers.insert(Header { key, value: Some(value.as_str()) }))
}
