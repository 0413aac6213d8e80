//! Named checks that the probes of the admin port answer from.

use std::fmt;
use std::sync::{Arc, Mutex};

use crate::mutex::lock;
use crate::process::shutdown::Shutdown;

/// The probe that a check counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// `/livez`: a failure means that only a restart helps, so nothing outside the process counts.
    Liveness,
    /// `/readyz`: a failure takes the process out of the load balancer.
    Readiness,
    /// `/startupz`, and `/readyz` too: fails until the process has come up, then passes for good.
    Startup,
    /// None: `/readyz?verbose` shows it, and no probe fails for it.
    Informational,
}

/// All checks of a process; clones share them.
#[derive(Clone, Debug)]
pub struct Health {
    checks: Arc<Mutex<Vec<Entry>>>,
    shutdown: Shutdown,
}

/// The handle that sets one check.
#[derive(Clone, Debug)]
pub struct Check {
    checks: Arc<Mutex<Vec<Entry>>>,
    index: usize,
}

/// What a probe answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    name: &'static str,
    probe: Probe,
    failure: Option<String>,
}

impl Health {
    /// No checks yet; once `shutdown` is asked for, readiness fails as "draining".
    pub fn new(shutdown: Shutdown) -> Self {
        Self { checks: Arc::default(), shutdown }
    }

    /// Declares a check; declaring the same name and probe again gives the same check.
    ///
    /// A liveness check passes until it is told otherwise, the others fail until they pass once.
    pub fn check(&self, name: &'static str, probe: Probe) -> Check {
        let mut entries = lock(&self.checks);
        let known = entries.iter().position(|entry| entry.name == name && entry.probe == probe);
        let index = known.unwrap_or_else(|| {
            let failure = (probe != Probe::Liveness).then(|| String::from("starting"));
            entries.push(Entry { name, probe, failure });
            entries.len() - 1
        });
        Check { checks: Arc::clone(&self.checks), index }
    }

    /// What the probe says now. A process that has not declared what its start waits for has not started.
    pub fn report(&self, probe: Probe) -> Report {
        let entries = lock(&self.checks);
        let belongs = |entry: &&Entry| {
            entry.probe == probe
                || (probe == Probe::Readiness && matches!(entry.probe, Probe::Startup | Probe::Informational))
        };
        let mut reported: Vec<Entry> = entries.iter().filter(belongs).cloned().collect();
        let is_declared = entries.iter().any(|entry| entry.probe == Probe::Startup);
        if probe != Probe::Liveness && !is_declared {
            reported.push(Entry { name: "process", probe, failure: Some(String::from("starting")) });
        }
        if probe == Probe::Readiness {
            let failure = self.shutdown.is_requested().then(|| String::from("draining"));
            reported.push(Entry { name: "shutdown", probe, failure });
        }
        Report(reported)
    }
}

impl Check {
    /// All is well.
    pub fn pass(&self) {
        self.set(None);
    }

    /// Something is wrong; `why` also says what to do about it.
    pub fn fail(&self, why: impl Into<String>) {
        self.set(Some(why.into()));
    }

    fn set(&self, failure: Option<String>) {
        if let Some(entry) = lock(&self.checks).get_mut(self.index) {
            entry.failure = failure;
        }
    }
}

impl Report {
    /// Whether every check passes.
    pub fn passes(&self) -> bool {
        self.0.iter().all(|entry| entry.failure.is_none() || entry.probe == Probe::Informational)
    }

    /// One line a check, `[+]name ok` or `[-]name failed: why`, as Kubernetes' own servers write them; `[!]name: why` for
    /// what is only shown.
    pub fn verbose(&self) -> String {
        self.0.iter().fold(String::new(), |text, entry| format!("{text}{entry}\n"))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failure {
            None => write!(formatter, "[+]{} ok", self.name),
            Some(why) if self.probe == Probe::Informational => write!(formatter, "[!]{}: {why}", self.name),
            Some(why) => write!(formatter, "[-]{} failed: {why}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_up_check_holds_readiness_back_until_it_passes() {
        let health = Health::new(Shutdown::new());
        let kafka = health.check("kafka", Probe::Startup);
        assert!(!health.report(Probe::Startup).passes());
        assert!(!health.report(Probe::Readiness).passes());
        assert!(health.report(Probe::Liveness).passes());
        kafka.pass();
        assert!(health.report(Probe::Readiness).passes());
    }

    #[test]
    fn a_process_that_has_declared_nothing_has_not_started() {
        let health = Health::new(Shutdown::new());
        assert!(!health.report(Probe::Startup).passes());
        assert!(!health.report(Probe::Readiness).passes());
    }

    #[test]
    fn a_failure_says_why() {
        let health = Health::new(Shutdown::new());
        health.check("kafka", Probe::Startup).fail("no broker answers, check --brokers");
        let text = health.report(Probe::Readiness).verbose();
        assert_eq!(text, "[-]kafka failed: no broker answers, check --brokers\n[+]shutdown ok\n");
    }

    #[test]
    fn draining_takes_readiness_away_and_leaves_liveness() {
        let shutdown = Shutdown::new();
        let health = Health::new(shutdown.clone());
        health.check("kafka", Probe::Startup).pass();
        assert!(health.report(Probe::Readiness).passes());
        shutdown.trigger();
        assert!(!health.report(Probe::Readiness).passes());
        assert!(health.report(Probe::Liveness).passes());
    }

    #[test]
    fn a_liveness_check_passes_until_told_otherwise() {
        let health = Health::new(Shutdown::new());
        let worker = health.check("worker", Probe::Liveness);
        assert!(health.report(Probe::Liveness).passes());
        worker.fail("stuck");
        assert!(!health.report(Probe::Liveness).passes());
    }

    #[test]
    fn what_is_only_shown_fails_no_probe() {
        let health = Health::new(Shutdown::new());
        health.check("spool", Probe::Startup).pass();
        health.check("kafka", Probe::Informational).fail("no broker answers");
        let report = health.report(Probe::Readiness);
        assert!(report.passes());
        assert_eq!(report.verbose(), "[+]spool ok\n[!]kafka: no broker answers\n[+]shutdown ok\n");
    }

    #[test]
    fn the_same_check_is_declared_once() {
        let health = Health::new(Shutdown::new());
        health.check("kafka", Probe::Startup).pass();
        health.check("kafka", Probe::Startup);
        assert_eq!(health.report(Probe::Startup).verbose(), "[+]kafka ok\n");
    }
}
