//! A broker of three is away: `weir doctor` names what takes no records, and `weir tail` what it cannot read.

#![cfg(feature = "everything")]

use std::time::Duration;

use serde_json::Value;
use weir_tests::kafka::Cluster;
use weir_tests::process::Binary;
use weir_tests::until::until;

const PATIENCE: Duration = Duration::from_mins(2);

async fn weir(args: &[&str]) -> Binary {
    let mut tool = Binary::start("weir", args, &[]).unwrap();
    tool.wait(PATIENCE).await.unwrap();
    tool
}

/// Each partition has one replica, so that some are gone with the broker.
#[tokio::test]
async fn partitions_whose_broker_is_away_are_named_until_it_is_back() {
    let mut cluster = Cluster::start().await.unwrap();
    let brokers = cluster.bootstrap();
    let of_kafka = ["--brokers", &brokers, "--replication-factor", "1"];
    let apply = weir(&[&["topics", "apply"][..], &of_kafka].concat()).await;
    assert!(apply.stderr().unwrap().is_empty(), "{}", apply.stderr().unwrap());
    let partitions = async || {
        let doctor = weir(&[&["doctor", "--json"][..], &of_kafka].concat()).await;
        let report: Value = serde_json::from_str(&doctor.stdout()?)?;
        let checks = report["checks"].as_array().cloned().unwrap_or_default();
        let of = |name: &str| checks.iter().find(|check| check["check"] == name).cloned().unwrap_or_default();
        Ok::<_, anyhow::Error>([of("partitions"), of("consumers")])
    };
    let [well, _] = partitions().await.unwrap();
    assert_eq!(well["verdict"], "pass", "{well}");
    let tail = Binary::start("weir", &["tail", "--brokers", &brokers], &[]).unwrap();
    let says = async |part: &str| {
        until(part, PATIENCE, async || Ok(tail.stdout()?.contains(part).then_some(()))).await.unwrap();
    };
    says("Records from now on").await;

    cluster.node(2).kill().unwrap();
    let ill = until("partitions without a leader", PATIENCE, async || {
        let [ill, consumers] = partitions().await?;
        Ok((ill["verdict"] == "fail").then_some((ill, consumers)))
    });
    let (ill, consumers) = ill.await.unwrap();
    assert!(ill["found"].as_str().unwrap().contains("without a leader"), "{ill}");
    assert!(consumers["found"].as_str().unwrap().contains("has no leader"), "{consumers}");
    says("partitions have no leader").await;
    cluster.start_again(&[2]).await.unwrap();
    says("Everything can be read again").await;
}
