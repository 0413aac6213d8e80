//! The spool: stores verified deliveries on disk while Kafka does not acknowledge them, and drains them to Kafka.
//!
//! One thread writes, with one `fsync` for all deliveries that wait (`writer`, `store`); one task drains them in order
//! (`drain`). A delivery is deleted only after all of its records are acknowledged. A file that is damaged, or that cannot
//! be appended to safely, is retired: a new one is created, and the old one is drained in place (`drain/retired_files`).

mod backlog;
mod damage_check;
mod database;
mod drain;
mod error;
mod files;
mod high_water_mark;
mod in_flight;
pub mod inspect;
mod maintenance;
mod metrics;
mod salvage;
mod socket;
mod store;
mod writer;

use crate::delivery::Delivery;
use crate::http::response::Unavailable;
use crate::kafka::{AccountLimit, AccountPermit};
use crate::settings::Settings;
use backlog::Backlog;
use database::Change;
pub(crate) use drain::drain;
use files::Lock;
pub use files::OpenError;
use in_flight::InFlight;
pub(crate) use maintenance::maintain;
use metrics::SpoolMetrics;
use runtime::process::Process;
use runtime::process::health::Probe;
use runtime::producer::ProducerOptions;
pub(crate) use socket::serve;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{StoreParts, Timeliness};
use writer::Writer;

/// A handle on the spool of this process; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Spool {
    writer: Writer,
    in_flight: InFlight,
    parts: StoreParts,
    /// For writing a delivery.
    timeout: Duration,
    /// What each account may have waiting for the disk.
    account_limit: Arc<AccountLimit>,
    /// Held as long as the spool is open.
    _lock: Arc<Lock>,
}

impl Spool {
    /// Locks the directory for this process and opens the spool. A disk that fails is tried again in the background.
    pub(crate) fn open(directory: &Path, settings: &Settings, process: &Process) -> Result<Self, OpenError> {
        // A `weir spool` that reads the file has the lock for the time of a request.
        let is_in_use = |error: &OpenError| matches!(error, OpenError::InUse(_));
        let lock = with_retries(|| Lock::take(directory), is_in_use)?;
        if lock.is_read_only {
            tracing::error!(
                directory = %directory.display(),
                "the volume of the spool is read-only, as one is that the system remounted after an error of its disk: what lies there is \
                 drained and cannot be deleted, so that each start drains it again, with the same ids; deliveries that Kafka does not \
                 acknowledge are answered 503 until the volume is repaired and can be written"
            );
        }
        let (directory, max_bytes) = (directory.to_owned(), settings.spool_max_bytes);
        let metrics = SpoolMetrics::new(&process.registry);
        let check = process.health.check("spool", Probe::Informational);
        let (stored, backlog) = (Arc::default(), Backlog::default());
        let (timeliness, is_read_only) = (Timeliness::default(), lock.is_read_only);
        let parts =
            StoreParts { directory, is_read_only, max_bytes, metrics, stored, backlog, check, timeliness };
        let writer = Writer::start(parts.clone(), settings.max_body)?;
        let (in_flight, timeout) = (InFlight::default(), settings.spool_timeout);
        let account_limit = AccountLimit::for_spool(settings);
        Ok(Self { writer, in_flight, parts, timeout, account_limit, _lock: Arc::new(lock) })
    }

    /// Returns once the delivery is fsynced, within `--spool-timeout`, unless its account has too much waiting for the disk.
    pub(crate) async fn store(&self, delivery: &Delivery) -> Result<(), Unavailable> {
        let body = &delivery.body;
        let permit = self.account_limit.account(body.guessed_account()).admit_now(body.bytes().len());
        self.write(delivery, Some(permit.ok_or(Unavailable::AccountBusy)?)).await
    }

    async fn write(&self, delivery: &Delivery, permit: Option<AccountPermit>) -> Result<(), Unavailable> {
        let storing = self.writer.store(delivery, permit);
        let stored = tokio::time::timeout(self.timeout, storing).await;
        // What is refused says nothing of how fast the disk is.
        if !matches!(stored, Ok(Err(_))) {
            self.parts.timeliness.count(stored.is_ok());
        }
        stored
            .unwrap_or(Err(Unavailable::SpoolFailing))
            .inspect_err(|_| self.parts.metrics.write_failures.inc())
    }

    /// As [`Self::store`], whatever its account has waiting, for a delivery whose records are in flight to Kafka: it is not sent
    /// again before `acknowledged` resolves, and it is deleted when that is `true`.
    pub(crate) async fn store_in_flight(
        &self,
        delivery: &Delivery,
        acknowledged: impl Future<Output = bool> + Send + 'static,
    ) -> Result<(), Unavailable> {
        let guard = self.in_flight.guard(delivery.id);
        let stored = self.write(delivery, None).await;
        let (spool, id) = (self.clone(), delivery.id.hyphenated().to_string());
        // Also where it was not stored: a probe's acknowledgement closes the breaker, and the row may be written after the timeout.
        tokio::spawn(async move {
            if acknowledged.await {
                let is_deleted = spool.writer.change(vec![Change::DeleteById(id)]).await;
                tracing::debug!(is_deleted, "a spooled delivery was acknowledged late");
            }
            // The directory stays locked until then too.
            drop((spool, guard));
        });
        stored
    }

    /// How long a delivery may be in flight to Kafka: its acknowledgement always comes, unless the producer is broken.
    pub(crate) fn in_flight_timeout() -> Duration {
        ProducerOptions::default().delivery_timeout + Self::GRACE
    }

    /// How long after the producer's own timeout an acknowledgement is waited for.
    const GRACE: Duration = Duration::from_mins(1);

    /// Timeout for the writer at shutdown.
    const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
    /// Timeout before that for what was acknowledged late.
    const SETTLE_TIMEOUT: Duration = Duration::from_secs(1);

    /// Stops the writer after the commands that it has, and closes the files. Where the producers have reported everything that was
    /// sent, what Kafka acknowledged late is deleted first: the next process would send it once more.
    pub(crate) async fn close(&self, is_all_reported: bool) {
        if is_all_reported {
            // Whoever waits for a report is woken by it, and may not have run yet.
            drop(tokio::time::timeout(Self::SETTLE_TIMEOUT, self.in_flight.all_released()).await);
        }
        let closed = tokio::time::timeout(Self::CLOSE_TIMEOUT, self.writer.close()).await;
        if closed.is_err() {
            tracing::warn!(
                "spool disk unresponsive, giving up the close; accepted deliveries remain on disk"
            );
        }
    }
}

/// What large deliveries may take of a spool of so many bytes: the last sixteenth is for small ones alone.
pub(crate) const fn bytes_of_large(max_bytes: u64) -> u64 {
    max_bytes / 16 * 15
}

const ATTEMPTS: u32 = 20;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(50);

/// Attempts what may fail for a moment, since another process is in the way.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing is served before it succeeds, and a tool has nothing else to do"
)]
fn with_retries<T, E>(attempt: impl Fn() -> Result<T, E>, may_pass: impl Fn(&E) -> bool) -> Result<T, E> {
    for _ in 1..ATTEMPTS {
        match attempt() {
            Err(error) if may_pass(&error) => std::thread::sleep(BETWEEN_ATTEMPTS),
            done => return done,
        }
    }
    attempt()
}

#[cfg(test)]
mod tests {
    use super::inspect::Inspector;
    use super::*;
    use crate::delivery::sample;
    use tokio::sync::oneshot;

    const TEXT: &[u8] = include_bytes!("../../schemas/fixtures/message/text.json");

    fn open(directory: &Path) -> Spool {
        // However busy the machine is.
        let settings =
            Settings { spool_timeout: Duration::from_mins(1), ..Settings::local("secret", "token") };
        Spool::open(directory, &settings, &Process::new("weir-ingest", "0")).unwrap()
    }

    #[tokio::test]
    async fn what_was_acknowledged_as_the_process_ends_is_not_sent_again_by_the_next() {
        let directory = tempfile::tempdir().unwrap();
        let spool = open(directory.path());
        let mut reports = Vec::new();
        for _ in 0..10 {
            let (report, is_reported) = oneshot::channel();
            let acknowledged = async move { is_reported.await.unwrap_or(false) };
            spool.store_in_flight(&sample(TEXT), acknowledged).await.unwrap();
            reports.push(report);
        }
        for report in reports {
            report.send(true).unwrap();
        }
        spool.close(true).await;
        drop(spool);
        let (_, left) = open(directory.path()).writer.read(1, u64::MAX).await;
        assert!(left.is_empty(), "{left:?}");
    }

    #[tokio::test]
    async fn an_account_that_waits_for_the_disk_with_its_whole_part_keeps_no_other_from_it() {
        let directory = tempfile::tempdir().unwrap();
        let spool = Spool { account_limit: AccountLimit::new(1 << 10, 0), ..open(directory.path()) };
        let own = sample(TEXT);
        let waiting = spool.account_limit.account(own.body.guessed_account()).admit_now(1 << 10).unwrap();
        assert_eq!(spool.store(&own).await, Err(Unavailable::AccountBusy));
        let other = sample(br#"{"object":"page","entry":[{"id":"1"}]}"#);
        // Until the spool is open.
        while spool.store(&other).await == Err(Unavailable::SpoolFailing) {}
        spool.store(&other).await.unwrap();
        drop(waiting);
        spool.store(&own).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_looks_into_it_is_answered_until_it_is_closed() {
        let directory = tempfile::tempdir().unwrap();
        let spool = open(directory.path());
        spool.store(&sample(TEXT)).await.unwrap();
        let serving = tokio::spawn(serve(spool.clone()));
        let path = directory.path().to_owned();
        let look = move || Inspector::new(&path).groups();
        let groups = tokio::task::spawn_blocking(look).await.unwrap().unwrap();
        assert_eq!(groups.iter().map(|group| group.deliveries).collect::<Vec<_>>(), [1]);
        assert!(directory.path().join(files::SOCKET).exists() && !serving.is_finished());
        spool.close(true).await;
        serving.await.unwrap();
        assert!(!directory.path().join(files::SOCKET).exists());
    }
}
