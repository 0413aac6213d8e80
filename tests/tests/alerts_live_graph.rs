//! What goes wrong between the real lookups and the Graph API is seen by a real Prometheus.

#![cfg(feature = "everything")]

use std::time::Duration;

use anyhow::Result;
use weir_graph_simulator::Behaviour;
use weir_tests::pipeline::Ground;
use weir_tests::prometheus::{Patience, Prometheus};
use weir_tests::until::until;

const WITHIN: Duration = Duration::from_mins(3);
const COMMENT: &[u8] = include_bytes!("../../schemas/fixtures/batch/messages-and-a-comment.json");
/// The id of its comment.
const ID: &str = "17958374652019302";
const OTHER_COMMENT: &[u8] = include_bytes!("../../schemas/fixtures/comment/on-reel.json");

async fn fires(prometheus: &Prometheus, alert: &str) -> Result<()> {
    let what = format!("{alert} to fire");
    let seen = until(&what, WITHIN, async || {
        Ok(prometheus.firing().await?.iter().any(|firing| firing == alert).then_some(()))
    });
    seen.await
}

#[tokio::test]
async fn a_quota_that_is_nearly_used_up_and_a_token_that_is_refused_are_seen() {
    let ground = Ground::prepare().await.unwrap();
    let (_ingest, sender) = ground.spooling_ingest(&[]).await.unwrap();
    let lookups = ground.consumer("weir-lookups").await.unwrap();
    let jobs = [("weir-lookups", lookups.admin.trim_start_matches("http://"))];
    let prometheus = Prometheus::start(&jobs, Patience::Short).await.unwrap();

    ground.graph.say_usage("X-App-Usage", r#"{"call_count":81,"total_time":2,"total_cputime":3}"#);
    assert_eq!(sender.post(COMMENT).await.unwrap().status, 200);
    fires(&prometheus, "WeirGraphQuota").await.unwrap();

    ground.graph.say_no_usage();
    ground.graph.refuse_token("a-valid-access-token");
    assert_eq!(sender.post(OTHER_COMMENT).await.unwrap().status, 200);
    fires(&prometheus, "WeirGraphTokenRefused").await.unwrap();
}

#[tokio::test]
async fn a_consumer_that_falls_behind_is_seen_and_catches_up() {
    let ground = Ground::prepare().await.unwrap();
    let (_ingest, sender) = ground.spooling_ingest(&[]).await.unwrap();
    let lookups = ground.consumer("weir-lookups").await.unwrap();
    let jobs = [("weir-lookups", lookups.admin.trim_start_matches("http://"))];
    let prometheus = Prometheus::start(&jobs, Patience::Short).await.unwrap();
    assert_eq!(sender.post(COMMENT).await.unwrap().status, 200);
    until("the comment to be looked up", WITHIN, async || {
        Ok((lookups.metric("weir_consumer_records_total", "comments").await? >= 1.0).then_some(()))
    })
    .await
    .unwrap();

    ground.graph.misbehave(ID, Behaviour::Hang);
    ground.graph.misbehave_batches(Behaviour::Hang);
    assert_eq!(sender.post(COMMENT).await.unwrap().status, 200);
    fires(&prometheus, "WeirConsumerLag").await.unwrap();

    ground.graph.behave(ID);
    ground.graph.behave_about_batches();
    until("the alert to clear", WITHIN, async || {
        Ok((!prometheus.firing().await?.iter().any(|alert| alert == "WeirConsumerLag")).then_some(()))
    })
    .await
    .unwrap();
}
