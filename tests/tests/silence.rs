//! What the metrics know of configured accounts outlives a restart: it is read back from the topics.

#![cfg(feature = "everything")]

use std::time::SystemTime;

use anyhow::Result;
use schemas::Millis;
use serde_json::json;
use weir_tests::http;
use weir_tests::pipeline::{Ground, PATIENCE, Service};
use weir_tests::until::until;

const ACCOUNT: &str = "17841405726653026";
const SILENT: &str = "17841499999999999";
const CUSTOMER: &str = "6837251906428371";

#[tokio::test]
async fn silence_stories_and_open_conversations_outlive_a_restart() {
    let ground = Ground::prepare().await.unwrap();
    let (_ingest, sender) = ground.spooling_ingest(&[]).await.unwrap();
    let configured = format!("{ACCOUNT},{SILENT}");
    let envs = [("WEIR_ACCOUNTS", configured.as_str())];
    let mut first = ground.consumer_with("weir-metrics", &envs).await.unwrap();
    sender.post_until_accepted(&story(70).unwrap(), PATIENCE).await.unwrap();
    let asked = now() - 30_000;
    sender.post_until_accepted(&message(CUSTOMER, ACCOUNT, asked, "asked").unwrap(), PATIENCE).await.unwrap();
    has(&first, "weir_metrics_events_total", "", |events| events >= 2.0).await.unwrap();
    has(&first, "weir_metrics_story_insight", "metric=\"reach\"", is(70.0)).await.unwrap();
    // In good order, so that what it handled is committed and does not come again.
    assert!(first.process.terminate(PATIENCE).await.unwrap().success());

    let second = ground.consumer_with("weir-metrics", &envs).await.unwrap();
    has(&second, "weir_metrics_story_insight", "metric=\"reach\"", is(70.0)).await.unwrap();
    for account in [ACCOUNT, SILENT] {
        let sample = format!("weir_metrics_account_silence_seconds{{account=\"{account}\"}}");
        until("the silence of an account", PATIENCE, async || {
            let (_, text) = http::get(&format!("{}/metrics", second.admin)).await?;
            Ok(text.contains(&sample).then_some(()))
        })
        .await
        .unwrap();
    }
    let events = second.metric("weir_metrics_events_total", "").await.unwrap();
    assert!(events < 1.0, "what is read back is not counted again: {events}");

    sender
        .post_until_accepted(&message(ACCOUNT, CUSTOMER, asked + 30_000, "answer").unwrap(), PATIENCE)
        .await
        .unwrap();
    has(&second, "weir_metrics_response_seconds_sum", "", is(30.0)).await.unwrap();
    has(&second, "weir_metrics_response_seconds_count", "", is(1.0)).await.unwrap();
    // The same delivery once more, as Meta does.
    sender
        .post_until_accepted(&message(ACCOUNT, CUSTOMER, asked + 30_000, "answer").unwrap(), PATIENCE)
        .await
        .unwrap();
    has(&second, "weir_metrics_duplicates_total", "message.echo", is(1.0)).await.unwrap();
}

fn is(expected: f64) -> impl Fn(f64) -> bool {
    move |value| (value - expected).abs() < 1e-6
}

async fn has(service: &Service, metric: &str, label: &str, fits: impl Fn(f64) -> bool) -> Result<()> {
    let what = format!("{metric} of {label:?}");
    until(&what, PATIENCE, async || Ok(fits(service.metric(metric, label).await?).then_some(()))).await
}

fn now() -> u64 {
    Millis::of(SystemTime::now()).as_millis()
}

fn story(reach: u64) -> Result<Vec<u8>> {
    Ok(serde_json::to_vec(&json!({"object": "instagram", "entry": [{"id": ACCOUNT, "time": now() / 1_000,
        "changes": [{"field": "story_insights", "value": {"media_id": "17887498072083520", "impressions": 90,
            "reach": reach, "taps_forward": 7, "taps_back": 6, "exits": 5, "replies": -1}}]}]}))?)
}

fn message(sender: &str, recipient: &str, at: u64, mid: &str) -> Result<Vec<u8>> {
    let is_echo = sender == ACCOUNT;
    Ok(serde_json::to_vec(
        &json!({"object": "instagram", "entry": [{"id": ACCOUNT, "time": at, "messaging": [{
        "sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": at,
        "message": {"mid": mid, "text": "Hello", "is_echo": is_echo}}]}]}),
    )?)
}
