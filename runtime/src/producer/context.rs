//! What librdkafka calls back: delivery reports, log lines, errors.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::{DeliveryResult, ProducerContext};

use super::receipt::Group;
use super::statistics::Statistics;
use super::stuck::Stuck;
use crate::kafka_log::KafkaLog;
use crate::throttle::Throttle;

pub(super) struct Context {
    log: KafkaLog,
    /// librdkafka's own count has log lines in it.
    in_flight: AtomicUsize,
    /// Written by the one thread that serves reports.
    delivered: AtomicU64,
    stuck: Stuck,
    refused: Throttle,
    /// The latest, until somebody takes them.
    statistics: Mutex<Option<Statistics>>,
}

/// A topic that refuses records refuses many.
const SAY_EVERY: Duration = Duration::from_mins(1);

impl Context {
    pub(super) fn new() -> Self {
        Self {
            log: KafkaLog::new(),
            in_flight: AtomicUsize::new(0),
            delivered: AtomicU64::new(0),
            stuck: Stuck::default(),
            refused: Throttle::new(SAY_EVERY),
            statistics: Mutex::new(None),
        }
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

    /// Partitions whose records run out of time.
    pub(super) const fn stuck(&self) -> &Stuck {
        &self.stuck
    }

    /// What the client said last of its work, once.
    pub(super) fn take_statistics(&self) -> Option<Statistics> {
        self.statistics.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn last_reason(&self) -> Option<String> {
        self.log.last_reason()
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.log.line(level, facility, message);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        *self.statistics.lock().unwrap_or_else(PoisonError::into_inner) = Statistics::read(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.log.error(&error, reason);
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = Arc<Group>;

    /// Runs on the one thread that serves all reports: store, count, wake, return.
    fn delivery(&self, result: &DeliveryResult<'_>, group: Arc<Group>) {
        self.reported();
        let failure = result.as_ref().err();
        match result {
            Ok(record) => {
                self.delivered.store(self.delivered.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
                self.stuck.acknowledged(|| (record.topic().to_owned(), record.partition()));
            }
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::MessageTimedOut), record)) => {
                self.stuck.timed_out(record.topic(), record.partition(), Instant::now());
            }
            Err(_) => {}
        }
        if let Some((error, record)) = failure
            && let Some(suppressed) = self.refused.pass(Instant::now())
        {
            let (topic, bytes) = (record.topic(), record.payload_len());
            tracing::warn!(topic, bytes, %error, suppressed, "a record was not acknowledged");
        }
        group.report(failure.map(|(error, _)| error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail)));
    }
}
