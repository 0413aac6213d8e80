//! One run of one load on one server, and what it took.

use std::time::Duration;

use anyhow::{Result, ensure};
use hdrhistogram::Histogram;
use weir_tests::until::until;
use weir_tests::vitals::Watch;

use crate::load::{Answers, Load, Requests};
use crate::processor::Threads;
use crate::rig::Rig;
use crate::server::Running;

/// Connections are open and caches warm after so long.
const WARM_UP: Duration = Duration::from_millis(500);
const WRITTEN_WITHIN: Duration = Duration::from_secs(30);

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    /// Answers a second.
    pub(crate) rate: f64,
    pub(crate) latency: Quantiles,
    /// Microseconds of processor a request, user and kernel.
    pub(crate) server: f64,
    pub(crate) brokers: f64,
    /// Resident, MiB, at its highest.
    pub(crate) memory: f64,
    /// Answers other than 200, of a thousand.
    pub(crate) refused: f64,
}

/// Of latencies, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quantiles {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
}

/// Runs the load, and fails where a server answered 200 and its records are not there.
pub(crate) async fn measure(
    running: &Running,
    rig: &mut Rig,
    load: Load,
    requests: &Requests,
    time: Duration,
) -> Result<Sample> {
    let prefix = running.prefix.as_deref();
    let before = rig.records(prefix).await?;
    let warm_up = load.run(running.address, requests, WARM_UP).await?;
    let (sample, answers) = without_judging(running, rig, load, requests, time).await?;
    if prefix.is_some() {
        let all = before + warm_up.good + answers.good;
        until("records of what was answered 200", WRITTEN_WITHIN, async || {
            Ok((rig.records(prefix).await? >= all).then_some(()))
        })
        .await?;
    }
    Ok(sample)
}

/// As [`measure`], for when Kafka is away.
pub(crate) async fn without_judging(
    running: &Running,
    rig: &mut Rig,
    load: Load,
    requests: &Requests,
    time: Duration,
) -> Result<(Sample, Answers)> {
    let watch = Watch::of(running.pid());
    let before = (Threads::of([running.pid()])?, rig.threads()?);
    let answers = load.run(running.address, requests, time).await?;
    let after = (Threads::of([running.pid()])?, rig.threads()?);
    let highest = watch.end().await?;
    ensure!(answers.all() > 0, "nothing was answered");
    let sample = Sample {
        rate: float(answers.all()) / answers.elapsed.as_secs_f64(),
        latency: Quantiles::of(&answers.latency),
        server: each(after.0.since(&before.0), &answers),
        brokers: each(after.1.since(&before.1), &answers),
        memory: float(highest.memory),
        refused: 1000.0 * float(answers.all() - answers.good) / float(answers.all()),
    };
    Ok((sample, answers))
}

impl Quantiles {
    /// Of a latency in microseconds.
    pub(crate) fn of(latency: &Histogram<u64>) -> Self {
        let [p50, p99, p999] =
            [0.5, 0.99, 0.999].map(|quantile| float(latency.value_at_quantile(quantile)) / 1000.0);
        Self { p50, p99, p999 }
    }
}

/// Microseconds of an answer.
fn each(time: Duration, answers: &Answers) -> f64 {
    time.as_secs_f64() * 1e6 / float(answers.all())
}

#[expect(clippy::cast_precision_loss, reason = "counts of minutes are far below 2^53")]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}
