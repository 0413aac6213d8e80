//! How long a link is tried: a while where others are answered, and without end where nobody is, as it may be the network.

use std::time::Duration;
use tokio::time::Instant;

/// Failures that are borne however long they take.
const LEAST: u32 = 5;

/// With one link.
#[derive(Debug)]
pub(super) struct RetryBudget {
    most: Duration,
    first_failed: Option<Instant>,
    /// How often it failed since others were answered, and how long that took.
    failed: (u32, Duration),
}

impl RetryBudget {
    /// For as long as `most`.
    pub(super) const fn new(most: Duration) -> Self {
        Self { most, first_failed: None, failed: (0, Duration::ZERO) }
    }

    /// Whether it is over with a failure `now`, after an attempt that `took` so long, with the delay before it. `answered` is when
    /// anybody last answered.
    pub(super) fn is_spent(&mut self, took: Duration, now: Instant, answered: Option<Instant>) -> bool {
        let first_failed = *self.first_failed.get_or_insert(now);
        if answered.is_none_or(|answered| answered <= first_failed) {
            return false;
        }
        let (failures, spent) = self.failed;
        self.failed = (failures.saturating_add(1), spent.saturating_add(took));
        self.failed.0 >= LEAST && self.failed.1 >= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// The failure with which a link is given up that fails every `took`; `answered` says when others were answered last.
    fn given_up(took: Duration, answered: impl Fn(Instant) -> Option<Instant>) -> Option<u32> {
        let (start, mut retry_budget) = (Instant::now(), RetryBudget::new(SECOND * 60));
        (0..1_000).find(|number| {
            let now = start + took * *number;
            retry_budget.is_spent(took, now, answered(now))
        })
    }

    #[test]
    fn a_link_is_given_up_after_its_time_where_others_are_answered() {
        assert_eq!(given_up(SECOND * 10, Some), Some(6));
    }

    #[test]
    fn a_link_whose_attempts_are_long_has_a_few_all_the_same() {
        assert_eq!(given_up(SECOND * 600, Some), Some(5));
    }

    #[test]
    fn no_link_is_given_up_while_nobody_is_answered() {
        let start = Instant::now();
        assert_eq!(given_up(SECOND * 10, |_| None), None);
        assert_eq!(given_up(SECOND * 10, |_| Some(start)), None, "it was answered before");
    }
}
