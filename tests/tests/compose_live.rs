//! The pipeline comes up from nothing as `docker-compose.yml` says: its commands, variables, Kafka and Prometheus, on loopback.

#![cfg(feature = "everything")]

use serde_json::json;
use weir_tests::composed::{Composed, UP_WITHIN};
use weir_tests::manual::{OPTIONAL, PAGE_COMMENTS, SERVICES};
use weir_tests::until::until;

/// Nothing in it is looked up, for which an access token of Meta would be needed, and nothing leads anywhere.
const DELIVERY: &[u8] = include_bytes!("../../schemas/fixtures/batch/conversation.json");

#[tokio::test]
async fn everything_comes_up_from_nothing_takes_a_delivery_and_no_alert_fires() {
    let mut composed = Composed::prepare().await.unwrap();
    let all = [&SERVICES[..], &OPTIONAL, &[PAGE_COMMENTS]].concat();
    composed.up(&all, &[]).await.unwrap();

    composed.sender().unwrap().post_until_accepted(DELIVERY, UP_WITHIN).await.unwrap();
    let prometheus = composed.prometheus(tempfile::tempdir().unwrap()).await.unwrap();
    let up = "count(up{job=~\"weir-.+\"} == 1)";
    until("every target to be up", UP_WITHIN, async || {
        let series = prometheus.query(up).await?;
        Ok((series.first().map(|one| &one["value"][1]) == Some(&json!(all.len().to_string()))).then_some(()))
    })
    .await
    .unwrap();
    prometheus.until_none_is_down(UP_WITHIN).await.unwrap();
    assert_eq!(prometheus.firing().await.unwrap(), [""; 0]);
}
