//! Keeps verified deliveries on disk while Kafka does not take them: the copy behind a 200.
//!
//! One thread writes, with one `fsync` for all that waits (`writer`); one task brings deliveries to Kafka in their order
//! (`drain`). A delivery is deleted only after all of its records are acknowledged.

mod database;
mod doubt;
mod drain;
mod files;
mod held;
pub mod inspect;
mod metrics;
mod reserve;
mod row;
mod salvage;
mod writer;

use crate::delivery::Delivery;
use crate::settings::SpoolSettings;
use database::{Database, Trouble};
pub(crate) use drain::{drain, tend};
use files::Lock;
pub use files::OpenError;
use held::Held;
pub(crate) use metrics::SpoolMetrics;
pub(crate) use row::Kept;
use std::sync::Arc;
use std::time::Duration;
use writer::Writer;

/// A handle on the spool of this process; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Spool {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    writer: Writer,
    held: Held,
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
    pub(crate) fn open(settings: &SpoolSettings, metrics: SpoolMetrics) -> Result<Self, OpenError> {
        let lock = Lock::take(&settings.directory)?;
        let writer = Writer::start(settings.clone(), metrics.clone())?;
        let inner = Inner { writer, held: Held::default(), settings: settings.clone(), metrics, _lock: lock };
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
        let hold = self.inner.held.hold(delivery.id);
        let kept = self.keep(delivery).await;
        let (spool, id) = (self.clone(), delivery.id);
        // Whether it was kept or not: its fate closes the breaker, and a row may be written after its time was over.
        tokio::spawn(async move {
            if fate.await {
                let is_forgotten = spool.inner.writer.forget(&[id]).await;
                tracing::debug!(is_forgotten, "a delivery was acknowledged late");
            }
            drop(hold);
        });
        kept
    }

    /// Reads the whole file, so that damage is found before it is met; a copy of what can be read takes its place.
    async fn check(&self) {
        let path = files::database(&self.inner.settings.directory);
        let check = move || Database::open_to_read(&path).and_then(|database| database.check());
        match tokio::task::spawn_blocking(check).await {
            Ok(Err(Trouble::Damaged(why))) => self.inner.writer.condemn(why).await,
            Ok(Err(trouble)) => tracing::debug!(%trouble, "the spool's file could not be checked"),
            Ok(Ok(())) | Err(_) => {}
        }
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
