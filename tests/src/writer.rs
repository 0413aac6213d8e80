//! Writing records straight to a topic, for tests that begin behind the edge.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext};
use rdkafka::{ClientConfig, ClientContext};

const WITHIN: Duration = Duration::from_mins(1);

/// A record to write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// The key; `None` is Kafka's null.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is Kafka's null.
    pub value: Option<Vec<u8>>,
    /// The headers in their order.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// Writes all records, those of one key in their order, and waits until every one is acknowledged by all in-sync replicas.
///
/// # Errors
///
/// When one of them is not acknowledged within a minute.
pub async fn write(bootstrap: &str, topic: &str, records: Vec<Outgoing>) -> Result<()> {
    write_at(bootstrap, topic, records, None).await
}

/// As [`write()`], as if it were this time, in milliseconds since 1970.
///
/// # Errors
///
/// When one of them is not acknowledged within a minute.
pub async fn write_at(bootstrap: &str, topic: &str, records: Vec<Outgoing>, at: Option<i64>) -> Result<()> {
    let (bootstrap, topic) = (bootstrap.to_owned(), topic.to_owned());
    let written = tokio::task::spawn_blocking(move || write_blocking(&bootstrap, &topic, &records, at)).await;
    written.context("a writer stopped")?
}

/// Writes a record in a transaction of its own, which is committed or aborted.
///
/// # Errors
///
/// When the transaction does not come to its end.
pub async fn transact(bootstrap: &str, topic: &str, record: Outgoing, commits: bool) -> Result<()> {
    let (bootstrap, topic) = (bootstrap.to_owned(), topic.to_owned());
    let done = tokio::task::spawn_blocking(move || {
        let producer: BaseProducer<Refusals> = ClientConfig::new()
            .set("bootstrap.servers", &bootstrap)
            .set("transactional.id", format!("weir-tests-{topic}"))
            .set("partitioner", "murmur2_random")
            .create_with_context(Refusals::default())
            .context("making a producer")?;
        producer.init_transactions(WITHIN).context("beginning")?;
        producer.begin_transaction().context("beginning")?;
        queue(&producer, &topic, &record, None).with_context(|| format!("writing to {topic}"))?;
        producer.flush(WITHIN).with_context(|| format!("waiting for {topic} to acknowledge"))?;
        let ended =
            if commits { producer.commit_transaction(WITHIN) } else { producer.abort_transaction(WITHIN) };
        ended.context("ending a transaction")
    });
    done.await.context("a writer stopped")?
}

fn write_blocking(bootstrap: &str, topic: &str, records: &[Outgoing], at: Option<i64>) -> Result<()> {
    let producer: BaseProducer<Refusals> = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("enable.idempotence", "true")
        .set("partitioner", "murmur2_random")
        .set("linger.ms", "1")
        .set("message.max.bytes", "16777216")
        .create_with_context(Refusals::default())
        .context("making a producer")?;
    for record in records {
        queue(&producer, topic, record, at).with_context(|| format!("writing to {topic}"))?;
    }
    producer.flush(WITHIN).with_context(|| format!("waiting for {topic} to acknowledge"))?;
    let refusals = producer.context().0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(first) = refusals.first() {
        bail!("{topic} refused {} of {} records, the first: {first}", refusals.len(), records.len());
    }
    Ok(())
}

/// Gives the record to the producer; where its queue is full, serves it until there is room.
fn queue(
    producer: &BaseProducer<Refusals>,
    topic: &str,
    record: &Outgoing,
    at: Option<i64>,
) -> Result<(), KafkaError> {
    let mut wanted: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(topic);
    wanted.timestamp = at;
    wanted.key = record.key.as_deref();
    wanted.payload = record.value.as_deref();
    wanted.headers = Some(record.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
        headers.insert(Header { key, value: Some(value) })
    }));
    while let Err((error, back)) = producer.send(wanted) {
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
            return Err(error);
        }
        wanted = back;
        producer.poll(Duration::from_millis(100));
    }
    Ok(())
}

/// What the broker did not take.
#[derive(Default)]
struct Refusals(Mutex<Vec<KafkaError>>);

impl ClientContext for Refusals {}

impl ProducerContext for Refusals {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(error.clone());
        }
    }
}
