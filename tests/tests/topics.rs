//! `weir topics plan` and `apply` on a real cluster.

#![cfg(feature = "everything")]

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use schemas::Topic;
use weir_tests::kafka::Kafka;
use weir_tests::pipeline::PATIENCE;
use weir_tests::process::Binary;
use weir_tests::topics;
use weir_tests::until::until;

/// Runs `weir topics …`; its exit code and what it printed.
async fn run(kafka: &Kafka, args: &[&str]) -> Result<(Option<i32>, String)> {
    let args = [&["topics"], args, &["--brokers", kafka.bootstrap()]].concat();
    let mut tool = Binary::start("weir", &args, &[])?;
    let code = tool.wait(PATIENCE).await?.code();
    Ok((code, tool.stdout()? + &tool.stderr()?))
}

/// Waits until the plan is empty: the broker knows of what was made or changed a moment later.
async fn nothing_to_do(kafka: &Kafka) -> Result<()> {
    until("the plan to have nothing to do", PATIENCE, async || {
        Ok((run(kafka, &["plan"]).await?.0 == Some(0)).then_some(()))
    })
    .await
}

fn admin(kafka: &Kafka) -> Result<AdminClient<DefaultClientContext>> {
    Ok(ClientConfig::new().set("bootstrap.servers", kafka.bootstrap()).create()?)
}

async fn config_of(kafka: &Kafka, topic: &str) -> Result<BTreeMap<String, String>> {
    let described =
        admin(kafka)?.describe_configs([&ResourceSpecifier::Topic(topic)], &AdminOptions::new()).await?;
    let config = described.into_iter().next().context("no answer")??;
    Ok(config.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect())
}

#[tokio::test]
async fn plan_shows_what_is_missing_apply_makes_it_and_a_second_apply_has_nothing_to_do() {
    let kafka = Kafka::start().await.unwrap();
    let (code, said) = run(&kafka, &["plan"]).await.unwrap();
    assert_eq!(code, Some(3), "{said}");
    for topic in Topic::ALL {
        assert!(said.contains(&topic.name("meta")), "{said}");
    }
    let (code, said) = run(&kafka, &["apply"]).await.unwrap();
    assert_eq!(code, Some(0), "{said}");
    nothing_to_do(&kafka).await.unwrap();
    let (code, said) = run(&kafka, &["apply"]).await.unwrap();
    assert_eq!(code, Some(0), "{said}");

    let raw = config_of(&kafka, "meta.webhooks.raw.v1").await.unwrap();
    assert_eq!(raw["retention.ms"], (30_u64 * 24 * 60 * 60 * 1000).to_string());
    assert_eq!(raw["max.message.bytes"], (5 * 1024 * 1024).to_string());
    assert_eq!(raw["cleanup.policy"], "delete");
    let receipts = config_of(&kafka, "meta.receipts.v1").await.unwrap();
    assert_eq!(receipts["retention.ms"], (2_u64 * 24 * 60 * 60 * 1000).to_string());
}

#[tokio::test]
async fn a_topic_that_differs_is_drift_and_apply_mends_its_settings_and_leaves_the_rest() {
    let kafka = Kafka::start().await.unwrap();
    assert_eq!(run(&kafka, &["apply"]).await.unwrap().0, Some(0));
    let drifted = AlterConfig::new(ResourceSpecifier::Topic("meta.inbox.v1"))
        .set("retention.ms", "1000")
        .set("segment.ms", "777777");
    admin(&kafka).unwrap().alter_configs([&drifted], &AdminOptions::new()).await.unwrap();
    until("the broker to know of the change", PATIENCE, async || {
        let retention = config_of(&kafka, "meta.inbox.v1").await?.remove("retention.ms");
        Ok((retention.as_deref() == Some("1000")).then_some(()))
    })
    .await
    .unwrap();

    let (code, said) = run(&kafka, &["plan"]).await.unwrap();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("meta.inbox.v1") && said.contains("retention.ms"), "{said}");
    assert_eq!(run(&kafka, &["apply"]).await.unwrap().0, Some(0));
    nothing_to_do(&kafka).await.unwrap();
    let inbox = config_of(&kafka, "meta.inbox.v1").await.unwrap();
    assert_eq!(inbox["retention.ms"], (7_u64 * 24 * 60 * 60 * 1000).to_string());
    assert_eq!(inbox["segment.ms"], "777777");
}

#[tokio::test]
async fn a_wrong_count_of_partitions_is_drift_that_apply_does_not_touch() {
    let kafka = Kafka::start().await.unwrap();
    topics::create(kafka.bootstrap(), &["meta.inbox.v1"], 5).await.unwrap();
    assert_ne!(run(&kafka, &["apply"]).await.unwrap().0, Some(2));
    let (code, said) = run(&kafka, &["plan"]).await.unwrap();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("meta.inbox.v1") && said.contains("partitions"), "{said}");
}

#[tokio::test]
async fn a_broker_that_refuses_is_named() {
    let [port] = weir_tests::ports::free().unwrap();
    let broker = format!("127.0.0.1:{port}");
    let mut tool = Binary::start("weir", &["topics", "plan", "--brokers", &broker], &[]).unwrap();
    assert_eq!(tool.wait(PATIENCE).await.unwrap().code(), Some(1));
    assert!(tool.stderr().unwrap().contains(&broker));
}
