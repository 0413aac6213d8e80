//! A token bucket that bounds the processor time of rendering metrics to a tenth of a core.

use std::time::Duration;

use tokio::time::Instant;

/// What was spent is refilled in this many times the time that it took: a tenth of a core.
const REFILL_DIVISOR: u32 = 10;

/// What even the cheapest costs, so that its number is bounded too: ten a second.
const MIN_COST: Duration = Duration::from_millis(10);

/// What the dearest costs, so that the wait is bounded, at half a second: less than any scraper waits.
const MAX_COST: Duration = Duration::from_millis(50);

/// What may be spent at once after a quiet time, as a wait: 40 of the cheapest, enough for whoever looks again and again.
const BURST: Duration = Duration::from_secs(4);

/// Begins full.
#[derive(Debug)]
pub(super) struct CpuBudget {
    /// When everything that was spent is earned back.
    settled: Instant,
}

impl CpuBudget {
    pub(super) fn new(now: Instant) -> Self {
        Self { settled: now }
    }

    /// When the next may begin.
    pub(super) fn begins(&self, now: Instant) -> Instant {
        self.settled.checked_sub(BURST).map_or(now, |begins| begins.max(now))
    }

    /// When the next of the cheapest may begin; it counts as begun then.
    pub(super) fn next(&mut self, now: Instant) -> Instant {
        let begins = self.begins(now);
        self.spend(begins, MIN_COST);
        begins
    }

    /// Something that began then took so long.
    pub(super) fn spend(&mut self, begun: Instant, took: Duration) {
        self.settled = self.settled.max(begun) + took.clamp(MIN_COST, MAX_COST) * REFILL_DIVISOR;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of this cost are begun within `time`.
    fn begun(time: Duration, cost: Duration) -> u32 {
        let start = Instant::now();
        let (mut budget, mut now, mut count) = (CpuBudget::new(start), start, 0);
        while now < start + time {
            budget.spend(now, cost);
            count += 1;
            now = budget.begins(now + cost);
        }
        count
    }

    #[test]
    fn after_a_few_at_once_a_tenth_of_the_time_is_spent() {
        let hour = Duration::from_hours(1);
        let spent = begun(hour, Duration::from_millis(50)) * Duration::from_millis(50);
        assert!(spent > hour / 11 && spent < hour / 10 + Duration::from_secs(1), "{spent:?}");
        assert_eq!(begun(hour, Duration::ZERO), 36_000 + 40);
    }

    #[test]
    fn the_next_is_never_far_off_however_long_one_took() {
        let start = Instant::now();
        let mut budget = CpuBudget::new(start);
        for _ in 0..3 {
            let now = budget.begins(start);
            budget.spend(now, Duration::from_hours(1));
            assert!(budget.begins(now) - now <= MAX_COST * REFILL_DIVISOR);
        }
    }
}
