//! The time by which commands are forgotten.
//!
//! The system's clock alone would not do: one that jumps ahead by a day, be it for a moment, would have all of them forgotten, and what
//! is written again once it is right would be carried out twice.

use schemas::Millis;
use std::time::{Duration, Instant, SystemTime};

/// Goes with the system's clock, and never faster than time does.
#[derive(Debug)]
pub(super) struct SteadyClock {
    began: SystemTime,
    since: Instant,
}

impl SteadyClock {
    pub(super) fn start() -> Self {
        Self { began: SystemTime::now(), since: Instant::now() }
    }

    /// In milliseconds since 1970.
    pub(super) fn now(&self) -> u64 {
        Millis::of(self.at(SystemTime::now(), self.since.elapsed())).as_millis()
    }

    fn at(&self, system: SystemTime, elapsed: Duration) -> SystemTime {
        system.min(self.began + elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn a_clock_that_jumps_ahead_is_not_followed_and_one_that_is_set_back_is() {
        let clock = SteadyClock::start();
        let began = clock.began;
        assert_eq!(clock.at(began + SECOND, SECOND), began + SECOND);
        assert_eq!(clock.at(began + DAY, SECOND), began + SECOND);
        assert_eq!(clock.at(began - DAY, SECOND), began - DAY);
    }
}
