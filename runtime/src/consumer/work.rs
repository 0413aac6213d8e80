//! What the workers of a consumer share, and how they wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::metrics::ConsumerMetrics;
use super::progress::{Activity, Progress};
use super::rejects::Rejects;
use super::verdict::Halt;
use super::{ConsumerOptions, Record, Wait};
use crate::backoff::{self, Backoff};
use crate::producer::Producer;
use crate::throttle::Throttle;

/// A partition that waits says so this often.
pub(super) const SAY_EVERY: Duration = Duration::from_mins(1);

/// Shared by all workers of a consumer.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) options: ConsumerOptions,
    pub(super) producer: Producer,
    pub(super) metrics: ConsumerMetrics,
    pub(super) rejects: Rejects,
    /// Many records may die of one cause.
    pub(super) buried: Throttle,
}

/// One worker's view of [`Work`].
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) work: Arc<Work>,
    /// The worker must come to an end.
    pub(super) stop: CancellationToken,
    pub(super) progress: Arc<Progress>,
    said: Throttle,
}

impl Desk {
    pub(super) fn new(work: Arc<Work>, stop: CancellationToken, progress: Arc<Progress>) -> Self {
        Self { work, stop, progress, said: Throttle::new(SAY_EVERY) }
    }

    pub(super) fn backoff(&self) -> Backoff {
        Backoff::new(self.work.options.backoff_base, self.work.options.backoff_max)
    }

    /// Waits for the next attempt, unless the worker must stop.
    pub(super) async fn back_off(&self, backoff: &mut Backoff, on: Wait) -> Result<(), Halt> {
        self.wait(backoff.next_delay(backoff::random()), on).await
    }

    /// Waits, unless the worker must stop.
    pub(super) async fn wait(&self, delay: Duration, on: Wait) -> Result<(), Halt> {
        self.progress.does(Activity::Waiting(on));
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Halt::Stopped),
            () = tokio::time::sleep(delay) => Ok(()),
        }
    }

    /// Counts a failed attempt and says, now and then, that the record waits.
    pub(super) fn failed(&self, class: &str, record: &Record, error: &str) {
        self.work.metrics.failures.with_label_values(&[class]).inc();
        if let Some(suppressed) = self.said.pass(Instant::now()) {
            let (topic, partition, offset) = (&*record.topic, record.partition, record.offset);
            tracing::warn!(class, topic, partition, offset, error, suppressed, "a record is not done yet");
        }
    }
}
