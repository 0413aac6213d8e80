//! How much of a core may go into something that anybody can ask for: time that is spent first and earned back slowly.

use std::time::Duration;

use tokio::time::Instant;

/// It takes this many times what was spent until as much may be spent again: a tenth of a core.
const EARNED_BACK: u32 = 10;

/// What even the cheapest costs, so that its number is bounded too: ten a second.
const LEAST: Duration = Duration::from_millis(10);

/// What the dearest costs, so that the wait is bounded, at half a second: less than any scraper waits.
const MOST: Duration = Duration::from_millis(50);

/// What may be spent at once after a quiet time, as a wait: 40 of the cheapest, enough for whoever looks again and again.
const AHEAD: Duration = Duration::from_secs(4);

/// Begins full.
#[derive(Debug)]
pub(super) struct Allowance {
    /// When everything that was spent is earned back.
    settled: Instant,
}

impl Allowance {
    pub(super) fn new(now: Instant) -> Self {
        Self { settled: now }
    }

    /// When the next may begin.
    pub(super) fn begins(&self, now: Instant) -> Instant {
        self.settled.checked_sub(AHEAD).map_or(now, |begins| begins.max(now))
    }

    /// When the next of the cheapest may begin; it counts as begun then.
    pub(super) fn next(&mut self, now: Instant) -> Instant {
        let begins = self.begins(now);
        self.spend(begins, LEAST);
        begins
    }

    /// Something that began then took so long.
    pub(super) fn spend(&mut self, begun: Instant, took: Duration) {
        self.settled = self.settled.max(begun) + took.clamp(LEAST, MOST) * EARNED_BACK;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of this cost are begun within `time`.
    fn begun(time: Duration, cost: Duration) -> u32 {
        let start = Instant::now();
        let (mut allowance, mut now, mut count) = (Allowance::new(start), start, 0);
        while now < start + time {
            allowance.spend(now, cost);
            count += 1;
            now = allowance.begins(now + cost);
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
        let mut allowance = Allowance::new(start);
        for _ in 0..3 {
            let now = allowance.begins(start);
            allowance.spend(now, Duration::from_hours(1));
            assert!(allowance.begins(now) - now <= MOST * EARNED_BACK);
        }
    }
}
