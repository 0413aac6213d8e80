//! What is lost of a retired file: counted and logged, each delivery once.

use super::super::super::error::StoreError;
use super::super::super::files;
use super::super::super::metrics::SpoolMetrics;
use super::super::super::salvage::{NAMED, SalvageReport};
use runtime::telemetry::ONE_OF_MANY;
use std::path::Path;

/// What is known to be lost of a file.
#[derive(Debug, Default)]
pub(super) struct Losses {
    pub(super) has_lost: bool,
    /// How many of them the log has named.
    named: usize,
    /// How many were counted that its index still counts.
    pub(super) indexed: u64,
    /// There may be others, of which not even the ids are left.
    pub(super) may_be_more: bool,
}

impl Losses {
    /// So many deliveries, of which the first have these ids.
    pub(super) fn record(&mut self, count: u64, ids: &[String], path: &Path, metrics: &SpoolMetrics) {
        self.has_lost |= count > 0;
        metrics.lost.inc_by(count);
        let ids = &ids[..ids.len().min(NAMED.saturating_sub(self.named))];
        self.named += ids.len();
        for delivery in ids {
            tracing::error!(name: ONE_OF_MANY, delivery, file = %path.display(), "lost a spooled delivery: its bytes are gone or changed");
        }
        if count > ids.len() as u64 {
            tracing::error!(deliveries = count, file = %path.display(), "lost spooled deliveries, the first of them are logged above");
        }
    }

    /// What its reader did not find.
    pub(super) fn record_outcome(&mut self, outcome: &SalvageReport, path: &Path, metrics: &SpoolMetrics) {
        self.record(outcome.lost, &outcome.lost_ids, path, metrics);
        let deliveries = outcome.lost_without_id;
        if deliveries > 0 {
            self.has_lost = true;
            metrics.lost.inc_by(deliveries);
            tracing::error!(deliveries, file = %path.display(), "lost the end of the log of a spool file, with so many deliveries at most that were stored last; their ids are gone too");
        }
        self.indexed += outcome.lost + deliveries;
        self.may_be_more |= outcome.may_have_lost_more;
    }

    /// Once the file is read to its end, what was counted in it and is nowhere is lost too: `left`, where that is known.
    pub(super) fn record_without_trace(&mut self, left: Option<u64>, path: &Path, metrics: &SpoolMetrics) {
        if !self.may_be_more {
            return;
        }
        match left {
            Some(left) => {
                let deliveries = left.saturating_sub(self.indexed);
                if deliveries == 0 {
                    return;
                }
                metrics.lost.inc_by(deliveries);
                tracing::error!(deliveries, file = %path.display(), "parts of a retired spool file are gone, with so many deliveries at most; their ids are gone too");
            }
            None => {
                tracing::error!(file = %path.display(), "parts of a retired spool file are gone, and so are the ids and the number of the deliveries in them");
            }
        }
        self.has_lost = true;
    }
}

/// Removes a file that is drained; one that has lost rows is kept for inspection.
pub(super) fn finish(path: &Path, has_lost: bool) -> Result<(), StoreError> {
    if has_lost {
        let kept = files::mark_as_salvaged(path)?;
        tracing::error!(name: ONE_OF_MANY, file = %kept.display(), "drained a retired spool file apart from what is lost; it is kept: `sqlite3 FILE .recover` may find more");
    } else {
        files::remove(path)?;
        tracing::info!(file = %path.display(), "drained a retired spool file, nothing is lost");
    }
    Ok(())
}
