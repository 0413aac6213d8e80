//! docs/metrics.md is what the code registers and what the real binaries expose, in the form that Prometheus asks for.

#![cfg(feature = "everything")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use weir_tests::catalogue::{self, Metric};
use weir_tests::foreign::folder;
use weir_tests::http;
use weir_tests::manual::{OPTIONAL, SERVICES};
use weir_tests::pipeline::{Ground, PATIENCE};
use weir_tests::prometheus::promtool;
use weir_tests::until::until;

/// Names in the code that begin like a metric's: headers of records, an attribute, stand-ins and examples.
const NO_METRICS: [&str; 7] = [
    "weir_app",
    "weir_command",
    "weir_dlq_",
    "weir_event",
    "weir_malformed",
    "weir_status",
    "weir_things_total",
];

/// The string literals below a folder that begin with `weir_`.
fn literals(folder: &Path, found: &mut BTreeSet<String>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            literals(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path)?;
            let words = text.split('"').filter(|word| word.starts_with("weir_"));
            let is_name = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            found.extend(words.filter(is_name).map(str::to_owned));
        }
    }
    Ok(())
}

#[test]
fn the_catalogue_has_the_metrics_that_the_code_registers_and_no_others() {
    let mut registered = BTreeSet::new();
    for part in ["runtime/src", "ingest/src", "consumers", "cli/src/meta"] {
        literals(&folder(part), &mut registered).unwrap();
    }
    registered.retain(|name| !NO_METRICS.iter().any(|other| name.starts_with(other)));
    let catalogue = catalogue::metrics().unwrap();
    let own: BTreeSet<_> = catalogue.into_keys().filter(|name| name.starts_with("weir_")).collect();
    let own: BTreeSet<_> = own.into_iter().filter(|name| name != "weir_build_info").collect();
    registered.remove("weir_build_info");
    let difference: Vec<_> = registered.symmetric_difference(&own).collect();
    assert_eq!(difference, [""; 0], "these are in the code or in docs/metrics.md alone");
}

#[tokio::test]
async fn every_binary_exposes_metrics_of_the_catalogue_in_the_form_that_prometheus_asks_for() {
    let catalogue = catalogue::metrics().unwrap();
    let mut ground = Ground::prepare().await.unwrap();
    let (ingest, sender) = ground.ingest(&[]).await.unwrap();
    let body = include_bytes!("../../schemas/fixtures/batch/messages-and-a-comment.json");
    sender.post_until_accepted(body, PATIENCE).await.unwrap();
    let mut running = vec![("weir-ingest", ingest)];
    for name in SERVICES.into_iter().skip(1).chain(OPTIONAL) {
        running.push((name, ground.consumer(name).await.unwrap()));
    }
    for (name, service) in &running {
        // The client may be connected before it has measured anything.
        let connected = async || {
            let brokers = service.metric("weir_kafka_brokers_up", "").await?;
            let round_trip = service.metric("weir_kafka_round_trip_seconds", "").await?;
            Ok((brokers > 0.0 && round_trip > 0.0).then_some(()))
        };
        until(&format!("a broker of {name}, and how far it is"), PATIENCE, connected).await.unwrap();
    }
    let mut wrong = Vec::new();
    for (name, service) in &running {
        let (_, text) = http::get(&format!("{}/metrics", service.admin)).await.unwrap();
        if let Err(error) = promtool(&["check", "metrics"], &text) {
            wrong.push(format!("{name}: {error}"));
        }
        for (metric, exposed) in exposed(&text).unwrap() {
            match catalogue.get(&metric) {
                None => wrong.push(format!("{name} exposes {metric}: add it to docs/metrics.md")),
                Some(described) if *described != exposed => {
                    wrong.push(format!(
                        "{metric} of {name} is {exposed:?}, docs/metrics.md says {described:?}"
                    ));
                }
                Some(_) => {}
            }
        }
        for metric in ["process_resident_memory_bytes", "process_cpu_seconds_total", "weir_build_info"] {
            assert!(text.contains(&format!("\n{metric}")), "{name} does not expose {metric}");
        }
    }
    assert_eq!(wrong, [""; 0]);
    ground.kafka.kill().unwrap();
    for (name, service) in &running {
        let alone = async || {
            let brokers = service.metric("weir_kafka_brokers_up", "").await?;
            Ok((brokers < 1.0).then_some(()))
        };
        until(&format!("no broker of {name}"), PATIENCE, alone).await.unwrap();
    }
}

/// The metrics of a scrape, each with its type and the labels of its first sample.
fn exposed(text: &str) -> Result<BTreeMap<String, Metric>> {
    let mut metrics = BTreeMap::new();
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    for (name, kind) in types {
        let sample = text.lines().find(|line| !line.starts_with('#') && line.starts_with(name));
        let sample = sample.with_context(|| format!("{name} has no sample"))?;
        let labels = sample
            .split_once('{')
            .and_then(|(_, rest)| rest.rsplit_once('}'))
            .map_or("", |(labels, _)| labels);
        let labels =
            labels.split("\",").filter_map(|label| label.split_once('=')).map(|(label, _)| label.to_owned());
        let labels = labels.filter(|label| label != "le").collect();
        metrics.insert(name.to_owned(), Metric { kind: kind.to_owned(), labels });
    }
    Ok(metrics)
}
