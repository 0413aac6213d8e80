//! Keeps verified deliveries on disk while Kafka does not take them: the copy behind a 200.
//!
//! One thread writes, with one `fsync` for all that waits (`writer`, `store`); one task brings deliveries to Kafka in their
//! order (`drain`). A delivery is deleted only after all of its records are acknowledged. A file that is damaged, or that
//! cannot be appended to safely, is retired: a new one is begun, and the old one is drained where it lies (`retired`).

mod backlog;
mod database;
mod debounce;
mod drain;
mod error;
mod files;
mod in_flight;
pub mod inspect;
mod metrics;
mod reserve;
mod retired;
mod row;
mod socket;
mod store;
mod writer;

use crate::delivery::Delivery;
use crate::settings::SpoolSettings;
use backlog::Backlog;
pub(crate) use drain::{drain, tend};
use files::Lock;
pub use files::OpenError;
use in_flight::InFlight;
pub(crate) use metrics::SpoolMetrics;
pub(crate) use row::Kept;
use runtime::process::health::Check;
pub(crate) use socket::serve;
use std::sync::Arc;
use std::time::Duration;
use store::StoreParts;
use writer::Writer;

/// A handle on the spool of this process; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Spool {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    writer: Writer,
    in_flight: InFlight,
    backlog: Backlog,
    settings: SpoolSettings,
    metrics: SpoolMetrics,
    /// Held as long as the spool is.
    _lock: Lock,
}

/// Why a delivery was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SpoolError {
    /// `--spool-max-bytes` or the disk is full.
    #[error("the spool or its disk is full")]
    Full,
    /// The disk fails, or is too slow.
    #[error("the spool cannot be written")]
    Failing,
}

impl Spool {
    /// Takes the directory for this process, and opens what is in it. A disk that fails is tried again in the background.
    pub(crate) fn open(
        settings: &SpoolSettings,
        metrics: SpoolMetrics,
        check: Check,
    ) -> Result<Self, OpenError> {
        let lock = Lock::take(&settings.directory)?;
        let backlog = Backlog::default();
        let writer = Writer::start(StoreParts {
            settings: settings.clone(),
            metrics: metrics.clone(),
            stored: Arc::default(),
            backlog: backlog.clone(),
            check,
        })?;
        let settings = settings.clone();
        let inner = Inner { writer, in_flight: InFlight::default(), backlog, settings, metrics, _lock: lock };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Returns once the delivery is on the disk, within `--spool-timeout`.
    pub(crate) async fn keep(&self, delivery: &Delivery) -> Result<(), SpoolError> {
        let kept = tokio::time::timeout(self.inner.settings.timeout, self.inner.writer.store(delivery)).await;
        let kept = kept.unwrap_or(Err(SpoolError::Failing));
        if kept.is_err() {
            self.inner.metrics.write_failures.inc();
        }
        kept
    }

    /// As [`Self::keep`], for a delivery whose records Kafka has been given already: it is not sent again before `fate`
    /// says that they failed, and it is deleted when they arrive after all.
    pub(crate) async fn keep_meanwhile<F>(&self, delivery: &Delivery, fate: F) -> Result<(), SpoolError>
    where
        F: Future<Output = bool> + Send + 'static,
    {
        let guard = self.inner.in_flight.guard(delivery.id);
        let kept = self.keep(delivery).await;
        let (spool, id) = (self.clone(), delivery.id);
        // Whether it was kept or not: its fate closes the breaker, and a row may be written after its time was over.
        tokio::spawn(async move {
            if fate.await {
                let is_deleted = spool.inner.writer.delete_by_id(id).await;
                tracing::debug!(is_deleted, "a delivery was acknowledged late");
            }
            drop(guard);
        });
        kept
    }

    /// How long the process may wait for the writer at its end.
    const ENDS_WITHIN: Duration = Duration::from_secs(5);

    /// Ends the writer after what it has been given, and lets go of the files.
    pub(crate) async fn close(&self) {
        let writer = self.inner.writer.clone();
        let closed = tokio::time::timeout(Self::ENDS_WITHIN, writer.close()).await;
        if closed.is_err() {
            tracing::warn!("the spool's disk does not answer, it is left; what was answered 200 is on it");
        }
    }
}
