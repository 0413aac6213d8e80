//! A real Prometheus scrapes the real binaries under load: every target is up, every panel has data, no alert fires.

#![cfg(feature = "everything")]

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;
use weir_tests::manual::SERVICES;
use weir_tests::pipeline::{Ground, Service};
use weir_tests::prometheus::{Patience, Prometheus};
use weir_tests::promql::metrics_of;
use weir_tests::signed::Sender;
use weir_tests::until::until;
use weir_tests::{dashboards, fixtures};

const WITHIN: Duration = Duration::from_mins(4);

/// The account of most fixtures; those that are named have metrics of their own.
const ACCOUNT: &str = "17841405726653026";

/// What has no series, or no value, until it happens for the first time, and does not happen here.
const NOT_HERE: [&str; 26] = [
    // No alert fires, no exporter, no kubelet and no prober is there.
    "ALERTS",
    "kafka_brokers",
    "kafka_topic_partition_under_replicated_partition",
    "kafka_consumergroup_lag",
    "kubelet_volume_stats_used_bytes",
    "probe_ssl_earliest_cert_expiry",
    // The broker has no certificates.
    "weir_kafka_certificate_expiry_timestamp_seconds",
    // weir-media does not run here; what it counts is in media.rs.
    "weir_media_links_total",
    "weir_media_saved_bytes_total",
    "weir_media_failed_attempts_total",
    "weir_media_store_errors_total",
    "weir_media_delay_seconds_bucket",
    // Nobody commands replies here.
    "weir_replies_call_seconds_bucket",
    // Kafka takes everything, so that nothing is stored.
    "weir_spool_write_seconds_bucket",
    "weir_consumer_dead_letters_total",
    "weir_consumer_failures_total",
    "weir_lookups_failed_batches_total",
    "weir_producer_rebuilt_total",
    "weir_ingest_large_rebuilt_total",
    "weir_graph_token_refused",
    // `weir connect keep` does not run here.
    "weir_connect_failing",
    "weir_connect_healed_timestamp_seconds",
    "weir_connect_interval_seconds",
    "weir_connect_round_timestamp_seconds",
    "weir_token_expiry_timestamp_seconds",
    "weir_token_end_unknown",
];

#[tokio::test]
async fn every_target_is_up_every_panel_has_data_and_no_alert_fires() {
    let ground = Ground::prepare().await.unwrap();
    ground.graph.say_usage("X-App-Usage", r#"{"call_count":5,"total_time":2,"total_cputime":3}"#);
    let spool = tempfile::tempdir().unwrap();
    let envs = [
        ("WEIR_APP_SECRET", weir_tests::pipeline::APP_SECRET),
        ("WEIR_SPOOL_DIR", spool.path().to_str().unwrap()),
    ];
    let (ingest, sender) = ground.ingest_with(&[], &envs).await.unwrap();
    let mut running = vec![("weir-ingest", ingest)];
    for name in SERVICES.into_iter().skip(1) {
        let service = ground.consumer_with(name, &[("WEIR_ACCOUNTS", ACCOUNT)]).await;
        running.push((name, service.unwrap()));
    }
    let jobs: Vec<_> = running.iter().map(|(name, service)| (*name, address(service))).collect();
    let prometheus = Prometheus::start(&jobs, Patience::AsStated).await.unwrap();

    // What is counted once, as an answer to a message, has to be seen to rise from nothing.
    until("a look at every process", WITHIN, async || {
        let up = prometheus.query("up == 1").await?;
        Ok((up.len() == running.len()).then_some(()))
    })
    .await
    .unwrap();
    let deliveries = fixtures::deliveries().unwrap();
    let mut queries = queries();
    let shown = until("data in every panel", WITHIN, async || {
        post_all(&sender, &deliveries).await?;
        let mut empty = Vec::new();
        for (panel, query) in std::mem::take(&mut queries) {
            let series = prometheus.query(&query).await.with_context(|| panel.clone())?;
            if !series.iter().any(has_value) {
                empty.push((panel, query));
            }
        }
        queries = empty;
        Ok(queries.is_empty().then_some(()))
    });
    let shown = shown.await;
    prometheus.until_none_is_down(WITHIN).await.unwrap();
    assert_eq!(prometheus.firing().await.unwrap(), [""; 0]);
    assert!(shown.is_ok(), "without data after {WITHIN:?}:\n{}", list(&queries));
}

/// A quantile of nothing is a series without a value.
fn has_value(series: &Value) -> bool {
    series["value"][1].as_str().is_some_and(|value| value != "NaN")
}

fn address(service: &Service) -> &str {
    service.admin.trim_start_matches("http://")
}

fn list(queries: &[(String, String)]) -> String {
    queries.iter().map(|(panel, query)| format!("{panel}: {query}")).collect::<Vec<_>>().join("\n")
}

/// Every query with the panel that it is of, those left out that have no data here.
fn queries() -> Vec<(String, String)> {
    let mut queries = Vec::new();
    for (_, text) in dashboards::files().expect("the dashboards are committed") {
        let dashboard: Value = serde_json::from_str(&text).expect("dashboards.rs checks that they are JSON");
        for panel in dashboard["panels"].as_array().into_iter().flatten() {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let query = target["expr"].as_str().unwrap_or_default();
                // Nor was there a week ago.
                let is_here = metrics_of(query).iter().all(|metric| !NOT_HERE.contains(&metric.as_str()));
                if is_here && !query.contains("offset 1w") {
                    let place = format!("{} / {}", dashboard["title"], panel["title"]);
                    queries.push((place, dashboards::filled(query)));
                }
            }
        }
    }
    queries
}

async fn post_all(sender: &Sender, deliveries: &[Vec<u8>]) -> Result<()> {
    for body in deliveries {
        sender.post(body).await?;
    }
    Ok(())
}
