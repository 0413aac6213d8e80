//! When the spool is full and stores no delivery, when it is tried again, and what it gives back of its disk.

use super::super::bytes_of_large;
use super::super::database::{PAGES_PART, Totals};
use super::super::error::StoreError;
use super::super::writer::Write;
use super::{Operation, State, Store};
use std::time::{Duration, Instant};

/// How long a spool counts as full after the last delivery that it refused, where it does not drain; and after the last time that its
/// reserve could not be made.
pub(super) const FULL_FOR: Duration = Duration::from_secs(30);

/// Idle checks in a row before an empty file releases disk space.
pub(super) const IDLE: u32 = 5;
/// How long one release may block the writer: deliveries wait meanwhile.
const RELEASE_FOR: Duration = Duration::from_millis(100);

/// Since when a spool is full.
#[derive(Clone, Copy, Debug)]
pub(super) struct Full {
    pub(super) since: Instant,
    /// How many bytes it had then, and how many its disk held.
    pub(super) bytes: u64,
    pub(super) fits: u64,
}

/// A row of more bytes is large: most have a few KiB. One that does not fit must not take small ones with it.
pub(super) const SMALL: u64 = 64 << 10;

impl Store {
    /// Those for which there is space, each by itself in the order of arrival, and those that are refused: of deliveries, all while the
    /// reserve is missing, and what would go beyond `--spool-max-bytes`. The last part of it takes small ones alone, and while it does,
    /// the spool is not full. A disk that has no more space is noticed as they are written.
    pub(super) fn admit(&mut self, writes: Vec<Write>) -> (Vec<Write>, Vec<Write>) {
        let (most, most_of_large) = (self.parts.max_bytes, bytes_of_large(self.parts.max_bytes));
        let (mut taken, has_reserve) = (self.taken(), self.reserve.is_there);
        let (admitted, refused): (Vec<_>, Vec<_>) = writes.into_iter().partition(|write| {
            let cost = write.bytes;
            let limit = if cost > SMALL { most_of_large } else { most };
            let has_space = cost == 0 || (has_reserve && taken + cost <= limit);
            taken += if has_space { cost } else { 0 };
            has_space
        });
        if refused.iter().any(|write| write.bytes <= SMALL) {
            self.log_full();
        }
        (admitted, refused)
    }

    /// Ends a spool's being full where there is space again.
    pub(super) fn look_for_space(&mut self) {
        let taken = self.taken();
        let State::Open(database) = &self.state else { return };
        let Some(full) = self.full else { return };
        // Its disk, or what others have left of it, where not `--spool-max-bytes` is in the way.
        let is_enlarged = taken.saturating_add(SMALL) <= self.parts.max_bytes
            && self.fits.saturating_sub(full.fits) >= self.reserve.bytes;
        if !is_enlarged && !has_space_again(taken, full.bytes, full.since) {
            return;
        }
        match database.probe() {
            Ok(()) if self.reserve.make().is_ok() => {
                self.full = None;
                tracing::info!("the spool has space again");
            }
            // To try writes as much as there is space for.
            Ok(()) => self.full = Some(Full { since: Instant::now(), fits: self.fits, ..full }),
            Err(error) => self.fail_unless_full(&error, Operation::Write),
        }
    }

    /// Releases disk space, a little at a time, once no row is left. The file is checked first: that is quick for an empty one,
    /// and an unused page may be one that damage has hidden.
    pub(super) fn release(&mut self) {
        let State::Open(database) = &self.state else { return };
        if self.totals != Some(Totals::default()) {
            return;
        }
        self.idle = self.idle.saturating_add(1);
        let released = match self.idle {
            ..IDLE => return,
            IDLE => database.check(),
            _ => database.release(RELEASE_FOR),
        };
        match released {
            Ok(()) => {}
            Err(error @ (StoreError::Damaged(_) | StoreError::Unsynced(_))) => {
                self.fail(&error, Operation::Write);
            }
            // Later.
            Err(_) => self.idle = 0,
        }
    }

    /// What is taken of `--spool-max-bytes`, for admission and for the gauge.
    pub(super) fn taken(&mut self) -> u64 {
        self.current_bytes() + self.parts.backlog.disk_bytes()
    }

    /// What the file takes of it: what its rows count, or its pages where those are fuller than the rows tell. Pages that
    /// cannot be counted now are as many as they were.
    pub(super) fn current_bytes(&mut self) -> u64 {
        let rows = self.totals.unwrap_or_default().bytes;
        if rows == 0 {
            return 0;
        }
        if let State::Open(database) = &self.state
            && let Ok(bytes) = database.used_bytes()
        {
            self.page_bytes = bytes;
        }
        rows.max(self.page_bytes / (PAGES_PART + 1) * PAGES_PART)
    }

    pub(super) fn log_full(&mut self) {
        // Without its reserve it refuses every delivery: that says nothing of the disk, and must not put off the look at it.
        if self.full.is_some() && !self.reserve.is_there {
            return;
        }
        let taken = self.taken();
        let full = Full { since: Instant::now(), bytes: taken, fits: self.fits };
        if self.full.replace(full).is_none() {
            tracing::error!(
                taken_bytes = taken,
                max_bytes = self.parts.max_bytes,
                reserve_bytes = self.reserve.bytes,
                "the spool or its disk is full: until it drains, deliveries that Kafka does not acknowledge are answered 503; \
                 see --spool-max-bytes and the free space of --spool-dir, of which the reserve is kept free"
            );
        }
    }
}

/// Whether a full spool may be tried again: a twentieth is drained, or some time has passed.
fn has_space_again(bytes: u64, full_bytes: u64, since: Instant) -> bool {
    bytes <= full_bytes / 20 * 19 && bytes < full_bytes || since.elapsed() >= FULL_FOR
}
