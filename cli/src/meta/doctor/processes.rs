//! The processes of Weir, as their admin ports tell.

use super::check::{Check, CheckResult, Deadline, Observed, Verdict, span};
use crate::delivery::poster::{Answer, Poster};
use crate::process::metrics::{name, value};
use crate::screen::one_line;
use futures_util::future::join_all;
use std::time::Duration;

const LOOK_TIMEOUT: Duration = Duration::from_secs(5);
/// As much of the checks of a probe as is shown, in characters.
const MAX_SHOWN_CHARS: usize = 200;
/// What waits longer in the spool than a delivery that was only late.
const WAITS_LONG: f64 = 60.0;

const NOT_THERE: &str = "Does it run, and is this its --admin-listen? `kubectl get pods`, and its log.";
const NOT_READY: &str = "Its log says more; docs/operations.md has the alerts by name.";
const STOPPED: &str =
    "It was to handle records that it cannot handle: docs/operations.md, WeirConsumerStopped.";
const SPOOL_WAITS: &str = "\
Kafka does not take what ingest has: look at it above, and at the log of ingest; `weir spool list` says what waits. It comes by itself \
once Kafka takes it.";
const PARKED: &str = "\
Kafka refuses them for good: `weir spool list --set-aside` says why, and what lets them go.";
const DISK: &str = "The disk of --spool-dir fails or is full: docs/operations.md, WeirSpoolUnhealthy.";

/// What a process answered.
pub(super) struct Process {
    address: String,
    ready: Observed<Answer>,
    metrics: Observed<Answer>,
}

/// Asks each of them.
pub(super) async fn ask(addresses: &[String], deadline: Deadline) -> Vec<Process> {
    let get = async |address: &String, path: &str| {
        deadline.look(LOOK_TIMEOUT, Poster::get(&format!("http://{address}/{path}"))).await
    };
    let all = addresses.iter().map(async |address| {
        let (ready, metrics) = tokio::join!(get(address, "readyz?verbose"), get(address, "metrics"));
        Process { address: address.clone(), ready, metrics }
    });
    join_all(all).await
}

/// Whether each is ready; of ingest, what waits in its spool.
pub(super) fn checks(processes: &[Process]) -> Vec<Check> {
    let mut checks = Vec::new();
    for Process { address, ready, metrics } in processes {
        let told = metrics.as_ref().ok().filter(|answer| answer.status == 200);
        let metrics = told.map(|answer| answer.text.as_str()).unwrap_or_default();
        let result = CheckResult::of(ready, NOT_THERE, |ready| match readiness(ready, metrics) {
            CheckResult { verdict: Verdict::Pass, found, .. } if told.is_none() => {
                CheckResult::unknown(format!("{found}, and its metrics cannot be read"), NOT_THERE)
            }
            result => result,
        });
        checks.push(result.check("process", address.as_str()));
        if name(metrics) == Some("weir-ingest") {
            checks.push(spool(metrics).check("spool", address.as_str()));
        }
    }
    checks
}

fn readiness(ready: &Answer, metrics: &str) -> CheckResult {
    let name = name(metrics).unwrap_or("it");
    if ready.status != 200 {
        let said = one_line(ready.text.trim(), MAX_SHOWN_CHARS);
        return CheckResult::fail(format!("{name} is not ready: {said}"), NOT_READY);
    }
    if value(metrics, "weir_consumer_stopped").is_some_and(|stopped| stopped > 0.0) {
        return CheckResult::fail(format!("{name} has stopped itself"), STOPPED);
    }
    CheckResult::pass(format!("{name} is ready"))
}

fn spool(metrics: &str) -> CheckResult {
    let of = |name| value(metrics, name);
    let Some(waiting) = of("weir_spool_deliveries") else {
        return CheckResult::unknown(
            "ingest has none",
            "Give it a --spool-dir, and an outage of Kafka loses nothing.",
        );
    };
    let [oldest, parked] =
        ["weir_spool_oldest_seconds", "weir_spool_set_aside"].map(|name| of(name).unwrap_or_default());
    if waiting.is_nan() || of("weir_spool_healthy").is_some_and(|healthy| healthy < 1.0) {
        return CheckResult::fail("its disk fails", DISK);
    }
    if waiting > 0.0 && oldest > WAITS_LONG {
        let age = span(Duration::try_from_secs_f64(oldest).unwrap_or_default());
        return CheckResult::fail(
            format!("{waiting} deliveries wait for Kafka, the oldest for {age}"),
            SPOOL_WAITS,
        );
    }
    if parked > 0.0 {
        return CheckResult::fail(format!("{parked} deliveries are parked"), PARKED);
    }
    CheckResult::pass(format!("deliveries that wait: {waiting}"))
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict::{self, Fail, Pass, Unknown};
    use super::*;

    const BUILD: &str = "weir_build_info{name=\"weir-ingest\",version=\"0.1.0\"} 1\n";

    fn answer(status: u16, text: &str) -> Answer {
        Answer { status, text: text.to_owned(), took: Duration::ZERO, date: None }
    }

    /// The spool's verdict with these values of its metrics.
    fn spool_with(waiting: &str, oldest: &str, parked: &str, healthy: &str) -> Verdict {
        let metrics = format!(
            "weir_spool_deliveries {waiting}\nweir_spool_oldest_seconds {oldest}\nweir_spool_set_aside {parked}\nweir_spool_healthy {healthy}\n"
        );
        spool(&metrics).verdict
    }

    #[test]
    fn a_spool_is_well_while_nothing_waits_for_long_and_its_disk_writes() {
        assert_eq!(spool_with("0", "0", "0", "1"), Pass);
        assert_eq!(spool_with("3", "2.5", "0", "1"), Pass);
        assert_eq!(spool_with("3", "61", "0", "1"), Fail);
        assert_eq!(spool_with("0", "0", "1", "1"), Fail);
        assert_eq!(spool_with("0", "0", "0", "0"), Fail);
        assert_eq!(spool_with("NaN", "NaN", "NaN", "1"), Fail);
        assert_eq!(spool(BUILD).verdict, Unknown);
    }

    #[test]
    fn a_process_that_is_not_ready_is_named_with_what_it_says() {
        let process = |ready| Process {
            address: "a:9090".to_owned(),
            ready: Ok(ready),
            metrics: Ok(answer(200, BUILD)),
        };
        let checks = checks(&[process(answer(503, "[-]kafka: no broker\n")), process(answer(200, "ok"))]);
        let found: Vec<_> = checks.iter().map(|check| (check.name, check.result.verdict)).collect();
        assert_eq!(found, [("process", Fail), ("spool", Unknown), ("process", Pass), ("spool", Unknown)]);
        assert!(checks[0].result.found.starts_with("weir-ingest is not ready: [-]kafka"));
    }

    #[test]
    fn a_process_whose_metrics_cannot_be_read_is_not_said_to_be_well() {
        let metrics = Ok(answer(500, "metrics: internal error, the task panicked\n"));
        let process = Process { address: "a:9090".to_owned(), ready: Ok(answer(200, "ok")), metrics };
        let checks = checks(&[process]);
        assert_eq!((checks.len(), checks[0].result.verdict), (1, Unknown));
    }

    #[test]
    fn a_consumer_that_stopped_itself_is_not_well() {
        assert_eq!(readiness(&answer(200, ""), "weir_consumer_stopped 1\n").verdict, Fail);
    }
}
