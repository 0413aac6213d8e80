//! How long a link is tried: a while where others are answered, and without end where nobody is, as it may be the network.

use std::time::Duration;
use tokio::time::Instant;

/// Failures that are borne however long they take.
const MIN_FAILURES: u32 = 5;

/// With one link.
#[derive(Debug)]
pub(super) struct RetryBudget {
    most: Duration,
    last_failed: Option<Instant>,
    /// Failures that count, as others were answered meanwhile, and how long they took.
    counted: (u32, Duration),
}

impl RetryBudget {
    /// For as long as `most`.
    pub(super) const fn new(most: Duration) -> Self {
        Self { most, last_failed: None, counted: (0, Duration::ZERO) }
    }

    /// Takes note of a failure, and tells when the one before it was: it counts where others were answered since.
    pub(super) fn record_failure(&mut self, now: Instant) -> Option<Instant> {
        self.last_failed.replace(now)
    }

    /// Counts a failure, after an attempt that `took` so long, with the delay before it; whether the budget is spent with it.
    pub(super) fn count_failure(&mut self, took: Duration) -> bool {
        let (failures, spent) = self.counted;
        self.counted = (failures.saturating_add(1), spent.saturating_add(took));
        self.counted.0 >= MIN_FAILURES && self.counted.1 >= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// The failure that counts with which a link is given up whose attempts take so long.
    fn given_up(took: Duration) -> Option<u32> {
        let mut retry_budget = RetryBudget::new(SECOND * 60);
        (1..1_000).find(|_| retry_budget.count_failure(took))
    }

    #[test]
    fn a_link_is_given_up_after_its_time_where_others_are_answered() {
        assert_eq!(given_up(SECOND * 10), Some(6));
    }

    #[test]
    fn a_link_whose_attempts_are_long_has_a_few_all_the_same() {
        assert_eq!(given_up(SECOND * 600), Some(5));
    }

    #[test]
    fn a_failure_is_measured_from_the_one_before_it_and_the_first_from_none() {
        let (start, mut retry_budget) = (Instant::now(), RetryBudget::new(SECOND));
        let before = [0, 10, 30].map(|seconds| retry_budget.record_failure(start + SECOND * seconds));
        assert_eq!(before, [None, Some(start), Some(start + SECOND * 10)]);
    }
}
