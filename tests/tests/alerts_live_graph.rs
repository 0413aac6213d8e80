//! What goes wrong between the real lookups and the Graph API is seen by a real Prometheus.

use std::time::Duration;

use anyhow::Result;
use weir_tests::pipeline::Ground;
use weir_tests::prometheus::{Patience, Prometheus};
use weir_tests::until::until;

const WITHIN: Duration = Duration::from_mins(1);
const COMMENT: &[u8] = include_bytes!("../../schemas/fixtures/batch/messages-and-a-comment.json");
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
    let (_ingest, sender) = ground.ingest(&[]).await.unwrap();
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
