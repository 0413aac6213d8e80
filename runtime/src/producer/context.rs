//! What librdkafka calls back: delivery reports, log lines, errors.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::producer::{DeliveryResult, ProducerContext};

use super::ProduceError;
use super::acknowledgement::BatchCompletion;
use super::stuck::Stuck;
use crate::kafka::TopicPartition;
use crate::kafka::log::KafkaLog;
use crate::kafka::statistics::Statistics;
use crate::mutex::lock;
use crate::throttle::Throttle;

#[derive(Default)]
pub(super) struct Context {
    pub(super) log: KafkaLog,
    /// Records that were sent and not reported; librdkafka's own count has log lines in it.
    in_flight: AtomicUsize,
    /// Written by the one thread that serves reports.
    delivered: AtomicU64,
    /// Partitions whose records run out of time.
    pub(super) stuck: Stuck,
    not_acknowledged_log: Throttle,
    /// The latest, until somebody takes them.
    statistics: Mutex<Option<Statistics>>,
}

impl Context {
    /// All clients of a producer share its log, so that one that is made for a question repeats nothing.
    pub(super) fn new(log: KafkaLog) -> Self {
        Self { log, ..Self::default() }
    }

    /// A record is about to be queued.
    pub(super) fn sent(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// A record was reported, or not queued after all.
    pub(super) fn reported(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Records acknowledged so far.
    pub(super) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// The latest statistics, unless they were taken already.
    pub(super) fn take_statistics(&self) -> Option<Statistics> {
        lock(&self.statistics).take()
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.log.log(level, facility, message);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        *lock(&self.statistics) = Statistics::read(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.log.error(error, reason);
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = Arc<BatchCompletion>;

    /// Runs on the one thread that serves all reports: store, count, wake, return.
    ///
    /// A success without an offset is none: librdkafka infers it from the success of a later request
    /// (`rd_kafka_dr_implicit_ack`), and the record can be nowhere; see docs/adr/0013.
    fn delivery(&self, result: &DeliveryResult<'_>, completion: Arc<BatchCompletion>) {
        self.reported();
        let failure = match result {
            Ok(record) if record.offset() < 0 => Some((ProduceError::INFERRED, record)),
            Ok(record) => {
                self.delivered.store(self.delivered.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
                self.stuck.acknowledged(|| TopicPartition::new(record.topic(), record.partition()));
                None
            }
            Err((error, record)) => {
                Some((error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail) as i32, record))
            }
        };
        if let Some((code, record)) = failure {
            self.failed(ProduceError::from_code(code), record);
        }
        completion.report(failure.map(|(code, _)| code));
    }
}

impl Context {
    fn failed(&self, error: ProduceError, record: &BorrowedMessage<'_>) {
        let topic = record.topic();
        if error == ProduceError::TimedOut {
            self.stuck.timed_out(topic, record.partition(), Instant::now());
        }
        if error.is_of_broker() {
            self.log.refused(format!("{topic} partition {}: {error}", record.partition()));
        }
        if let Some(suppressed) = self.not_acknowledged_log.pass(Instant::now()) {
            let (partition, bytes) = (record.partition(), record.payload_len());
            tracing::warn!(topic, partition, bytes, %error, suppressed, "a record was not acknowledged");
        }
    }
}
