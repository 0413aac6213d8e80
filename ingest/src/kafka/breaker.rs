//! The circuit breaker: after `--breaker-misses` failures in a row deliveries do not wait for Kafka, but for a probe now and then.

use prometheus::IntGauge;
use runtime::process::health::Check;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Opens after consecutive failures or a fatal error, closes with the next acknowledgement.
#[derive(Debug)]
pub(crate) struct Breaker {
    opens_after: u32,
    probe_every: Duration,
    failures: AtomicU32,
    /// 1 while it is open: the gauge itself is the state. Written under the lock alone.
    open: IntGauge,
    /// Shows the same beside what a probe asks, and fails none.
    check: Check,
    next_probe: Mutex<Option<Instant>>,
}

/// What a delivery may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Wait for Kafka.
    Closed,
    /// Send it to Kafka as a probe.
    Probe,
    /// Not be sent to Kafka.
    Open,
}

/// How the breaker changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transition {
    Opened,
    Closed,
    None,
}

impl Breaker {
    /// A closed breaker, with the gauge and the check that show whether it is open.
    pub(crate) fn new(opens_after: u32, probe_every: Duration, open: IntGauge, check: Check) -> Self {
        open.set(0);
        check.pass();
        Self {
            opens_after,
            probe_every,
            failures: AtomicU32::new(0),
            open,
            check,
            next_probe: Mutex::default(),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.get() != 0
    }

    fn next_probe(&self) -> MutexGuard<'_, Option<Instant>> {
        runtime::mutex::lock(&self.next_probe)
    }

    /// What a delivery may do now; once a probe interval one is sent to Kafka although the breaker is open.
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

    /// Kafka acknowledged a delivery in time, or one that was spooled.
    pub(crate) fn record_success(&self) -> Transition {
        // Nearly always 0 and closed; a load costs less than a store.
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
        if !self.is_open() {
            return Transition::None;
        }
        let _lock = self.next_probe();
        if !self.is_open() {
            return Transition::None;
        }
        self.open.set(0);
        self.check.pass();
        Transition::Closed
    }

    /// Kafka did not acknowledge a delivery in time.
    pub(crate) fn record_failure(&self, now: Instant) -> Transition {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if failures >= self.opens_after { self.trip(now) } else { Transition::None }
    }

    /// The producer says that it cannot send.
    pub(crate) fn trip(&self, now: Instant) -> Transition {
        let mut next_probe = self.next_probe();
        if self.is_open() {
            return Transition::None;
        }
        *next_probe = Some(now + self.probe_every);
        self.open.set(1);
        self.check.fail(
            "open, Kafka does not acknowledge in time: deliveries go to the spool, without one they are answered 503",
        );
        Transition::Opened
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::process::health::{Health, Probe};
    use runtime::process::shutdown::Shutdown;

    const SECOND: Duration = Duration::from_secs(1);

    fn breaker() -> Breaker {
        shown(&Health::new(Shutdown::new()))
    }

    fn shown(health: &Health) -> Breaker {
        let gauge = IntGauge::new("weir_things_total", "Things").unwrap();
        Breaker::new(3, SECOND, gauge, health.check("breaker", Probe::Shown))
    }

    fn opened(start: Instant) -> Breaker {
        let breaker = breaker();
        assert_eq!([breaker.record_failure(start), breaker.record_failure(start)], [Transition::None; 2]);
        assert_eq!(breaker.record_failure(start), Transition::Opened);
        breaker
    }

    #[test]
    fn consecutive_failures_open_it_and_an_acknowledgement_in_between_resets_them() {
        let (breaker, now) = (breaker(), Instant::now());
        for _ in 0..10 {
            assert_eq!([breaker.record_failure(now), breaker.record_failure(now)], [Transition::None; 2]);
            assert_eq!(breaker.record_success(), Transition::None);
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
    fn one_acknowledgement_closes_it_and_failures_count_anew() {
        let start = Instant::now();
        let breaker = opened(start);
        assert_eq!(breaker.record_success(), Transition::Closed);
        assert_eq!(breaker.record_success(), Transition::None);
        assert_eq!(breaker.admission(start), Admission::Closed);
        assert_eq!(breaker.record_failure(start), Transition::None);
    }

    #[test]
    fn the_gauge_agrees_with_admission_however_it_opens_and_closes() {
        let (breaker, now) = (breaker(), Instant::now());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        breaker.trip(now);
                        breaker.record_success();
                    }
                });
            }
        });
        assert_eq!((breaker.open.get(), breaker.admission(now)), (0, Admission::Closed));
        breaker.trip(now);
        assert_eq!((breaker.open.get(), breaker.admission(now)), (1, Admission::Open));
    }

    #[test]
    fn readiness_shows_that_it_is_open_and_does_not_fail() {
        let health = Health::new(Shutdown::new());
        let breaker = shown(&health);
        health.check("process", Probe::Startup).pass();
        let says = |what| health.report(Probe::Readiness).verbose().contains(what);
        assert!(says("[+]breaker ok"));
        breaker.trip(Instant::now());
        assert!(says("[!]breaker: open, Kafka does not acknowledge in time"));
        assert!(health.report(Probe::Readiness).passes());
        breaker.record_success();
        assert!(says("[+]breaker ok"));
    }

    #[test]
    fn a_fatal_error_opens_it_at_once() {
        let (breaker, now) = (breaker(), Instant::now());
        assert_eq!(breaker.trip(now), Transition::Opened);
        assert_eq!(breaker.trip(now), Transition::None);
        assert_eq!(breaker.admission(now), Admission::Open);
    }
}
