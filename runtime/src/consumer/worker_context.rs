//! What the workers of a consumer share, what each has for itself, and how they wait.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::error::Halt;
use super::handler::StallExemption;
use super::health::resets::Resets;
use super::metrics::ConsumerMetrics;
use super::partition::offsets::PartitionProgress;
use super::wait::{Activity, Wait};
use super::{ConsumerOptions, Record};
use crate::backoff::{self, Backoff};
use crate::kafka::last_reason::LastReason;
use crate::kafka::log::KafkaLog;
use crate::producer::Producer;
use crate::throttle::Throttle;

/// Shared by all workers of a consumer.
#[derive(Debug)]
pub(super) struct SharedContext {
    pub(super) options: ConsumerOptions,
    pub(super) producer: Producer,
    pub(super) metrics: ConsumerMetrics,
    /// By topic; see [`WorkerContext::consecutive_dead_letters`].
    pub(super) consecutive_dead_letters: HashMap<String, Arc<AtomicU64>>,
    /// Many records may die of one cause.
    pub(super) dead_letter_log: Throttle,
    /// Of all clients that there are one after the other.
    pub(super) kafka_log: KafkaLog,
    /// Of all of them too.
    pub(super) resets: Resets,
    /// Why the coordinator of the group refuses the client, until it takes it: librdkafka says some refusals once, and not again while they
    /// last.
    pub(super) group_refusal: LastReason,
}

/// What one worker works with, beside its [`SharedContext`].
#[derive(Debug)]
pub(super) struct WorkerContext {
    pub(super) shared: Arc<SharedContext>,
    /// The worker must come to an end.
    pub(super) stop: CancellationToken,
    pub(super) progress: Arc<PartitionProgress>,
    /// With which the handler says in `progress` that it waits.
    pub(super) waits: StallExemption,
    /// Dead letters in a row, so that a mistake in a handler does not drain a topic into them. They are those of the topic, over all of
    /// its partitions that this process reads: a mistake shows in all of them, one partition full of garbage does not.
    pub(super) consecutive_dead_letters: Arc<AtomicU64>,
    log: Throttle,
}

impl WorkerContext {
    pub(super) fn new(
        shared: Arc<SharedContext>,
        topic: &str,
        stop: CancellationToken,
        progress: Arc<PartitionProgress>,
    ) -> Self {
        let waits = StallExemption::of(Arc::clone(&progress));
        let consecutive_dead_letters =
            shared.consecutive_dead_letters.get(topic).cloned().unwrap_or_default();
        Self { shared, stop, progress, waits, consecutive_dead_letters, log: Throttle::default() }
    }

    pub(super) fn backoff(&self) -> Backoff {
        let bounds = &self.shared.options.bounds;
        Backoff::new(bounds.retry_backoff, bounds.retry_backoff_max)
    }

    /// Waits for the next attempt, unless the worker must stop.
    pub(super) async fn back_off(&self, backoff: &mut Backoff, on: Wait) -> Result<(), Halt> {
        self.wait(backoff.next_delay(backoff::random()), on).await
    }

    /// Waits, unless the worker must stop.
    pub(super) async fn wait(&self, delay: Duration, on: Wait) -> Result<(), Halt> {
        self.progress.set_activity(Activity::Waiting(on));
        self.unless_stopped(tokio::time::sleep(delay)).await
    }

    pub(super) async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Result<T, Halt> {
        self.stop.run_until_cancelled(work).await.ok_or(Halt::Stopped)
    }

    /// Counts a failed attempt, and logs it now and then.
    pub(super) fn failed(&self, class: &str, record: &Record, error: &str) {
        self.shared.metrics.failures.with_label_values(&[class]).inc();
        if let Some(suppressed) = self.log.pass(Instant::now()) {
            let (topic, partition, offset) = (&*record.topic, record.partition, record.offset);
            tracing::warn!(class, topic, partition, offset, error, suppressed, "processing a record failed");
        }
    }
}
