//! A broker that comes back under the same id at another address: consumers find the coordinator of their group there.

#![cfg(feature = "everything")]

use std::fs;
use std::time::Duration;

use anyhow::Result;
use schemas::Topic;
use weir_tests::kafka::Kafka;
use weir_tests::pipeline::{PREFIX, Service};
use weir_tests::process::Binary;
use weir_tests::writer::{self, Outgoing};
use weir_tests::{ports, topics};

const PATIENCE: Duration = Duration::from_mins(3);
const READ: &str = "weir_consumer_records_total";

/// Any record does: what cannot be read is counted, too.
async fn a_record_is_read(kafka: &Kafka, metrics: &Service, so_many: f64) -> Result<()> {
    let record = Outgoing { key: Some(b"1:2".to_vec()), value: Some(b"{}".to_vec()), headers: Vec::new() };
    writer::write(kafka.bootstrap(), &Topic::Messages.name(PREFIX), vec![record]).await?;
    metrics.until_metric(READ, "", PATIENCE, |read| read > so_many - 0.5).await
}

/// The broker is killed, and the client connects late: one that is told that there is no coordinator, as a broker says that ends or begins,
/// looks for it anew.
const LATE: &str = "reconnect.backoff.ms=5000\nreconnect.backoff.max.ms=5000\n";

#[tokio::test]
async fn a_coordinator_that_comes_back_at_another_address_is_found() {
    let mut kafka = Kafka::start().await.unwrap();
    topics::apply(kafka.bootstrap(), PREFIX, &[]).await.unwrap();
    let [later, admin] = ports::free().unwrap();
    let brokers = format!("{},127.0.0.1:{later}", kafka.bootstrap());
    let admin = format!("127.0.0.1:{admin}");
    let folder = tempfile::tempdir().unwrap();
    let properties = folder.path().join("client.properties");
    fs::write(&properties, LATE).unwrap();
    let own = ["--admin-listen", &admin, "--kafka-config", properties.to_str().unwrap()];
    let args = [&["--brokers", &brokers, "--topic-prefix", PREFIX], &own[..]].concat();
    let process = Binary::start("weir-metrics", &args, &[]).unwrap();
    let mut metrics = Service { process, admin: format!("http://{admin}") };
    metrics.ready().await.unwrap();
    a_record_is_read(&kafka, &metrics, 1.0).await.unwrap();

    kafka.kill().unwrap();
    kafka.move_to(later).unwrap();
    kafka.start_again().await.unwrap();
    a_record_is_read(&kafka, &metrics, 2.0).await.unwrap();
    assert!(metrics.process.is_running().unwrap());
}
