//! A time by which something is given up for good.
//!
//! The system's clock alone would not do: one that jumps ahead by a day, be it for a moment, would have everything given up that lasts
//! until then, and nothing would bring it back once the clock is right.

use std::time::{Duration, Instant, SystemTime};

/// Goes with the system's clock, and never faster than time does.
#[derive(Clone, Copy, Debug)]
pub struct SteadyClock {
    began: SystemTime,
    since: Instant,
}

impl SteadyClock {
    /// A clock that trusts what the system's says now.
    pub fn start() -> Self {
        Self { began: SystemTime::now(), since: Instant::now() }
    }

    /// The time.
    pub fn now(&self) -> SystemTime {
        self.at(SystemTime::now(), self.since.elapsed())
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
