//! What becomes of the partitions when members come and go.

use std::collections::HashSet;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::cluster::{Cluster, DEADLINE, eventually, numbered};
use crate::handler::{Running, echo, options, start};

fn assigned(running: &Running) -> i64 {
    running.metric("weir_consumer_assigned_partitions")
}

/// 50 values of each of eight keys, all of them different.
fn records(what: &str) -> Vec<(String, String)> {
    let keys = ["a", "b", "c", "d", "e", "f", "g", "h"].into_iter().cycle();
    let record = |(key, number): (&str, String)| (key.to_owned(), format!("{what} {key} {number}"));
    keys.zip(numbered(400)).map(record).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_member_takes_its_share_and_nothing_is_skipped() {
    let cluster = Cluster::with_topics(&[("in", 4), ("out", 1), ("dlq", 1)]);
    let handle = async |record: runtime::consumer::Record| Ok(vec![echo(&record)]);
    let first = start(cluster.kafka(), options(), handle);
    eventually("the first member's assignment", || assigned(&first) == 4).await;
    cluster.fill_all("in", records("before")).await;
    let second = start(cluster.kafka(), options(), handle);
    eventually("a share for both", || assigned(&first) == 2 && assigned(&second) == 2).await;
    cluster.fill_all("in", records("after")).await;
    eventually("every record", || {
        let seen: HashSet<String> = first.values().into_iter().chain(second.values()).collect();
        seen.len() == 800
    })
    .await;
    assert!(!second.values().is_empty());
    // What was in work at the handover is done again where its commit came too late; nothing that came after it is.
    let after = first.values().into_iter().chain(second.values()).filter(|value| value.starts_with("after"));
    assert_eq!(after.count(), 400);
    let (first, second) = tokio::join!(first.end(), second.end());
    first.unwrap();
    second.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_the_coordinator_refuses_says_what_to_change_until_it_is_taken() {
    const REFUSED: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT;
    let cluster = Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)]);
    cluster.mock.request_errors(RDKafkaApiKey::JoinGroup, &[REFUSED; 1_000]);
    let running = start(cluster.kafka(), options(), async |_| Ok(Vec::new()));
    eventually("what to change", || {
        let said = running.readiness();
        said.contains("[!]group: this process has no partition") && said.contains("session.timeout.ms")
    })
    .await;
    cluster.mock.clear_request_errors(RDKafkaApiKey::JoinGroup);
    eventually("its partition", || running.readiness().contains("[+]group ok")).await;
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_does_not_answer_is_told_though_brokers_do() {
    const AWAY: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE;
    let cluster = Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)]);
    cluster.mock.request_errors(RDKafkaApiKey::FindCoordinator, &[AWAY; 1_000]);
    let running = start(cluster.kafka(), options(), async |_| Ok(Vec::new()));
    eventually("that it is away", || {
        running.readiness().contains("[!]brokers: the coordinator of its group does not answer")
    })
    .await;
    cluster.mock.clear_request_errors(RDKafkaApiKey::FindCoordinator);
    eventually("that it is there", || running.readiness().contains("[+]brokers ok")).await;
    assert_eq!(running.metric("weir_consumer_rebuilt_total"), 0);
    running.end().await.unwrap();
}

/// How many records were deleted before they were read, and how often a partition was read again.
fn missed_and_reread(running: &Running) -> (i64, i64) {
    let names = ["weir_consumer_missed_records_total", "weir_consumer_reread_partitions_total"];
    names.map(|name| running.metric(name)).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_were_deleted_while_no_member_was_there_are_counted() {
    let cluster = Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)]);
    let handle = async |_| Ok(Vec::new());
    cluster.fill("in", "a", numbered(10)).await;
    let first = start(cluster.kafka(), options(), handle);
    cluster.wait_for_committed("weir-test", "in", 10).await;
    assert_eq!(missed_and_reread(&first), (0, 0), "a group without an offset has missed nothing");
    first.end().await.unwrap();
    // A partition of the mock cluster keeps 5 MiB.
    for number in numbered(8) {
        cluster.fill("in", "a", [number.repeat(200_000)]).await;
    }
    let second = start(cluster.kafka(), options(), handle);
    cluster.wait_for_committed("weir-test", "in", 18).await;
    eventually("what was deleted", || missed_and_reread(&second) != (0, 0)).await;
    let read = i64::try_from(second.values().len()).unwrap();
    assert!(read < 8, "nothing was deleted");
    assert_eq!(missed_and_reread(&second), (8 - read, 0));
    second.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_the_partition_next_counts_no_loss_again_though_nothing_behind_it_is_done() {
    let cluster = Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)]);
    cluster.fill("in", "a", numbered(10)).await;
    let first = start(cluster.kafka(), options(), async |_| Ok(Vec::new()));
    cluster.wait_for_committed("weir-test", "in", 10).await;
    first.end().await.unwrap();
    for number in numbered(8) {
        cluster.fill("in", "a", [number.repeat(200_000)]).await;
    }
    let mut options_of_second = options();
    options_of_second.bounds.finish_timeout = Duration::ZERO;
    let second = start(cluster.kafka(), options_of_second, |_| std::future::pending());
    eventually("what was deleted", || missed_and_reread(&second) != (0, 0)).await;
    let (missed, _) = missed_and_reread(&second);
    cluster.wait_for_committed("weir-test", "in", 10 + missed).await;
    second.end().await.unwrap();
    let third = start(cluster.kafka(), options(), async |_| Ok(Vec::new()));
    cluster.wait_for_committed("weir-test", "in", 18).await;
    assert_eq!(missed_and_reread(&third), (0, 0));
    third.end().await.unwrap();
}

/// Has the group go on at this offset of partition 0.
fn set_committed(brokers: &str, topic: &str, offset: i64) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("group.id", "weir-test");
    let consumer: BaseConsumer = config.create().expect("a consumer");
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Offset(offset)).expect("an offset");
    consumer.fetch_metadata(Some(topic), DEADLINE).expect("metadata");
    consumer.commit(&list, CommitMode::Sync).expect("a commit");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_empty_log_that_ends_before_the_offset_of_the_group_nothing_is_read_again() {
    let cluster = Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)]);
    let brokers = cluster.mock.bootstrap_servers();
    tokio::task::spawn_blocking(move || set_committed(&brokers, "in", 99)).await.unwrap();
    let running = start(cluster.kafka(), options(), async |_| Ok(Vec::new()));
    cluster.wait_for_committed("weir-test", "in", 0).await;
    assert_eq!(missed_and_reread(&running), (0, 0));
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_ends_before_the_offset_of_the_group_is_read_again_and_that_is_counted() {
    let cluster = Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)]);
    cluster.fill("in", "a", numbered(10)).await;
    let brokers = cluster.mock.bootstrap_servers();
    tokio::task::spawn_blocking(move || set_committed(&brokers, "in", 99)).await.unwrap();
    let running = start(cluster.kafka(), options(), async |_| Ok(Vec::new()));
    running.wait_for_calls(10).await;
    eventually("that it is counted", || missed_and_reread(&running) == (0, 1)).await;
    cluster.wait_for_committed("weir-test", "in", 10).await;
    running.end().await.unwrap();
}
