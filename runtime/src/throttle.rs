//! Says a thing at most once in a while, and counts what it kept to itself.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::mutex::lock;

/// Lets one call through in each interval.
#[derive(Debug)]
pub struct Throttle {
    every: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    suppressed: u64,
}

impl Default for Throttle {
    /// One line a minute, which tells as much as the several a second that a broker that is down gives.
    fn default() -> Self {
        Self::new(Duration::from_mins(1))
    }
}

impl Throttle {
    /// Lets the first call through, then one every `every`.
    pub fn new(every: Duration) -> Self {
        Self { every, state: Mutex::default() }
    }

    /// `Some(how many were suppressed since the last one)` when it is time to speak.
    pub fn pass(&self, now: Instant) -> Option<u64> {
        let mut state = lock(&self.state);
        let due = state.last.is_none_or(|last| now.saturating_duration_since(last) >= self.every);
        if !due {
            state.suppressed += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call_passes_in_each_interval_and_the_rest_is_counted() {
        let throttle = Throttle::new(Duration::from_mins(1));
        let start = Instant::now();
        assert_eq!(throttle.pass(start), Some(0));
        assert_eq!(throttle.pass(start + Duration::from_secs(1)), None);
        assert_eq!(throttle.pass(start + Duration::from_secs(59)), None);
        assert_eq!(throttle.pass(start + Duration::from_mins(1)), Some(2));
    }
}
