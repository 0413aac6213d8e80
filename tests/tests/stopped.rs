//! What operators see of a consumer that rejects everything, and of one that waits.

#![cfg(feature = "everything")]

use std::time::Duration;

use anyhow::{Context as _, Result};
use schemas::Topic;
use weir_tests::http;
use weir_tests::pipeline::{Ground, PATIENCE, Service};
use weir_tests::until::until;

/// Rows of dead letters may be this long.
const MOST: &str = "5";

/// Returns once a metric has come to a value.
async fn metric_reaches(service: &Service, name: &str, value: f64) -> Result<()> {
    let is_so = async || {
        let now = service.metric(name, "").await?;
        Ok((now >= value).then_some(()))
    };
    let waited = until(name, PATIENCE, is_so).await;
    waited.with_context(|| format!("{name} never came to {value}"))
}

#[tokio::test]
async fn a_row_of_dead_letters_stops_the_process_and_a_restart_goes_on_where_it_stopped() {
    let ground = Ground::prepare().await.unwrap();
    for number in 0..12 {
        ground.write(Topic::Messages, format!("no event {number}").as_bytes()).await.unwrap();
    }
    let envs = [("WEIR_MAX_REJECTS_IN_A_ROW", MOST), ("WEIR_PARTITION_PIPELINE", "1")];
    let mut messages = ground.start("weir-messages", &[], &envs).unwrap();
    let said = |line: &str| line.contains("stopped") && line.contains("--max-rejects-in-a-row");
    messages.process.line("why it stopped", PATIENCE, said).await.unwrap();
    metric_reaches(&messages, "weir_consumer_stopped", 1.0).await.unwrap();
    until("a probe that fails for it", PATIENCE, async || {
        let (ready, why) = http::get(&format!("{}/readyz?verbose", messages.admin)).await?;
        let is_told = why.contains("[-]consumer failed: 5 records of") && why.contains("not_an_event");
        Ok((ready.as_u16() == 503 && is_told).then_some(()))
    })
    .await
    .unwrap();
    assert_eq!(http::get(&format!("{}/livez", messages.admin)).await.unwrap().0.as_u16(), 200);
    let letters = ground.records(Topic::MessagesDlq, "the row", |all| all.len() >= 5).await.unwrap();
    assert_eq!(letters.len(), 5);
    assert_eq!(messages.process.terminate(PATIENCE).await.unwrap().code(), Some(1));

    let envs = [("WEIR_MAX_REJECTS_IN_A_ROW", "1000")];
    let mended = ground.consumer_with("weir-messages", &envs).await.unwrap();
    metric_reaches(&mended, "weir_consumer_dead_letters_total", 7.0).await.unwrap();
    let letters = ground.records(Topic::MessagesDlq, "the rest", |all| all.len() >= 12).await.unwrap();
    assert_eq!(letters.len(), 12, "none is there twice");
}

#[tokio::test]
async fn the_lag_is_shown_while_the_graph_api_is_away() {
    let ground = Ground::prepare().await.unwrap();
    let (_ingest, sender) = ground.ingest(&[]).await.unwrap();
    let tokens = tempfile::tempdir().unwrap();
    std::fs::write(tokens.path().join("default"), "a-valid-access-token").unwrap();
    let tokens = tokens.path().to_string_lossy();
    let args = ["--graph-url", "http://localhost:1", "--access-tokens", &tokens, "--stall-timeout", "10s"];
    let mut lookups = ground.start("weir-lookups", &args, &[]).unwrap();
    lookups.ready().await.unwrap();
    let comment = include_bytes!("../../schemas/fixtures/comment/comment-id.json");
    for _ in 0..3 {
        sender.post_until_accepted(comment, PATIENCE).await.unwrap();
    }
    // A delivery that was acknowledged late is there twice.
    metric_reaches(&lookups, "weir_consumer_lag_records", 3.0).await.unwrap();
    // A wait on purpose, however long, is no reason to build the consumer anew.
    let begin = std::time::Instant::now();
    let longer = async || Ok((begin.elapsed() > Duration::from_secs(15)).then_some(()));
    until("more than the stall timeout", PATIENCE, longer).await.unwrap();
    assert!(lookups.metric("weir_consumer_rebuilt_total", "").await.unwrap() < 0.5);
    assert!(lookups.process.terminate(PATIENCE).await.unwrap().success());
}
