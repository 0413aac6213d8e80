//! A broker of three is away: `weir doctor` names what takes no records.

#![cfg(feature = "everything")]

use std::time::Duration;

use anyhow::Result;
use serde_json::Value;
use weir_tests::kafka::Cluster;
use weir_tests::process::Binary;
use weir_tests::until::until;

const PATIENCE: Duration = Duration::from_mins(2);

async fn weir(args: &[&str]) -> Result<Binary> {
    let mut tool = Binary::start("weir", args, &[])?;
    tool.wait(PATIENCE).await?;
    Ok(tool)
}

/// Each partition has one replica, so that some are gone with the broker; of the two that are asked for one is missing from the start.
#[tokio::test]
async fn partitions_whose_broker_is_away_are_named_until_it_is_back() {
    let mut cluster = Cluster::start().await.unwrap();
    let brokers = cluster.bootstrap();
    let of_kafka = ["--brokers", &brokers, "--replication-factor", "1"];
    let apply = weir(&[&["topics", "apply"][..], &of_kafka].concat()).await.unwrap();
    assert!(apply.stderr().unwrap().is_empty(), "{}", apply.stderr().unwrap());
    let partitions = async || {
        let doctor = weir(&[&["doctor", "--json"][..], &of_kafka].concat()).await?;
        let report: Value = serde_json::from_str(&doctor.stdout()?)?;
        let checks = report["checks"].as_array().cloned().unwrap_or_default();
        let of = |name: &str| checks.iter().find(|check| check["check"] == name).cloned().unwrap_or_default();
        Ok::<_, anyhow::Error>([of("partitions"), of("consumers")])
    };
    let found = |check: &Value| check["found"].as_str().unwrap_or_default().to_owned();
    // Each broker learns of new topics by itself.
    let led = until("a leader of every new partition", PATIENCE, async || {
        let [few, _] = partitions().await?;
        let is_few = found(&few).contains("with fewer replicas in sync than min.insync.replicas (2)");
        Ok((is_few && !found(&few).contains("without a leader")).then_some(()))
    });
    led.await.unwrap();

    cluster.node(2).kill().unwrap();
    let ill = until("partitions without a leader", PATIENCE, async || {
        let [ill, consumers] = partitions().await?;
        Ok(found(&ill).contains("without a leader").then_some(consumers))
    });
    let consumers = ill.await.unwrap();
    assert!(found(&consumers).contains("has no leader"), "{consumers}");
    cluster.start_again(&[2]).await.unwrap();
    let back = until("a leader of every partition", PATIENCE, async || {
        let [partitions, _] = partitions().await?;
        Ok((!found(&partitions).contains("without a leader")).then_some(()))
    });
    back.await.unwrap();
}
