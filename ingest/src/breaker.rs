//! Stops waiting for a Kafka that does not acknowledge: a delivery a second still tries, the others need not.

use prometheus::IntGauge;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Opens after consecutive misses or a fatal error, closes with the next acknowledgement.
#[derive(Debug)]
pub(crate) struct Breaker {
    opens_after: u32,
    probe_every: Duration,
    misses: AtomicU32,
    /// 1 while it is open: what is shown is what holds, since there is no other place for it. Written under the lock alone.
    open: IntGauge,
    next_probe: Mutex<Option<Instant>>,
}

/// What a delivery may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Wait for Kafka.
    Closed,
    /// Try Kafka, for all the others.
    Probe,
    /// Not ask Kafka at all.
    Open,
}

/// What changed for the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Opened,
    Closed,
    None,
}

impl Breaker {
    /// A closed one, which shows on `open` whether it is open.
    pub(crate) fn new(opens_after: u32, probe_every: Duration, open: IntGauge) -> Self {
        open.set(0);
        Self { opens_after, probe_every, misses: AtomicU32::new(0), open, next_probe: Mutex::default() }
    }

    fn is_open(&self) -> bool {
        self.open.get() != 0
    }

    fn next_probe(&self) -> MutexGuard<'_, Option<Instant>> {
        self.next_probe.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a delivery may do now: once in a while one tries Kafka although it is open.
    pub(crate) fn admission(&self, now: Instant) -> Admission {
        if !self.is_open() {
            return Admission::Closed;
        }
        let mut next_probe = self.next_probe();
        if next_probe.is_none_or(|due| now >= due) {
            *next_probe = Some(now + self.probe_every);
            Admission::Probe
        } else {
            Admission::Open
        }
    }

    /// Kafka acknowledged a delivery in time, or one that had waited.
    pub(crate) fn acknowledged(&self) -> Change {
        // Both are as they should be nearly always; looking costs less than writing.
        if self.misses.load(Ordering::Relaxed) != 0 {
            self.misses.store(0, Ordering::Relaxed);
        }
        if !self.is_open() {
            return Change::None;
        }
        let _alone = self.next_probe();
        if !self.is_open() {
            return Change::None;
        }
        self.open.set(0);
        Change::Closed
    }

    /// Kafka did not acknowledge a delivery in time.
    pub(crate) fn missed(&self, now: Instant) -> Change {
        let misses = self.misses.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if misses >= self.opens_after { self.trip(now) } else { Change::None }
    }

    /// The producer says that it cannot send.
    pub(crate) fn trip(&self, now: Instant) -> Change {
        let mut next_probe = self.next_probe();
        if self.is_open() {
            return Change::None;
        }
        *next_probe = Some(now + self.probe_every);
        self.open.set(1);
        Change::Opened
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn breaker() -> Breaker {
        Breaker::new(3, SECOND, IntGauge::new("weir_things_total", "Things").unwrap())
    }

    fn opened(start: Instant) -> Breaker {
        let breaker = breaker();
        assert_eq!([breaker.missed(start), breaker.missed(start)], [Change::None; 2]);
        assert_eq!(breaker.missed(start), Change::Opened);
        breaker
    }

    #[test]
    fn consecutive_misses_open_it_and_an_acknowledgement_in_between_does_not_let_them() {
        let (breaker, now) = (breaker(), Instant::now());
        for _ in 0..10 {
            assert_eq!([breaker.missed(now), breaker.missed(now)], [Change::None; 2]);
            assert_eq!(breaker.acknowledged(), Change::None);
            assert_eq!(breaker.admission(now), Admission::Closed);
        }
    }

    #[test]
    fn open_it_admits_one_probe_an_interval() {
        let start = Instant::now();
        let breaker = opened(start);
        let at = |seconds: f32| breaker.admission(start + SECOND.mul_f32(seconds));
        assert_eq!([at(0.0), at(1.0), at(1.0)], [Admission::Open, Admission::Probe, Admission::Open]);
        assert_eq!([at(1.5), at(2.0)], [Admission::Open, Admission::Probe]);
    }

    #[test]
    fn one_acknowledgement_closes_it_and_the_misses_count_anew() {
        let start = Instant::now();
        let breaker = opened(start);
        assert_eq!(breaker.acknowledged(), Change::Closed);
        assert_eq!(breaker.acknowledged(), Change::None);
        assert_eq!(breaker.admission(start), Admission::Closed);
        assert_eq!(breaker.missed(start), Change::None);
    }

    #[test]
    fn the_gauge_says_what_deliveries_meet_however_it_opens_and_closes() {
        let (breaker, now) = (breaker(), Instant::now());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        breaker.trip(now);
                        breaker.acknowledged();
                    }
                });
            }
        });
        assert_eq!((breaker.open.get(), breaker.admission(now)), (0, Admission::Closed));
        breaker.trip(now);
        assert_eq!((breaker.open.get(), breaker.admission(now)), (1, Admission::Open));
    }

    #[test]
    fn a_fatal_error_opens_it_at_once() {
        let (breaker, now) = (breaker(), Instant::now());
        assert_eq!(breaker.trip(now), Change::Opened);
        assert_eq!(breaker.trip(now), Change::None);
        assert_eq!(breaker.admission(now), Admission::Open);
    }
}
