//! The circuit breaker: after `--breaker-misses` failures in a row deliveries go straight to the spool (503 without one), except one
//! probe every `--breaker-probe`.

use crate::metrics::Metrics;
use crate::settings::Settings;
use runtime::process::health::{Check, Health, Probe};
use runtime::throttle::Throttle;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// A Kafka that is barely too slow opens and closes the breaker many times a second; it is logged this often.
const LOG_EVERY: Duration = Duration::from_secs(30);

/// Opens after consecutive failures or a fatal error; closes with the next acknowledgement within `--ack-timeout`, or of a drained
/// delivery.
#[derive(Debug)]
pub(crate) struct Breaker {
    opens_after: u32,
    probe_every: Duration,
    metrics: Arc<Metrics>,
    /// Shows the same beside what a probe asks, and fails none.
    check: Check,
    state: Mutex<State>,
    opened_log: Throttle,
}

#[derive(Debug, Default)]
struct State {
    /// In a row.
    failures: u32,
    /// While the breaker is open.
    next_probe: Option<Instant>,
    /// Whether it was logged that the breaker is open, so that its closing is logged too.
    is_logged: bool,
    /// Why a connection or request failed last, if that was of late: mostly the reason.
    reason: Option<String>,
}

impl State {
    /// What Kafka does not do, and why, as far as that is known.
    fn complaint(&self) -> String {
        let why = self
            .reason
            .as_ref()
            .map_or_else(String::new, |reason| format!(" (last error of its client: {reason})"));
        format!("Kafka does not acknowledge in time{why}")
    }
}

/// What a delivery may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// Wait for Kafka: the breaker is closed.
    Admitted,
    /// Be sent to Kafka as a probe: it is open.
    Probe,
    /// Not be sent to Kafka: it is open.
    NotNow,
}

impl Breaker {
    /// A closed breaker, which the metrics and a check show.
    pub(crate) fn new(settings: &Settings, metrics: Arc<Metrics>, health: &Health) -> Self {
        let check = health.check("breaker", Probe::Informational);
        check.pass();
        Self {
            opens_after: settings.breaker_misses,
            probe_every: settings.breaker_probe,
            metrics,
            check,
            state: Mutex::default(),
            opened_log: Throttle::new(LOG_EVERY),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        runtime::mutex::lock(&self.state)
    }

    /// What a delivery may do now; once a probe interval one is sent to Kafka although the breaker is open.
    pub(super) fn admission(&self, now: Instant) -> Admission {
        let mut state = self.lock();
        let Some(next_probe) = state.next_probe else { return Admission::Admitted };
        self.log_open(&mut state);
        if now < next_probe {
            return Admission::NotNow;
        }
        state.next_probe = Some(now + self.probe_every);
        Admission::Probe
    }

    /// Kafka has acknowledged a delivery in time, or one of the spool.
    pub(crate) fn record_success(&self) {
        let mut state = self.lock();
        state.failures = 0;
        if state.next_probe.take().is_none() {
            return;
        }
        self.metrics.breaker_open.set(0);
        self.check.pass();
        if std::mem::take(&mut state.is_logged) {
            tracing::info!("circuit breaker closed: Kafka acknowledges again");
        }
    }

    /// Kafka did not acknowledge a delivery in time.
    pub(super) fn record_failure(&self, now: Instant) {
        let mut state = self.lock();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= self.opens_after {
            self.open(&mut state, now);
        }
    }

    /// Takes note of why a connection or request failed last, before that counts; while the breaker is open that is shown.
    pub(super) fn explain(&self, reason: Option<String>) {
        let mut state = self.lock();
        state.reason = reason;
        if state.next_probe.is_some() {
            self.show_open(&state);
        }
    }

    /// The producer says that it cannot send.
    pub(super) fn trip(&self, now: Instant) {
        self.open(&mut self.lock(), now);
    }

    fn open(&self, state: &mut State, now: Instant) {
        if state.next_probe.is_some() {
            return;
        }
        state.next_probe = Some(now + self.probe_every);
        self.metrics.breaker_open.set(1);
        self.metrics.breaker_opened.inc();
        self.show_open(state);
        self.log_open(state);
    }

    fn show_open(&self, state: &State) {
        let complaint = state.complaint();
        self.check.fail(format!(
            "open, {complaint}: deliveries go to the spool, without one they are answered 503"
        ));
    }

    /// Logs that the breaker is open, once, and where that was logged a moment ago of an earlier time, later: the last word of
    /// the log is true.
    fn log_open(&self, state: &mut State) {
        if !state.is_logged && self.opened_log.pass(Instant::now()).is_some() {
            state.is_logged = true;
            let complaint = state.complaint();
            tracing::warn!(
                "circuit breaker opened, {complaint}: deliveries go straight to the spool (without one they are answered 503), apart \
                 from a probe every --breaker-probe"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::Registry;
    use runtime::process::shutdown::Shutdown;

    const SECOND: Duration = Duration::from_secs(1);

    fn breaker() -> Breaker {
        shown(&Health::new(Shutdown::new()))
    }

    fn shown(health: &Health) -> Breaker {
        let settings =
            Settings { breaker_misses: 3, breaker_probe: SECOND, ..Settings::local("secret", "token") };
        Breaker::new(&settings, Arc::new(Metrics::new(&Registry::new())), health)
    }

    fn is_open(breaker: &Breaker) -> bool {
        breaker.metrics.breaker_open.get() != 0
    }

    fn opened(start: Instant) -> Breaker {
        let breaker = breaker();
        for _ in 0..2 {
            breaker.record_failure(start);
            assert!(!is_open(&breaker));
        }
        breaker.record_failure(start);
        assert!(is_open(&breaker));
        breaker
    }

    #[test]
    fn consecutive_failures_open_it_and_an_acknowledgement_in_between_resets_them() {
        let (breaker, now) = (breaker(), Instant::now());
        for _ in 0..10 {
            for _ in 0..2 {
                breaker.record_failure(now);
                assert!(!is_open(&breaker));
            }
            breaker.record_success();
            assert_eq!(breaker.admission(now), Admission::Admitted);
        }
        assert_eq!(breaker.metrics.breaker_opened.get(), 0);
    }

    #[test]
    fn open_it_admits_one_probe_an_interval() {
        let start = Instant::now();
        let breaker = opened(start);
        let at = |seconds: f32| breaker.admission(start + SECOND.mul_f32(seconds));
        assert_eq!([at(0.0), at(1.0), at(1.0)], [Admission::NotNow, Admission::Probe, Admission::NotNow]);
        assert_eq!([at(1.5), at(2.0)], [Admission::NotNow, Admission::Probe]);
    }

    #[test]
    fn one_acknowledgement_closes_it_and_failures_count_anew() {
        let start = Instant::now();
        let breaker = opened(start);
        for _ in 0..2 {
            breaker.record_success();
            assert_eq!(breaker.admission(start), Admission::Admitted);
        }
        breaker.record_failure(start);
        assert!(!is_open(&breaker));
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
        let open = &breaker.metrics.breaker_open;
        assert_eq!((open.get(), breaker.admission(now)), (0, Admission::Admitted));
        breaker.trip(now);
        assert_eq!((open.get(), breaker.admission(now)), (1, Admission::NotNow));
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
    fn readiness_names_the_last_reason_that_the_client_knows_while_it_is_open() {
        let health = Health::new(Shutdown::new());
        let breaker = shown(&health);
        let says = |what| health.report(Probe::Readiness).verbose().contains(what);
        breaker.explain(Some(String::from("a:1: authentication failed")));
        assert!(says("[+]breaker ok"));
        breaker.trip(Instant::now());
        assert!(says("in time (last error of its client: a:1: authentication failed): deliveries"));
        breaker.explain(Some(String::from("a:1: refused")));
        assert!(says("in time (last error of its client: a:1: refused): deliveries"));
        breaker.explain(None);
        assert!(says("[!]breaker: open, Kafka does not acknowledge in time: deliveries"));
        breaker.record_success();
        breaker.explain(None);
        assert!(says("[+]breaker ok"));
    }

    #[test]
    fn a_fatal_error_opens_it_at_once() {
        let (breaker, now) = (breaker(), Instant::now());
        breaker.trip(now);
        breaker.trip(now);
        assert_eq!(breaker.metrics.breaker_opened.get(), 1);
        assert_eq!(breaker.admission(now), Admission::NotNow);
    }
}
