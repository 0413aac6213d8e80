//! Whether the disk is too slow for the spool: most deliveries are not written within `--spool-timeout`, and are answered 503.

use super::Store;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How far back deliveries are looked at.
const WINDOW: Duration = Duration::from_secs(30);
/// Fewer that are late say nothing of the disk.
const MIN_LATE: u64 = 3;
/// A disk that was too slow is so until fewer than one of so many are late.
const LATE_PART: u64 = 5;

/// Counts the deliveries that were written within `--spool-timeout` and those that were not; clones count together.
#[derive(Clone, Debug, Default)]
pub(in crate::spool) struct Timeliness {
    in_time: Arc<AtomicU64>,
    late: Arc<AtomicU64>,
}

impl Timeliness {
    pub(in crate::spool) fn count(&self, is_in_time: bool) {
        let count = if is_in_time { &self.in_time } else { &self.late };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Those since it was called last.
    fn take(&self) -> Counts {
        let take = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        Counts { in_time: take(&self.in_time), late: take(&self.late) }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    in_time: u64,
    late: u64,
}

/// What was counted within [`WINDOW`].
#[derive(Debug, Default)]
pub(super) struct Pace {
    counted: VecDeque<(Instant, Counts)>,
    pub(super) is_too_slow: bool,
}

impl Pace {
    /// Judges by these too. A disk counts as too slow once most are late, and no more once few are, or none.
    fn judge(&mut self, now: Instant, counts: Counts) {
        self.counted.push_back((now, counts));
        self.counted.retain(|(at, _)| now.saturating_duration_since(*at) < WINDOW);
        let sum = |of: fn(&Counts) -> u64| self.counted.iter().map(|(_, counts)| of(counts)).sum::<u64>();
        let (in_time, late) = (sum(|counts| counts.in_time), sum(|counts| counts.late));
        self.is_too_slow = if self.is_too_slow {
            late > 0 && late * LATE_PART >= in_time + late
        } else {
            late >= MIN_LATE && late > in_time
        };
    }
}

impl Store {
    /// Judges the disk by how deliveries fared since the last time.
    pub(super) fn judge_pace(&mut self) {
        let was_too_slow = self.pace.is_too_slow;
        self.pace.judge(Instant::now(), self.parts.timeliness.take());
        match (was_too_slow, self.pace.is_too_slow) {
            (false, true) => tracing::error!(
                directory = %self.parts.directory.display(),
                "the disk of the spool is too slow: most deliveries are not written within --spool-timeout, and are answered 503; \
                 weir_spool_write_seconds has how long it takes"
            ),
            (true, false) => tracing::info!("the disk of the spool is fast enough again"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is thought of the disk after each second in which so many were in time, and so many late.
    fn judged(seconds: impl IntoIterator<Item = (u64, u64)>) -> Vec<bool> {
        let (start, mut pace) = (Instant::now(), Pace::default());
        let judge = |(second, (in_time, late))| {
            pace.judge(start + Duration::from_secs(second), Counts { in_time, late });
            pace.is_too_slow
        };
        (0..).zip(seconds).map(judge).collect()
    }

    #[test]
    fn a_disk_on_which_most_are_late_is_too_slow_however_few_come() {
        assert_eq!(judged([(2, 8)]), [true]);
        assert_eq!(judged([(0, 1), (0, 0), (0, 1), (0, 0), (0, 1)]), [false, false, false, false, true]);
    }

    #[test]
    fn a_disk_that_hesitates_once_is_not() {
        let seconds = [(100, 0), (100, 0), (0, 100), (100, 0)];
        assert_eq!(judged(seconds), [false; 4]);
        assert_eq!(judged([(0, 2), (1, 0)]), [false; 2]);
    }

    #[test]
    fn it_is_fast_enough_again_once_few_are_late_or_nobody_writes() {
        let recovers = judged([(0, 10)].into_iter().chain([(10, 0); 10]));
        assert_eq!(recovers.iter().filter(|is_too_slow| **is_too_slow).count(), 5);
        assert!(
            recovers.is_sorted_by_key(|is_too_slow| !is_too_slow),
            "it goes back and forth: {recovers:?}"
        );
        assert_eq!(judged([(0, 4), (17, 0)]), [true, false], "4 of 21");
        let idle = judged([(0, 10)].into_iter().chain([(0, 0); 30]));
        assert_eq!(idle.iter().position(|is_too_slow| !is_too_slow), Some(30));
    }
}
