//! Lookups that are under way before their records' turn.

use crate::lookup::{WaitReason, WaitReporter};
use runtime::consumer::{Failure, Record};
use runtime::telemetry::spans;
use std::time::Instant;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

/// A lookup under way; dropping it ends it.
#[derive(Debug)]
pub(crate) struct PendingLookup<T> {
    /// What it comes to, and when the call that was answered was begun, where one was.
    pub(crate) task: AbortOnDropHandle<Result<(T, Option<Instant>), Failure>>,
    /// What it waits for.
    pub(crate) reasons: watch::Receiver<Option<WaitReason>>,
}

impl<T: Send + 'static> PendingLookup<T> {
    /// Begins the lookup of a record, which says to what it is given what it waits for.
    pub(crate) fn begin<F>(record: &Record, look_up: impl FnOnce(WaitReporter) -> F) -> Self
    where
        F: Future<Output = Result<(T, Option<Instant>), Failure>> + Send + 'static,
    {
        let (sender, reasons) = watch::channel(None);
        let status = WaitReporter { reasons: sender, written: record.timestamp };
        let task = tokio::spawn(look_up(status).instrument(spans::ahead("look up", record.trace())));
        Self { task: AbortOnDropHandle::new(task), reasons }
    }
}
