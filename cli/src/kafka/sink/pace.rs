//! Keeps a rate.

use std::time::{Duration, Instant};

/// At most so many a second, evenly; what was not used is not saved up for more than a moment.
#[derive(Debug)]
pub(crate) struct Pace {
    each: Duration,
    next: Instant,
}

/// How far the pace may fall behind before it starts anew.
const SLACK: Duration = Duration::from_millis(50);

impl Pace {
    pub(crate) fn new(rate: u64) -> Self {
        let each = Duration::from_secs(1) / u32::try_from(rate.max(1)).unwrap_or(u32::MAX);
        Self { each, next: Instant::now() }
    }

    /// How long the next one has to wait; it counts as gone then.
    pub(crate) fn due(&mut self, now: Instant) -> Duration {
        self.next = self.next.max(now.checked_sub(SLACK).unwrap_or(now));
        let wait = self.next.saturating_duration_since(now);
        self.next += self.each;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_spread_evenly_and_idle_time_is_not_saved_up() {
        let mut pace = Pace::new(10);
        let start = pace.next;
        assert_eq!(pace.due(start), Duration::ZERO);
        assert_eq!(pace.due(start), Duration::from_millis(100));
        assert_eq!(pace.due(start + Duration::from_millis(150)), Duration::from_millis(50));
        let late = start + Duration::from_mins(1);
        assert_eq!(pace.due(late), Duration::ZERO);
        assert_eq!(pace.due(late), Duration::from_millis(50));
    }
}
