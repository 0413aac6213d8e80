//! Topics that are deleted and made again while processes run: ingest finds their new leaders, whatever it knew of the old ones, and
//! consumers read what is there.

#![cfg(feature = "everything")]

use std::time::Duration;

use schemas::Topic;
use weir_tests::kafka::{Cluster, Kafka};
use weir_tests::oracle::Oracle;
use weir_tests::pipeline::{APP_SECRET, PREFIX};
use weir_tests::process::Binary;
use weir_tests::signed::Sender;
use weir_tests::until::until;
use weir_tests::{http, ports, reader, topics};

const PATIENCE: Duration = Duration::from_mins(3);
/// So many that each partition of the raw topic is given some.
const DELIVERIES: usize = 60;

/// The sum of a metric of ingest, over its labels.
async fn metric(admin: &str, name: &str) -> anyhow::Result<f64> {
    let (_, text) = http::get(&format!("http://{admin}/metrics")).await?;
    let samples = text.lines().filter_map(|line| line.strip_prefix(name)?.rsplit_once(' '));
    Ok(samples.filter_map(|(_, value)| value.parse::<f64>().ok()).sum())
}

/// Waits until nothing is in the spool of ingest.
async fn drained(admin: &str) -> anyhow::Result<()> {
    until("an empty spool", PATIENCE, async || {
        Ok(metric(admin, "weir_spool_deliveries").await.is_ok_and(|waiting| waiting < 1.0).then_some(()))
    })
    .await
}

/// The epochs of a topic that is made again begin at 0: to a client that knows of later ones its leaders are those of the past. It keeps
/// to what it knows where it does not believe yet that the topic was gone (`topic.metadata.propagation.max.ms`, 30 s), so ingest has just started.
#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_made_again_after_its_leaders_moved_is_written_to() {
    let mut cluster = Cluster::start().await.unwrap();
    let brokers = cluster.bootstrap();
    topics::apply(&brokers, PREFIX, &[]).await.unwrap();
    for node in 0..2 {
        cluster.node(node).kill().unwrap();
        let led = until("a leader of every partition", PATIENCE, async || {
            Ok(reader::read(&brokers, &Topic::Raw.name(PREFIX)).await.ok().map(drop))
        });
        led.await.unwrap();
        cluster.start_again(&[node]).await.unwrap();
    }
    let [listen, admin] = ports::free().unwrap().map(|port: u16| format!("127.0.0.1:{port}"));
    let spool = tempfile::tempdir().unwrap();
    let own = ["--listen", &listen, "--admin-listen", &admin, "--spool-dir", spool.path().to_str().unwrap()];
    let args =
        [&["--brokers", &brokers, "--topic-prefix", PREFIX, "--drain-delay", "0ms"], &own[..]].concat();
    let mut ingest = Binary::start("weir-ingest", &args, &[("WEIR_APP_SECRET", APP_SECRET)]).unwrap();
    ingest.ready(&format!("http://{admin}/readyz"), PATIENCE).await.unwrap();
    let sender = Sender::new(&format!("http://{listen}/webhook"), APP_SECRET.as_bytes()).unwrap();
    let oracle = Oracle::new();
    let post = async || {
        for _ in 0..DELIVERIES {
            oracle.post(&sender).await;
        }
    };
    post().await;
    drained(&admin).await.unwrap();

    for topic in [Topic::Raw, Topic::Messages] {
        topics::delete(&brokers, &topic.name(PREFIX)).await.unwrap();
        topics::make_again(&brokers, PREFIX, topic, DELIVERIES).await.unwrap();
    }
    let before = oracle.acknowledged();
    post().await;
    assert_eq!(oracle.acknowledged(), before + DELIVERIES, "the spool takes what Kafka does not");
    drained(&admin).await.unwrap();
    let records = reader::read(&brokers, &Topic::Raw.name(PREFIX)).await.unwrap();
    assert!(records.len() >= DELIVERIES, "{}", records.len());
}

/// A client goes on to fetch by the id of the topic that is no more, and is told nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_reads_a_topic_however_often_it_is_made_again() {
    let cluster = Cluster::start().await.unwrap();
    let brokers = cluster.bootstrap();
    topics::apply(&brokers, PREFIX, &[]).await.unwrap();
    let [listen, admin, of_metrics] = ports::free().unwrap().map(|port: u16| format!("127.0.0.1:{port}"));
    let spool = tempfile::tempdir().unwrap();
    let own = ["--listen", &listen, "--admin-listen", &admin, "--spool-dir", spool.path().to_str().unwrap()];
    let kafka = ["--brokers", &brokers, "--topic-prefix", PREFIX];
    let args = [&kafka[..], &["--drain-delay", "0ms"], &own[..]].concat();
    let mut ingest = Binary::start("weir-ingest", &args, &[("WEIR_APP_SECRET", APP_SECRET)]).unwrap();
    ingest.ready(&format!("http://{admin}/readyz"), PATIENCE).await.unwrap();
    let args = [&kafka[..], &["--admin-listen", &of_metrics, "--stall-timeout", "10s"]].concat();
    let mut metrics = Binary::start("weir-metrics", &args, &[]).unwrap();
    metrics.ready(&format!("http://{of_metrics}/readyz"), PATIENCE).await.unwrap();
    let sender = Sender::new(&format!("http://{listen}/webhook"), APP_SECRET.as_bytes()).unwrap();
    let (oracle, topic) = (Oracle::new(), Topic::Messages.name(PREFIX));
    let of_topic = async |name: &str| metric(&of_metrics, &format!("{name}{{topic=\"{topic}\"}}")).await;
    let posted_are_read = async || {
        let before = of_topic("weir_consumer_records_total").await.unwrap();
        for _ in 0..DELIVERIES {
            oracle.post(&sender).await;
        }
        until("that what came is read", PATIENCE, async || {
            let is_read = of_topic("weir_consumer_records_total").await? > before
                && of_topic("weir_consumer_lag_records").await? < 1.0;
            Ok(is_read.then_some(()))
        })
        .await
        .unwrap();
    };
    posted_are_read().await;
    for _ in 0..2 {
        drained(&admin).await.unwrap();
        topics::delete(&brokers, &topic).await.unwrap();
        topics::make_again(&brokers, PREFIX, Topic::Messages, DELIVERIES).await.unwrap();
        posted_are_read().await;
        assert!(metrics.is_running().unwrap());
    }
}

/// A group that forms before the topics are there shares out nothing, and its leader may never hear of them.
#[tokio::test(flavor = "multi_thread")]
async fn consumers_of_a_kafka_that_came_back_empty_read_topics_that_are_made_later() {
    let mut kafka = Kafka::start().await.unwrap();
    let bootstrap = kafka.bootstrap().to_owned();
    topics::apply(&bootstrap, PREFIX, &[]).await.unwrap();
    let [admin] = ports::free().unwrap().map(|port: u16| format!("127.0.0.1:{port}"));
    let args = ["--brokers", &bootstrap, "--topic-prefix", PREFIX, "--admin-listen", &admin];
    let mut messages = Binary::start("weir-messages", &args, &[]).unwrap();
    let has_partitions = async || {
        until("partitions", PATIENCE, async || {
            let assigned = metric(&admin, "weir_consumer_assigned_partitions").await;
            Ok(assigned.is_ok_and(|assigned| assigned > 0.0).then_some(()))
        })
        .await
    };
    has_partitions().await.unwrap();
    kafka.kill().unwrap();
    kafka.empty().await.unwrap();
    kafka.start_again().await.unwrap();
    let are_gone = |line: &str| line.contains("topics are gone");
    messages.line("that the topics are gone", PATIENCE, are_gone).await.unwrap();
    topics::apply(&bootstrap, PREFIX, &[]).await.unwrap();
    has_partitions().await.unwrap();
}
