//! How long to wait before the next attempt: exponential, with full jitter.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// Doubles its ceiling with each attempt; the delay is a random part of it.
///
/// Full jitter (a delay anywhere between nothing and the ceiling) keeps many processes from
/// coming back in step after an outage.
#[derive(Clone, Debug)]
pub struct Backoff {
    base: Duration,
    max: Duration,
    attempts: u32,
}

impl Backoff {
    /// The first delay is at most `base`, none is longer than `max`.
    pub const fn new(base: Duration, max: Duration) -> Self {
        Self { base, max, attempts: 0 }
    }

    /// The next delay; `random` is in `0.0..1.0` and picks the part of the ceiling.
    pub fn next_delay(&mut self, random: f64) -> Duration {
        let ceiling = self.ceiling();
        self.attempts = self.attempts.saturating_add(1);
        ceiling.mul_f64(random.clamp(0.0, 1.0))
    }

    /// Starts over at `base`, after a success.
    pub const fn reset(&mut self) {
        self.attempts = 0;
    }

    fn ceiling(&self) -> Duration {
        let factor = 2_u32.saturating_pow(self.attempts);
        self.base.saturating_mul(factor).min(self.max)
    }
}

/// A number in `0.0..1.0`, good enough for jitter and for nothing else.
///
/// The standard library seeds each `RandomState` differently, which saves a dependency.
pub fn random() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 32;
    u32::try_from(bits).map_or(0.5, |bits| f64::from(bits) / (f64::from(u32::MAX) + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff() -> Backoff {
        Backoff::new(Duration::from_millis(100), Duration::from_secs(1))
    }

    #[test]
    fn ceilings_double_up_to_the_maximum() {
        let mut backoff = backoff();
        let delays: Vec<u128> = (0..6).map(|_| backoff.next_delay(1.0).as_millis()).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1000, 1000]);
    }

    #[test]
    fn the_random_part_is_taken_of_the_ceiling() {
        assert_eq!(backoff().next_delay(0.0), Duration::ZERO);
        assert_eq!(backoff().next_delay(0.5), Duration::from_millis(50));
    }

    #[test]
    fn a_reset_starts_over() {
        let mut backoff = backoff();
        backoff.next_delay(1.0);
        backoff.reset();
        assert_eq!(backoff.next_delay(1.0), Duration::from_millis(100));
    }

    #[test]
    fn many_attempts_do_not_overflow() {
        let mut backoff = backoff();
        for _ in 0..100 {
            assert!(backoff.next_delay(random()) <= Duration::from_secs(1));
        }
    }

    #[test]
    fn random_numbers_differ_and_stay_in_range() {
        let numbers: Vec<f64> = (0..50).map(|_| random()).collect();
        assert!(numbers.iter().all(|number| (0.0..1.0).contains(number)));
        assert!(numbers.windows(2).any(|pair| (pair[0] - pair[1]).abs() > f64::EPSILON));
    }
}
