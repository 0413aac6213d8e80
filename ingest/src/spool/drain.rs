//! Drains the spool to Kafka: in order, at a bounded rate, whatever the breaker says; a delivery that Kafka refuses for good is parked.
//!
//! Retired files are drained first, the oldest before the others; then the current file; then what was parked, where Kafka
//! takes it by now.

mod debounce;
mod panics;
mod parked;
mod retired_files;
mod round;
#[cfg(test)]
mod tests;

use super::Spool;
use super::database::{Change, ParkReason, StoredRow};
use crate::delivery::Delivery;
use crate::kafka::{AccountPermit, Kafka, NotPublished};
use crate::large::LargeDeliveries;
use debounce::Debounce;
use panics::Panics;
use parked::Parked;
use retired_files::{Next, RetiredFiles};
use round::RoundOutcome;
use runtime::backoff::{self, Backoff};
use runtime::process::shutdown::Shutdown;
use runtime::process::supervisor::Supervisor;
use runtime::producer::Acknowledgement;
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
/// The drain yields to requests after sending for this long; a whole round may take tens of milliseconds.
const AT_A_STRETCH: Duration = Duration::from_millis(1);
const BACKOFF_BASE: Duration = Duration::from_millis(500);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Drains at most so many deliveries a second until shutdown; what is left stays in the spool.
pub(crate) async fn drain(spool: Spool, kafka: Arc<Kafka>, rate: u32, shutdown: Shutdown) {
    let mut supervisor =
        Supervisor::new("the drain of the spool").counting(spool.parts.metrics.panics.clone());
    let mut drain = Drain {
        pace: Duration::from_secs(1) / rate,
        retired: RetiredFiles::new(spool.parts.backlog.clone(), spool.parts.metrics.clone()),
        spool,
        kafka,
        size: 1,
        backoff: Backoff::new(BACKOFF_BASE, BACKOFF_MAX),
        debounce: Debounce::default(),
        parked: Parked::new(),
        panics: Panics::default(),
        large: LargeDeliveries::default(),
        log: Throttle::default(),
    };
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
    pace: Duration,
    /// Deliveries of the next round: a single one until Kafka acknowledges it.
    size: usize,
    backoff: Backoff,
    debounce: Debounce,
    parked: Parked,
    panics: Panics,
    large: LargeDeliveries,
    log: Throttle,
}

/// A delivery of a round that was sent.
type Unacknowledged = (StoredRow, Acknowledgement, AccountPermit);

impl Drain {
    async fn run(&mut self, shutdown: &Shutdown) {
        while !shutdown.is_requested() {
            self.retired.count().await;
            if !self.kafka.gate.is_open() {
                self.wait_for_work().await;
                continue;
            }
            match self.retired.next(self.size, ROUND_BYTES).await {
                Next::Rows(file, rows) => self.drain_retired(&file, rows).await,
                Next::Unreadable => self.failed().await,
                Next::None => self.drain_current().await,
            }
        }
    }

    /// After a panic: what was in flight is sent again, since nobody knows what became of it.
    fn begin_again(&mut self) {
        self.size = 1;
        self.panics.happened();
        self.retired.begin_again();
    }

    async fn wait_for_work(&mut self) {
        self.size = 1;
        tokio::select! {
            () = self.spool.parts.stored.notified() => {}
            () = tokio::time::sleep(CHECK_EVERY) => {}
        }
    }

    async fn failed(&mut self) {
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
        self.pace(start, &outcome).await;
    }

    /// A retired file is not written, so a delivery to park is moved to the current file, where `weir spool` finds it. One that is
    /// parked for a reason that nobody knows is sent as if it waited.
    async fn drain_retired(&mut self, file: &Path, rows: Vec<StoredRow>) {
        let start = tokio::time::Instant::now();
        let is_refused = |stored: &StoredRow| stored.parked.as_ref().is_some_and(ParkReason::is_known);
        let (parked, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_refused);
        let mut outcome = self.send(rows).await;
        for stored in parked {
            let is_intact = self.large.block_in_place(stored.row.body.len(), || stored.row.is_intact());
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
        self.pace(start, &outcome).await;
    }

    /// Sets the size of the next round, and waits for the maximum rate or the backoff.
    async fn pace(&mut self, start: tokio::time::Instant, outcome: &RoundOutcome) {
        self.size = outcome.next_size(self.size);
        if outcome.has_failed {
            self.failed().await;
            return;
        }
        if !outcome.acknowledged.is_empty() {
            self.backoff.reset();
        }
        // At least one: a round of which Kafka took nothing may be read again as it was.
        let deliveries = u32::try_from(outcome.acknowledged.len().max(1)).unwrap_or(u32::MAX);
        tokio::time::sleep_until(start + self.pace * deliveries).await;
    }

    /// Sends deliveries to Kafka in order, up to the first that fails, and waits for their acknowledgements.
    async fn send(&mut self, rows: Vec<StoredRow>) -> RoundOutcome {
        let (mut outcome, mut round) = (RoundOutcome::default(), Vec::with_capacity(rows.len()));
        let (mut rows, mut behind, mut began) = (rows.into_iter(), Vec::new(), Instant::now());
        for stored in rows.by_ref() {
            if began.elapsed() >= AT_A_STRETCH {
                tokio::task::yield_now().await;
                began = Instant::now();
            }
            if self.panics.is_blamed(&stored) {
                outcome.refused.push((stored, ParkReason::Panicked));
                continue;
            }
            self.panics.at(&stored);
            #[cfg(test)]
            assert_ne!(stored.row.body.as_ref(), tests::PANICS, "as the test wants");
            let read = || Delivery::from_row(&stored.row);
            let Some(delivery) = self.large.block_in_place(stored.row.body.len(), read) else {
                outcome.refused.push((stored, ParkReason::Corrupt));
                continue;
            };
            let is_first = round.is_empty() && outcome.refused.is_empty();
            let in_flight = &self.spool.in_flight;
            if in_flight.contains(delivery.id) {
                if is_first {
                    in_flight.released(delivery.id, Spool::in_flight_timeout()).await;
                }
                behind.push(stored);
                break;
            }
            let sent = self.kafka.publish_spooled(&delivery, is_first).await;
            match sent {
                Some(Ok((acknowledgement, permit))) => round.push((stored, acknowledgement, permit)),
                Some(Err(NotPublished::Refused(why))) if self.debounce.counts(why, true, Instant::now()) => {
                    outcome.refused.push((stored, why.into()));
                }
                // Its account has too much in flight, or it failed: it is sent again, with those behind it.
                not_sent => {
                    outcome.has_failed = not_sent.is_some();
                    behind.push(stored);
                    break;
                }
            }
        }
        self.panics.passed();
        behind.extend(rows);
        self.wait_for(round, behind, outcome).await
    }

    /// Waits for those in flight.
    async fn wait_for(
        &mut self,
        round: Vec<Unacknowledged>,
        behind: Vec<StoredRow>,
        mut outcome: RoundOutcome,
    ) -> RoundOutcome {
        let deadline = tokio::time::Instant::now() + Spool::in_flight_timeout();
        let is_alone = round.len() == 1;
        for (stored, acknowledgement, permit) in round {
            let receipt = tokio::time::timeout_at(deadline, acknowledgement).await;
            drop(permit);
            match receipt.map(|receipt| receipt.map_err(NotPublished::from)) {
                Ok(Ok(())) => outcome.acknowledged.push(stored),
                Ok(Err(NotPublished::Refused(why)))
                    if self.debounce.counts(why, is_alone, Instant::now()) =>
                {
                    outcome.refused.push((stored, why.into()));
                }
                Ok(Err(_)) | Err(_) => outcome.again.push(stored),
            }
        }
        outcome.has_failed |= !outcome.again.is_empty();
        outcome.again.extend(behind);
        if !outcome.acknowledged.is_empty() {
            self.kafka.breaker.record_success();
            self.spool.parts.metrics.drained.inc_by(outcome.acknowledged.len() as u64);
        }
        outcome
    }
}
