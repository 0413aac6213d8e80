//! What becomes of a consumer when Kafka or the handler fails it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::mocking::{MockCluster, MockCoordinator};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use runtime::consumer::{ConsumerOptions, Failure, Output, Record};
use runtime::process::health::Probe;
use runtime::producer::ProducerOptions;
use tokio::sync::Semaphore;

use crate::cluster::{Cluster, Stored, eventually, numbered, quick};
use crate::handler::{Running, echo, options, start};

fn cluster() -> Cluster {
    Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)])
}

/// Two brokers, of which the second has this topic alone.
fn with_one_apart(apart: &str) -> Cluster {
    let cluster = Cluster { mock: MockCluster::new(2).expect("a mock cluster") };
    for topic in ["in", "out", "other", "dlq"] {
        cluster.mock.create_topic(topic, 1, 1).expect("a topic");
        let leader = if topic == apart { 2 } else { 1 };
        cluster.mock.partition_leader(topic, 0, Some(leader)).expect("a leader");
    }
    cluster.mock.coordinator(MockCoordinator::Group("weir-test".to_owned()), 1).expect("a coordinator");
    cluster
}

fn texts(stored: &[Stored]) -> Vec<String> {
    stored.iter().map(Stored::text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_topic_is_named_and_the_consumer_starts_once_it_is_there() {
    let cluster = Cluster::with_topics(&[("in", 1), ("out", 1)]);
    cluster.fill("in", "a", numbered(1)).await;
    let running = start(cluster.kafka(), options(), async |record| Ok(vec![echo(&record)]));
    let why = || running.process.health.report(Probe::Startup).verbose();
    eventually("the missing topic's name", || why().contains("list): dlq; make them with")).await;
    assert!(!running.is_started());
    cluster.mock.create_topic("dlq", 1, 1).unwrap();
    eventually("the start", || running.is_started()).await;
    assert_eq!(texts(&cluster.read("out", 1, 1).await), ["0000"]);
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_broker_is_named_and_a_shutdown_does_not_wait_for_it() {
    let running = start(quick("127.0.0.1:1"), options(), async |_| Ok(Vec::new()));
    let why = || running.process.health.report(Probe::Startup).verbose();
    eventually("the broker's name", || why().contains("127.0.0.1:1 answers")).await;
    assert!(!running.is_started());
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_tried_again_and_then_a_dead_letter_and_the_next_record_is_handled() {
    let cluster = cluster();
    cluster.fill("in", "a", numbered(5)).await;
    let panics_once = std::sync::atomic::AtomicBool::new(true);
    let running = start(cluster.kafka(), options(), move |record| {
        // One panic before there is a future, others within it.
        assert!(record.offset != 1 || !panics_once.swap(false, std::sync::atomic::Ordering::Relaxed), "once");
        async move {
            assert_ne!(record.offset, 3, "always");
            Ok(vec![echo(&record)])
        }
    });
    assert_eq!(texts(&cluster.read("out", 1, 4).await), ["0000", "0001", "0002", "0004"]);
    let dead = cluster.read("dlq", 1, 1).await.remove(0);
    assert_eq!(dead.text(), "0003");
    assert!(dead.headers.contains(&(String::from("weir_dlq_reason"), Some(b"panic".to_vec()))));
    assert!(dead.headers.contains(&(String::from("weir_dlq_attempts"), Some(b"3".to_vec()))));
    cluster.wait_for_committed("weir-test", "in", 5).await;
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn outputs_that_a_broker_refuses_for_a_while_arrive_in_order() {
    let cluster = cluster();
    cluster.fill("in", "a", numbered(50)).await;
    let producer =
        ProducerOptions { delivery_timeout: Duration::from_millis(300), ..ProducerOptions::default() };
    let options = ConsumerOptions { producer, ..options() };
    // Refused for good by the broker, as a lost permission is; the permission comes back.
    let refusals = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 3];
    cluster.mock.request_errors(RDKafkaApiKey::Produce, &refusals);
    let running = start(cluster.kafka(), options, async |record| Ok(vec![echo(&record)]));
    cluster.wait_for_committed("weir-test", "in", 50).await;
    assert!(running.metric("weir_consumer_failures_total") >= 1);
    // Some may be there twice, as those from a late one on are; what is there last of each is in order.
    let stored = texts(&cluster.read_all("out").await);
    let last = |value: &String| stored.iter().rposition(|stored| stored == value);
    let places: Option<Vec<usize>> = numbered(50).iter().map(last).collect();
    assert!(places.is_some_and(|places| places.is_sorted()), "{stored:?}");
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_a_broker_refuses_alone_is_too_large() {
    const TOO_LARGE: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    for (refusals, dead) in [(vec![TOO_LARGE], 0), (vec![TOO_LARGE; 2], 1)] {
        let cluster = cluster();
        cluster.fill("in", "a", numbered(20)).await;
        // The first request has a batch of all, the second one of them.
        cluster.mock.request_errors(RDKafkaApiKey::Produce, &refusals);
        let mut options = options();
        options.producer.linger = Duration::from_millis(500);
        let running = start(cluster.kafka(), options, async |record| Ok(vec![echo(&record)]));
        cluster.wait_for_committed("weir-test", "in", 20).await;
        assert_eq!(running.metric("weir_consumer_dead_letters_total"), dead);
        assert_eq!(texts(&cluster.read_all("out").await), numbered(20)[usize::from(dead == 1)..]);
        for dead in cluster.read_all("dlq").await {
            let is_named = |(name, value): &(String, Option<Vec<u8>>)| {
                name == "weir_dlq_error"
                    && value.as_ref().is_some_and(|why| why.ends_with(b": 5 bytes for out"))
            };
            assert!(dead.headers.iter().any(is_named), "{:?}", dead.headers);
        }
        running.end().await.unwrap();
    }
}

/// Has two records handled, the second once the outputs of the first are sent, and returns once both are done, the first as a dead letter.
async fn first_too_large(cluster: &Cluster, outputs: fn(&Record) -> Vec<Output>) -> Running {
    let turns = Arc::new(Semaphore::new(1));
    let turn = Arc::clone(&turns);
    let running = start(cluster.kafka(), options(), move |record| {
        let turn = Arc::clone(&turn);
        async move {
            turn.acquire().await.expect("open").forget();
            Ok(outputs(&record))
        }
    });
    running.wait_for_calls(2).await;
    let queued = Instant::now();
    // Not so long that it counts as late, before which nothing is sent.
    eventually("that the first is sent", || queued.elapsed() > Duration::from_millis(200)).await;
    turns.add_permits(1);
    cluster.wait_for_committed("weir-test", "in", 2).await;
    assert_eq!(running.metric("weir_consumer_dead_letters_total"), 1);
    running
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_behind_a_record_that_is_too_large_is_not_sent_again() {
    const TOO_LARGE: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    const TAKEN: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR;
    let cluster = cluster();
    cluster.fill("in", "a", numbered(2)).await;
    // The first request has the first record, the second the other one, the third the first without others.
    cluster.mock.request_errors(RDKafkaApiKey::Produce, &[TOO_LARGE, TAKEN, TOO_LARGE]);
    let running = first_too_large(&cluster, |record| vec![echo(record)]).await;
    assert_eq!(texts(&cluster.read_all("out").await), ["0001"]);
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_of_several_outputs_of_a_record_that_is_too_large_came_behind_is_sent_again() {
    const TOO_LARGE: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    const TAKEN: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR;
    let cluster = Cluster::with_topics(&[("in", 1), ("out", 1), ("other", 1), ("dlq", 1)]);
    cluster.fill("in", "a", numbered(2)).await;
    // Two requests for each record, one a topic: the first record, the other one, the first without others.
    let answers = [TOO_LARGE, TAKEN, TAKEN, TAKEN, TOO_LARGE, TAKEN];
    cluster.mock.request_errors(RDKafkaApiKey::Produce, &answers);
    let outputs = |record: &Record| vec![echo(record), Output { topic: "other".into(), ..echo(record) }];
    let running = first_too_large(&cluster, outputs).await;
    for topic in ["out", "other"] {
        let stored = texts(&cluster.read_all(topic).await);
        assert_eq!(stored.last().map(String::as_str), Some("0001"), "{topic}: {stored:?}");
    }
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn outputs_that_are_given_up_are_not_overtaken_by_younger_ones() {
    let cluster = cluster();
    cluster.fill("in", "a", numbered(2)).await;
    let producer = ProducerOptions { delivery_timeout: Duration::from_secs(4), ..ProducerOptions::default() };
    let options = ConsumerOptions { producer, ..options() };
    // As while too few replicas are in sync.
    let errors = vec![RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS; 10_000];
    cluster.mock.request_errors(RDKafkaApiKey::Produce, &errors);
    let running = start(cluster.kafka(), options, async |record| {
        if record.offset == 1 {
            // Its output is given up two seconds after that of the first.
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        Ok(vec![echo(&record)])
    });
    eventually("what is given up", || running.metric("weir_consumer_failures_total") >= 1).await;
    cluster.mock.clear_request_errors(RDKafkaApiKey::Produce);
    cluster.wait_for_committed("weir-test", "in", 2).await;
    assert_eq!(texts(&cluster.read_all("out").await), numbered(2));
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_must_stop_while_outputs_are_sent_again_leaves_none_out_of_order() {
    let cluster = with_one_apart("other");
    let options = ConsumerOptions { output_topics: vec!["out".to_owned(), "other".to_owned()], ..options() };
    let turns = Arc::new(Semaphore::new(0));
    let turn = Arc::clone(&turns);
    let running = start(cluster.kafka(), options, move |record| {
        let turn = Arc::clone(&turn);
        async move {
            turn.acquire().await.unwrap().forget();
            let topic = Arc::from(if record.offset == 0 { "out" } else { "other" });
            Ok(vec![Output { topic, ..echo(&record) }])
        }
    });
    eventually("the start", || running.is_started()).await;
    cluster.mock.broker_down(2).unwrap();
    cluster.fill("in", "a", numbered(4)).await;
    // The first is refused, those behind it wait for the other broker.
    cluster
        .mock
        .request_errors(RDKafkaApiKey::Produce, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_POLICY_VIOLATION]);
    turns.add_permits(3);
    running.wait_for_calls(4).await;
    let waits = Instant::now();
    eventually("that the first is late", || waits.elapsed() > Duration::from_secs(2)).await;
    turns.add_permits(1);
    eventually("what is sent again", || running.metric("weir_consumer_failures_total") == 1).await;
    let (ended, ()) = tokio::join!(running.end(), async { cluster.mock.broker_up(2).unwrap() });
    ended.unwrap();
    // Nothing is committed, or what is there last of each is in order.
    let committed = cluster.committed("weir-test", "in").await;
    let stored = texts(&cluster.read_all("other").await);
    let last = |value: &String| stored.iter().rposition(|stored| stored == value);
    let places: Vec<_> = numbered(4)[1..].iter().map(last).collect();
    assert!(committed.is_none() || places.is_sorted(), "{committed:?}: {stored:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_that_fails_for_good_does_not_end_the_consumer() {
    let cluster = cluster();
    cluster.fill("in", "a", numbered(20)).await;
    let fatal = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER; 3];
    cluster.mock.request_errors(RDKafkaApiKey::Produce, &fatal);
    let running = start(cluster.kafka(), options(), async |record| Ok(vec![echo(&record)]));
    eventually("failed records", || running.metric("weir_consumer_failures_total") >= 3).await;
    assert!(!running.is_ended());
    running.end().await.unwrap();
    // What is committed has its output.
    let committed = cluster.committed("weir-test", "in").await.unwrap_or(0);
    let stored: std::collections::HashSet<String> =
        texts(&cluster.read_all("out").await).into_iter().collect();
    assert!(numbered(usize::try_from(committed).unwrap()).iter().all(|value| stored.contains(value)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_that_cannot_be_delivered_holds_the_offset_until_it_can() {
    let cluster = cluster();
    cluster.fill("in", "a", numbered(2)).await;
    let refusals = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 3];
    cluster.mock.request_errors(RDKafkaApiKey::Produce, &refusals);
    let running = start(cluster.kafka(), options(), async |_| {
        Err(Failure::Reject { reason: "bad", error: String::from("bad") })
    });
    assert_eq!(texts(&cluster.read("dlq", 1, 2).await), numbered(2));
    cluster.wait_for_committed("weir-test", "in", 2).await;
    assert!(running.metric("weir_consumer_failures_total") >= 5);
    assert_eq!(running.metric("weir_consumer_dead_letters_total"), 2);
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_that_are_away_hold_back_no_record_before_them() {
    let cluster = with_one_apart("dlq");
    let mut options = options();
    options.bounds.finish_timeout = Duration::from_millis(100);
    let running = start(cluster.kafka(), options, async |record| match record.offset {
        0 => Ok(vec![echo(&record)]),
        _ => Err(Failure::Reject { reason: "bad", error: String::from("bad") }),
    });
    eventually("the start", || running.is_started()).await;
    cluster.mock.broker_down(2).unwrap();
    cluster.fill("in", "a", numbered(2)).await;
    cluster.wait_for_committed("weir-test", "in", 1).await;
    assert_eq!(running.metric("weir_consumer_dead_letters_total"), 0);
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_ends_in_bounded_time_while_the_broker_is_away() {
    let cluster = cluster();
    cluster.fill("in", "a", numbered(1)).await;
    let options = ConsumerOptions { close_timeout: Duration::from_secs(1), ..options() };
    let running = start(cluster.kafka(), options, async |record| Ok(vec![echo(&record)]));
    running.wait_for_calls(1).await;
    cluster.mock.broker_down(1).unwrap();
    running.end().await.unwrap();
}
