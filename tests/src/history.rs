//! Three days in which all was well, for Prometheus: without them, two minutes were most of what the long windows of the burn
//! rates see.

use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};

use crate::page::add;
use crate::prometheus::promtool;

const LENGTH: Duration = Duration::from_hours(75);
const STEP: u64 = 60;

/// What the objectives are computed from: the metric, its name without the ending, and labels.
const COUNTERS: [(&str, &str, &str); 7] = [
    ("counter", "weir_ingest_requests_total", r#"method="post",status="200",job="weir-ingest""#),
    ("histogram", "weir_ingest_ack_seconds_bucket", r#"path="broker",job="weir-ingest",le="1.0""#),
    ("histogram", "weir_ingest_ack_seconds_bucket", r#"path="broker",job="weir-ingest",le="+Inf""#),
    ("histogram", "weir_ingest_ack_seconds_count", r#"path="broker",job="weir-ingest""#),
    ("histogram", "weir_metrics_event_age_seconds_bucket", r#"job="weir-metrics",le="30.0""#),
    ("histogram", "weir_metrics_event_age_seconds_bucket", r#"job="weir-metrics",le="+Inf""#),
    ("histogram", "weir_metrics_event_age_seconds_count", r#"job="weir-metrics""#),
];

/// Writes blocks of samples into the data of a Prometheus that is to be started in `dir`: `rate` a second of everything.
///
/// # Errors
///
/// When promtool does not take them.
pub fn write(dir: &Path, rate: f64) -> Result<()> {
    let end = since_1970(SystemTime::now()).floor() - 60.0;
    let file = dir.join("history.txt");
    std::fs::write(&file, text(end, rate)).context("writing the history")?;
    let data = dir.join("data");
    let path = |path: &Path| path.to_str().map(str::to_owned).context("a path that is no text");
    promtool(&["tsdb", "create-blocks-from", "openmetrics", &path(&file)?, &path(&data)?], "")?;
    Ok(())
}

/// Seconds since 1970, as Prometheus counts.
pub fn since_1970(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// In the text form that [promtool](https://prometheus.io/docs/prometheus/latest/storage/#backfilling-from-openmetrics-format) takes.
fn text(end: f64, rate: f64) -> String {
    let (mut text, mut family) = (String::new(), "");
    for (kind, name, labels) in COUNTERS {
        let own = ["_total", "_bucket", "_count"].iter().find_map(|ending| name.strip_suffix(ending));
        let own = own.unwrap_or(name);
        if own != family {
            family = own;
            add(&mut text, &format!("# TYPE {family} {kind}"));
        }
        for step in 0..LENGTH.as_secs() / STEP {
            let age = LENGTH.as_secs() - step * STEP;
            let (at, value) = (end - seconds(age), seconds(step * STEP) * rate);
            add(&mut text, &format!(r#"{name}{{instance="before",{labels}}} {value} {at}"#));
        }
    }
    add(&mut text, "# EOF");
    text
}

fn seconds(count: u64) -> f64 {
    Duration::from_secs(count).as_secs_f64()
}
