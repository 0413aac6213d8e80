//! A producer of ingest: librdkafka's, or the direct one (`--producer`).

use super::direct::{self, Direct};
use crate::settings::ProducerKind;
use prometheus::Registry;
use runtime::kafka::topics::CHECK_TIMEOUT;
use runtime::process::Process;
use runtime::producer::{
    Acknowledgement, Outgoing, Producer, ProducerError, ProducerOptions, SendError, TopicsError, watchdog,
};
use runtime::settings::KafkaSettings;
use std::time::{Duration, Instant};

/// librdkafka asks for the idempotent producer's id on a timer of 500 ms (`rd_kafka_idemp_pid_timer_restart`), and sends no
/// record before it has one.
const SETTLE: Duration = Duration::from_millis(600);

/// A handle on the producer; clones share it.
#[derive(Clone, Debug)]
pub(crate) enum Writer {
    Rdkafka(Producer),
    Direct(Direct),
}

/// An open batch of it. Without [`Self::finish`] nobody learns what became of its records.
pub(crate) enum OpenBatch<'a> {
    Rdkafka(runtime::producer::Batch<'a>),
    Direct(direct::Batch<'a>),
}

impl Writer {
    /// Makes the producer that is asked for, and watches it until the process is asked to end; this waits for no broker. What it
    /// shows is shown in `registry`.
    pub(crate) fn start(
        kind: ProducerKind,
        kafka: &KafkaSettings,
        options: &ProducerOptions,
        topics: &[String],
        process: &Process,
        registry: &Registry,
    ) -> Result<Self, ProducerError> {
        Ok(match kind {
            ProducerKind::Rdkafka => {
                let producer = Producer::new(kafka, options)?;
                process.shutdown.spawn(watchdog::watch(producer.clone(), process, registry));
                Self::Rdkafka(producer)
            }
            ProducerKind::Direct => Self::Direct(Direct::start(kafka, options, topics, process, registry)?),
        })
    }

    /// Opens a batch, whose records are reported together.
    pub(crate) fn batch(&self) -> OpenBatch<'_> {
        match self {
            Self::Rdkafka(producer) => OpenBatch::Rdkafka(producer.batch()),
            Self::Direct(direct) => OpenBatch::Direct(direct.batch()),
        }
    }

    /// Whether all of these topics are there.
    pub(crate) async fn check_topics(&self, names: &[String]) -> Result<(), TopicsError> {
        match self {
            Self::Rdkafka(producer) => producer.check_topics(names, CHECK_TIMEOUT).await,
            Self::Direct(direct) => direct.check_topics(names, CHECK_TIMEOUT).await,
        }
    }

    /// Why its latest connection or request failed, if that was of late.
    pub(crate) fn last_reason(&self, now: Instant) -> Option<String> {
        match self {
            Self::Rdkafka(producer) => producer.last_reason(now),
            Self::Direct(direct) => direct.last_reason(now),
        }
    }

    /// How long to wait after the first successful check.
    pub(crate) const fn settles_within(&self) -> Duration {
        match self {
            Self::Rdkafka(_) => SETTLE,
            Self::Direct(_) => Duration::ZERO,
        }
    }

    /// Waits until every record has been reported; how many have not been after `limit`.
    pub(crate) async fn end(&self, limit: Duration) -> usize {
        match self {
            Self::Rdkafka(producer) if producer.flush(limit).await => 0,
            Self::Rdkafka(producer) => producer.in_flight(),
            Self::Direct(direct) => direct.end(limit).await,
        }
    }
}

impl OpenBatch<'_> {
    /// Queues a record; never waits. On an error this record is not queued, those before it are.
    pub(crate) fn send(&mut self, record: Outgoing<'_>) -> Result<(), SendError> {
        match self {
            Self::Rdkafka(batch) => batch.send(record),
            Self::Direct(batch) => batch.send(record),
        }
    }

    /// Closes the batch; the acknowledgement resolves when the last of its records has been reported.
    pub(crate) fn finish(self) -> Acknowledgement {
        match self {
            Self::Rdkafka(batch) => batch.finish(),
            Self::Direct(batch) => batch.finish(),
        }
    }
}
