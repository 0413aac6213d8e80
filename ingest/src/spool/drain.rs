//! Drains the spool to Kafka: in order, at a bounded rate, whatever the breaker says; a delivery that Kafka refuses for good is parked.
//!
//! Retired files are drained first, the oldest before the others; then the current file; then what was parked, where Kafka
//! takes it by now.

mod debounce;
mod parked;
mod retired_files;
mod round;
#[cfg(test)]
mod tests;

use super::Spool;
use super::database::{Change, ParkReason, RowKey, StoredRow};
use crate::blocking_work::BlockingWork;
use crate::kafka::Kafka;
use debounce::Debounce;
use parked::Parked;
use retired_files::{Next, RetiredFiles};
use round::RoundOutcome;
use runtime::backoff::{self, Backoff};
use runtime::process::shutdown::Shutdown;
use runtime::process::supervisor::Supervisor;
use runtime::throttle::Throttle;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes in flight at once.
const ROUND_BYTES: u64 = 4 << 20;
/// How often the spool is checked for work without a notification.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// How long a round in flight may take at shutdown; it stays in the spool, so nothing is lost.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);
const BACKOFF_BASE: Duration = Duration::from_millis(500);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Drains at most so many deliveries a second until shutdown; what is left stays in the spool.
pub(crate) async fn drain(spool: Spool, kafka: Arc<Kafka>, rate: u32, shutdown: Shutdown) {
    let mut supervisor =
        Supervisor::new("the drain of the spool").counting(spool.parts.metrics.panics.clone());
    let mut drain = Drain::new(spool, kafka, rate);
    let end = async {
        shutdown.requested().await;
        tokio::time::sleep(SHUTDOWN_TIMEOUT).await;
    };
    let supervised = async {
        while supervisor.catches_panic_of(drain.run(&shutdown)).await {
            drain.begin_again();
        }
    };
    tokio::select! {
        () = end => {}
        () = supervised => {}
    }
}

struct Drain {
    spool: Spool,
    retired: RetiredFiles,
    kafka: Arc<Kafka>,
    /// The part of a second that one delivery takes at the maximum rate.
    interval: Duration,
    /// Deliveries of the next round: a single one until Kafka acknowledges it.
    size: usize,
    backoff: Backoff,
    debounce: Debounce,
    parked: Parked,
    /// The delivery of the latest panic, and whether the one before was over the same.
    panicked_over: Option<(RowKey, bool)>,
    blocking: BlockingWork,
    log: Throttle,
}

impl Drain {
    fn new(spool: Spool, kafka: Arc<Kafka>, rate: u32) -> Self {
        Self {
            retired: RetiredFiles::new(spool.parts.backlog.clone(), spool.parts.metrics.clone()),
            spool,
            kafka,
            interval: Duration::from_secs(1) / rate,
            size: 1,
            backoff: Backoff::new(BACKOFF_BASE, BACKOFF_MAX),
            debounce: Debounce::default(),
            parked: Parked::new(),
            panicked_over: None,
            blocking: BlockingWork::default(),
            log: Throttle::default(),
        }
    }

    async fn run(&mut self, shutdown: &Shutdown) {
        while !shutdown.is_requested() {
            self.retired.count().await;
            if !self.kafka.gate.is_open() {
                self.wait_for_work().await;
                continue;
            }
            match self.retired.next(self.size, ROUND_BYTES).await {
                Next::Rows(file, rows) => self.drain_retired(&file, rows).await,
                Next::Unreadable => self.back_off().await,
                Next::None => self.drain_current().await,
            }
        }
    }

    /// After a panic: what was in flight is sent again, since nobody knows what became of it.
    fn begin_again(&mut self) {
        self.size = 1;
        self.retired.discard_reading();
    }

    async fn wait_for_work(&mut self) {
        self.size = 1;
        tokio::select! {
            () = self.spool.parts.stored.notified() => {}
            () = tokio::time::sleep(CHECK_EVERY) => {}
        }
    }

    async fn back_off(&mut self) {
        self.size = 1;
        tokio::time::sleep(self.backoff.next_delay(backoff::random())).await;
    }

    async fn drain_current(&mut self) {
        let (file, rows) = self.spool.writer.read(self.size, ROUND_BYTES).await;
        if rows.is_empty() {
            let is_open = !file.as_os_str().is_empty();
            if !is_open || !self.retry_parked().await {
                self.wait_for_work().await;
            }
            return;
        }
        let start = tokio::time::Instant::now();
        let mut outcome = self.send(rows).await;
        if !outcome.acknowledged.is_empty() {
            // Nothing is sent again until these are deleted; or until their file is retired, of which it is remembered.
            loop {
                let are_deleted = self.spool.writer.delete(&outcome.acknowledged).await;
                if self.retired.take_over(&file, &outcome.acknowledged) || are_deleted {
                    break;
                }
                tokio::time::sleep(self.backoff.next_delay(backoff::random())).await;
            }
        }
        for (stored, reason) in std::mem::take(&mut outcome.refused) {
            self.parked.refused(&reason, Instant::now());
            if !self.spool.writer.change(vec![Change::Park(stored.key(), reason.clone())]).await {
                outcome.has_failed = true;
                continue;
            }
            if self.spool.parts.backlog.contains(&file) {
                // In a file that was retired meanwhile it is met again, but as corrupt it is taken there for one that is counted.
                if reason == ParkReason::Corrupt {
                    self.retired.lost(&file, &stored);
                }
                continue;
            }
            self.log_parked(&stored.row.id, &reason);
            if reason == ParkReason::Corrupt {
                self.spool.parts.metrics.lost.inc();
            }
        }
        self.finish_round(start, &outcome).await;
    }

    /// A retired file is not written, so a delivery to park is moved to the current file, where `weir spool` finds it. One that is
    /// parked for a reason that nobody knows is sent as if it waited.
    async fn drain_retired(&mut self, file: &Path, rows: Vec<StoredRow>) {
        let start = tokio::time::Instant::now();
        let is_refused = |stored: &StoredRow| stored.parked.as_ref().is_some_and(ParkReason::is_known);
        let (parked, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_refused);
        let mut outcome = self.send(rows).await;
        for stored in parked {
            let is_intact = self.blocking.block_in_place(stored.row.body.len(), || stored.row.is_intact());
            let reason = if is_intact { stored.parked.clone() } else { None };
            outcome.refused.push((stored, reason.unwrap_or(ParkReason::Corrupt)));
        }
        self.retired.completed(file, &outcome.acknowledged);
        for (stored, reason) in std::mem::take(&mut outcome.refused) {
            if reason == ParkReason::Corrupt {
                self.retired.lost(file, &stored);
                continue;
            }
            let adopt = Change::Adopt(stored.row.clone(), reason.clone());
            if self.spool.writer.change(vec![adopt]).await {
                self.log_parked(&stored.row.id, &reason);
                self.retired.completed(file, std::slice::from_ref(&stored));
            } else {
                self.retired.postpone_row(&stored);
            }
        }
        self.retired.send_again(std::mem::take(&mut outcome.again));
        self.finish_round(start, &outcome).await;
    }

    /// Sets the size of the next round, and waits for the maximum rate or the backoff.
    async fn finish_round(&mut self, start: tokio::time::Instant, outcome: &RoundOutcome) {
        self.size = outcome.next_size(self.size);
        if outcome.has_failed {
            self.back_off().await;
            return;
        }
        if !outcome.acknowledged.is_empty() {
            self.backoff.reset();
        }
        // At least one: a round of which Kafka took nothing may be read again as it was.
        let deliveries = u32::try_from(outcome.acknowledged.len().max(1)).unwrap_or(u32::MAX);
        tokio::time::sleep_until(start + self.interval * deliveries).await;
    }
}
