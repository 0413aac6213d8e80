//! A client certificate ends, is renewed in its place, and every process is back without a restart.

#![cfg(feature = "everything")]

use std::time::{Duration, SystemTime};

use anyhow::Result;
use schemas::Topic;
use serde_json::json;
use weir_graph_simulator::Simulator;
use weir_tests::mounted::Mounted;
use weir_tests::mutual::Mutual;
use weir_tests::pipeline::Service;
use weir_tests::process::Binary;
use weir_tests::signed::Sender;
use weir_tests::until::until;
use weir_tests::writer::{self, Outgoing};
use weir_tests::{ports, reader, topics};

const PATIENCE: Duration = Duration::from_mins(4);
/// Long enough for three processes to start on a busy machine.
const LIFE: Duration = Duration::from_secs(90);
const DELIVERY: &[u8] = include_bytes!("../../schemas/fixtures/batch/messages-and-a-comment.json");
const SECRET: &str = "test_app_secret";
const EXPIRY: &str = "weir_kafka_certificate_expiry_timestamp_seconds";

async fn start(name: &str, mutual: &Mutual, args: &[&str]) -> Result<Service> {
    let ([port], properties) = (ports::free()?, mutual.properties()?);
    let admin = format!("127.0.0.1:{port}");
    let common = ["--brokers", mutual.bootstrap(), "--kafka-config", &properties, "--admin-listen", &admin];
    let process = Binary::start(name, &[&common, args].concat(), &[("WEIR_APP_SECRET", SECRET)])?;
    let mut service = Service { process, admin: format!("http://{admin}") };
    service.ready().await?;
    Ok(service)
}

/// Waits until each process says of a metric what is expected.
async fn all(processes: &[&Service], metric: &str, what: &str, fits: impl Fn(f64) -> bool) -> Result<()> {
    for process in processes {
        let seen = async || Ok(fits(process.metric(metric, "").await?).then_some(()));
        until(&format!("{what} of {}", process.admin), PATIENCE, seen).await?;
    }
    Ok(())
}

/// Waits until a process shows when the certificate ends that was issued last.
async fn shows_the_end(process: &Service, end: u32) -> Result<()> {
    let is_it = |at: f64| (at - f64::from(end)).abs() < 2.0;
    process.until_metric(EXPIRY, "client", PATIENCE, is_it).await
}

/// Its intent is written and read back by clients of their own.
async fn a_command_is_done(mutual: &Mutual, id: &str) -> Result<()> {
    let (account, to) = ("17841405726653026", "12345678901234567");
    let command = json!({"id": id, "account": account, "action": "message", "to": to, "text": "Hello"});
    let (key, value) = (format!("{account}:{to}").into_bytes(), command.to_string().into_bytes());
    let command = Outgoing { key: Some(key), value: Some(value), headers: Vec::new() };
    writer::write(mutual.kafka.bootstrap(), &Topic::Replies.name("meta"), vec![command]).await?;
    let is_done = |record: &reader::Record| {
        record.header("weir_command").as_deref() == Some(id)
            && record.header("weir_status").as_deref() == Some("done")
    };
    let results = Topic::RepliesResults.name("meta");
    reader::read_until(mutual.kafka.bootstrap(), &results, "the result", PATIENCE, |all| {
        all.iter().any(is_done)
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn a_renewed_certificate_brings_every_client_back_without_a_restart() {
    let mut mutual = Mutual::start().await.unwrap();
    topics::apply(mutual.kafka.bootstrap(), "meta", &[]).await.unwrap();
    let end = mutual.issue(LIFE).unwrap();
    let [port] = ports::free().unwrap();
    let listen = format!("127.0.0.1:{port}");
    let ingest = start("weir-ingest", &mutual, &["--listen", &listen]).await.unwrap();
    let metrics = start("weir-metrics", &mutual, &[]).await.unwrap();
    let graph = Simulator::start().await.unwrap();
    let tokens = Mounted::new(&[("default", b"a-valid-access-token")]).unwrap();
    let (url, tokens) = (graph.url(), tokens.path().to_str().unwrap());
    let args = ["--graph-url", &url, "--access-tokens", tokens];
    let replies = start("weir-replies", &mutual, &args).await.unwrap();
    a_command_is_done(&mutual, "before").await.unwrap();
    let both = [&ingest, &metrics];
    all(&[&metrics], "weir_consumer_assigned_partitions", "partitions", |count| count > 0.0).await.unwrap();
    for process in both {
        shows_the_end(process, end).await.unwrap();
    }

    until("the end of the certificate", PATIENCE, async || {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        Ok((now.as_secs() > u64::from(end)).then_some(()))
    })
    .await
    .unwrap();
    mutual.kafka.stop().await.unwrap();
    mutual.kafka.start_again().await.unwrap();
    all(&both, "weir_kafka_brokers_up", "no broker", |brokers| brokers < 1.0).await.unwrap();

    let end = mutual.issue(Duration::from_hours(1)).unwrap();
    all(&both, "weir_kafka_brokers_up", "a broker", |brokers| brokers > 0.0).await.unwrap();
    all(&[&metrics], "weir_consumer_assigned_partitions", "partitions", |count| count > 0.0).await.unwrap();
    for process in both {
        shows_the_end(process, end).await.unwrap();
        let renewed = |times| times > 0.5;
        process.until_metric("weir_kafka_credentials_renewed_total", "", PATIENCE, renewed).await.unwrap();
    }
    a_command_is_done(&mutual, "after").await.unwrap();
    drop(replies);
    let sender = Sender::new(&format!("http://{listen}/webhook"), SECRET.as_bytes()).unwrap();
    sender.post_until_accepted(DELIVERY, PATIENCE).await.unwrap();
    let topic = Topic::Messages.name("meta");
    reader::read_until(mutual.kafka.bootstrap(), &topic, "the messages", PATIENCE, |all| !all.is_empty())
        .await
        .unwrap();
}
