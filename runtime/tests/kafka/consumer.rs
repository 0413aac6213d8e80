//! What becomes of a record when all is well, or the record is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use runtime::consumer::{ConsumerOptions, Failure, Output, Record, Wait};
use runtime::producer::ProducerOptions;
use tokio::sync::Semaphore;

use crate::cluster::{Cluster, Stored, eventually, flush, numbered, plain_producer};
use crate::handler::{echo, options, start};

fn cluster() -> Cluster {
    Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)])
}

fn texts(stored: &[Stored]) -> Vec<String> {
    stored.iter().map(Stored::text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_partition_keeps_its_order_and_a_shutdown_commits_what_is_done() {
    let cluster = Cluster::with_topics(&[("in", 2), ("out", 2), ("dlq", 1)]);
    // With murmur2, `a` and `d` fall on different ones of two partitions.
    cluster.fill("in", "a", numbered(300)).await;
    cluster.fill("in", "d", numbered(300)).await;
    let running = start(cluster.kafka(), options(), async |record| Ok(vec![echo(&record)]));
    let stored = cluster.read("out", 2, 600).await;
    for key in [b"a", b"d"] {
        let own: Vec<Stored> =
            stored.iter().filter(|record| record.key.as_deref() == Some(key)).cloned().collect();
        assert_eq!(texts(&own), numbered(300));
    }
    let partitions: std::collections::HashSet<i32> = stored.iter().map(|record| record.partition).collect();
    assert_eq!(partitions.len(), 2);
    eventually("records counted", || running.metric("weir_consumer_records_total") == 600).await;
    running.end().await.unwrap();
    assert_eq!(cluster.committed("weir-test", "in").await, Some(300));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_handler_pauses_its_partition_and_nothing_is_lost_or_reordered() {
    let cluster = cluster();
    cluster.fill("in", "a", numbered(200)).await;
    let gate = Arc::new(Semaphore::new(0));
    let pass = Arc::clone(&gate);
    let mut options = options();
    options.bounds.partition_queue = 2;
    let running = start(cluster.kafka(), options, move |record| {
        let pass = Arc::clone(&pass);
        async move {
            pass.acquire().await.expect("open").forget();
            Ok(vec![echo(&record)])
        }
    });
    eventually("a pause", || running.metric("weir_consumer_paused_partitions") == 1).await;
    gate.add_permits(60);
    running.wait_for_calls(61).await;
    eventually("a second pause", || running.metric("weir_consumer_paused_partitions") == 1).await;
    gate.add_permits(1000);
    assert_eq!(texts(&cluster.read("out", 1, 200).await), numbered(200));
    assert_eq!(running.values(), numbered(200));
    eventually("a resume", || running.metric("weir_consumer_paused_partitions") == 0).await;
    running.end().await.unwrap();
}

/// A record with a null value and a null header, which the runtime's own producer does not write, and
/// one that is good.
async fn fill_with_nulls(cluster: &Cluster) {
    let producer = plain_producer(&cluster.mock.bootstrap_servers());
    let headers = OwnedHeaders::new()
        .insert(Header { key: "ce_id", value: Some("7") })
        .insert(Header { key: "nothing", value: None::<&str> });
    let null = BaseRecord::<str, str>::to("in").key("k").headers(headers);
    let good = BaseRecord::<str, str>::to("in").payload("good");
    for record in [null, good] {
        producer.send(record).expect("room in the queue");
    }
    flush(producer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_record_goes_to_the_dead_letters_as_it_was_and_the_next_one_is_handled() {
    let cluster = cluster();
    fill_with_nulls(&cluster).await;
    let running = start(cluster.kafka(), options(), async |record| match record.value {
        None => Err(Failure::Reject { reason: "null_value", error: String::from("no\nvalue") }),
        Some(_) => Ok(vec![echo(&record)]),
    });
    assert_eq!(texts(&cluster.read("out", 1, 1).await), ["good"]);
    let mut dead = cluster.read("dlq", 1, 1).await.remove(0);
    assert_eq!((dead.key.as_deref(), dead.value), (Some(&b"k"[..]), None));
    let written = dead.headers.iter().position(|(name, _)| name == "weir_dlq_first_written").unwrap();
    let written = String::from_utf8(dead.headers.remove(written).1.unwrap()).unwrap();
    assert!(humantime::parse_rfc3339(&written).is_ok(), "{written}");
    let (last, others) = dead.headers.split_last().unwrap();
    let text = |value: &str| Some(value.as_bytes().to_vec());
    let expected = [
        ("ce_id", text("7")),
        ("nothing", None),
        ("weir_dlq_reason", text("null_value")),
        ("weir_dlq_error", text("no value")),
        ("weir_dlq_consumer", text("weir-test")),
        ("weir_dlq_topic", text("in")),
        ("weir_dlq_partition", text("0")),
        ("weir_dlq_offset", text("0")),
        ("weir_dlq_attempts", text("1")),
    ];
    assert_eq!(others, expected.map(|(name, value)| (name.to_owned(), value)));
    assert_eq!(last.0, "weir_dlq_first_failed");
    let first_failed = String::from_utf8(last.1.clone().unwrap()).unwrap();
    assert!(humantime::parse_rfc3339(&first_failed).is_ok(), "{first_failed}");
    cluster.wait_for_committed("weir-test", "in", 2).await;
    assert_eq!(running.metric("weir_consumer_dead_letters_total"), 1);
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_that_was_put_back_counts_on_when_it_dies_again() {
    let cluster = cluster();
    let producer = plain_producer(&cluster.mock.bootstrap_servers());
    let headers = OwnedHeaders::new()
        .insert(Header { key: "ce_id", value: Some("7") })
        .insert(Header { key: "weir_dlq_attempts", value: Some("5") })
        .insert(Header { key: "weir_dlq_first_written", value: Some("2019-09-22T18:14:45.349Z") })
        .insert(Header { key: "weir_dlq_first_failed", value: Some("2019-09-23T18:14:45.349Z") });
    producer
        .send(BaseRecord::<str, str>::to("in").payload("bad").headers(headers))
        .expect("room in the queue");
    flush(producer).await;
    let running = start(cluster.kafka(), options(), async |_| {
        Err(Failure::Reject { reason: "bad", error: String::from("still") })
    });
    let dead = cluster.read("dlq", 1, 1).await.remove(0);
    let values = |name: &str| -> Vec<_> {
        let found = dead.headers.iter().filter(|(header, _)| header == name);
        found.map(|(_, value)| String::from_utf8(value.clone().unwrap()).unwrap()).collect()
    };
    assert_eq!(values("weir_dlq_attempts"), ["6"]);
    assert_eq!(values("weir_dlq_first_failed"), ["2019-09-23T18:14:45.349Z"]);
    assert_eq!(values("weir_dlq_first_written"), ["2019-09-22T18:14:45.349Z"]);
    assert_eq!(values("ce_id"), ["7"]);
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_tried_again_and_becomes_a_dead_letter_when_all_attempts_fail() {
    let cluster = cluster();
    cluster.fill("in", "a", ["second time", "never", "at once"].map(String::from)).await;
    let calls = AtomicUsize::new(0);
    let running = start(cluster.kafka(), options(), move |record| {
        let call = calls.fetch_add(1, Ordering::Relaxed);
        let fails = call == 0 || record.value.as_deref() == Some(b"never");
        let retry = Failure::Retry { error: format!("call {call}") };
        async move { if fails { Err(retry) } else { Ok(vec![echo(&record)]) } }
    });
    assert_eq!(texts(&cluster.read("out", 1, 2).await), ["second time", "at once"]);
    let dead = cluster.read("dlq", 1, 1).await.remove(0);
    assert_eq!(dead.text(), "never");
    let header = |name: &str| {
        let found = dead.headers.iter().find(|(header, _)| header == name);
        String::from_utf8(found.unwrap().1.clone().unwrap()).unwrap()
    };
    assert_eq!(header("weir_dlq_reason"), "retries_exhausted");
    assert_eq!(header("weir_dlq_attempts"), "3");
    assert_eq!(header("weir_dlq_error"), "call 4");
    let calls = ["second time", "second time", "never", "never", "never", "at once"];
    assert_eq!(running.values(), calls);
    assert_eq!(running.metric("weir_consumer_retries_total"), 3);
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unavailable_dependency_holds_the_offset_and_the_record_for_as_long_as_it_takes() {
    let cluster = cluster();
    cluster.fill("in", "a", numbered(3)).await;
    let calls = AtomicUsize::new(0);
    let running = start(cluster.kafka(), options(), move |record| {
        let down = (1..=20).contains(&calls.fetch_add(1, Ordering::Relaxed));
        let wait = Some(Duration::from_millis(20));
        let unavailable = Failure::Unavailable { error: String::from("down"), wait, on: Wait::ApiAnswer };
        async move { if down { Err(unavailable) } else { Ok(vec![echo(&record)]) } }
    });
    running.wait_for_calls(10).await;
    cluster.wait_for_committed("weir-test", "in", 1).await;
    assert_eq!(texts(&cluster.read("out", 1, 3).await), numbered(3));
    assert_eq!(running.values().len(), 23);
    running.end().await.unwrap();
    assert_eq!(cluster.committed("weir-test", "in").await, Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_is_too_large_makes_the_record_a_dead_letter() {
    let cluster = cluster();
    cluster.fill("in", "a", numbered(3)).await;
    let producer = ProducerOptions { message_max_bytes: 2000, ..ProducerOptions::default() };
    let options = ConsumerOptions { producer, ..options() };
    let running = start(cluster.kafka(), options, async |record| {
        let value = if record.offset == 1 { vec![0; 4000] } else { record.value.clone().unwrap_or_default() };
        Ok(vec![Output { value, ..echo(&record) }])
    });
    assert_eq!(texts(&cluster.read("out", 1, 2).await), ["0000", "0002"]);
    let dead = cluster.read("dlq", 1, 1).await.remove(0);
    assert_eq!(dead.text(), "0001");
    assert!(dead.headers.contains(&(String::from("weir_dlq_reason"), Some(b"too_large".to_vec()))));
    running.end().await.unwrap();
    assert_eq!(cluster.committed("weir-test", "in").await, Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_is_too_large_is_published_shorter_where_that_can_be() {
    const TOO_LARGE: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    // Refused by the producer, and by the broker.
    for (length, refusals) in [(4000, &[][..]), (1000, &[TOO_LARGE; 2][..])] {
        let cluster = cluster();
        cluster.fill("in", "a", numbered(1)).await;
        cluster.mock.request_errors(RDKafkaApiKey::Produce, refusals);
        let producer = ProducerOptions { message_max_bytes: 2000, ..ProducerOptions::default() };
        let shorten = |outputs: &[Output]| {
            let is_long = outputs[0].value.len() > 5;
            is_long.then(|| vec![Output { value: b"short".to_vec(), ..outputs[0].clone() }])
        };
        let options = ConsumerOptions { producer, shorten, ..options() };
        let running = start(cluster.kafka(), options, move |record: Record| async move {
            Ok(vec![Output { value: vec![0; length], ..echo(&record) }])
        });
        cluster.wait_for_committed("weir-test", "in", 1).await;
        assert_eq!(texts(&cluster.read_all("out").await), ["short"]);
        assert_eq!(running.metric("weir_consumer_dead_letters_total"), 0);
        running.end().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_waits_for_the_record_in_work() {
    let cluster = cluster();
    cluster.fill("in", "a", numbered(10)).await;
    let gate = Arc::new(Semaphore::new(1));
    let pass = Arc::clone(&gate);
    let running = start(cluster.kafka(), options(), move |record| {
        let pass = Arc::clone(&pass);
        async move {
            pass.acquire().await.expect("open").forget();
            Ok(vec![echo(&record)])
        }
    });
    running.wait_for_calls(2).await;
    running.process.shutdown.trigger();
    gate.add_permits(1);
    let seen = Arc::clone(&running.seen);
    running.ended().await.unwrap();
    assert_eq!(seen.lock().unwrap().len(), 2);
    assert_eq!(cluster.committed("weir-test", "in").await, Some(2));
    assert_eq!(texts(&cluster.read("out", 1, 2).await), numbered(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_hears_of_the_records_behind_the_one_in_work() {
    let cluster = cluster();
    cluster.fill("in", "a", numbered(50)).await;
    let gate = Arc::new(Semaphore::new(0));
    let pass = Arc::clone(&gate);
    let options = ConsumerOptions { look_ahead: 20, ..options() };
    let running = start(cluster.kafka(), options, move |record| {
        let pass = Arc::clone(&pass);
        async move {
            pass.acquire().await.expect("open").forget();
            Ok(vec![echo(&record)])
        }
    });
    eventually("20 records of which it is told early", || running.prefetched() == numbered(21)).await;
    assert_eq!(running.values(), numbered(1));
    gate.add_permits(1000);
    assert_eq!(texts(&cluster.read("out", 1, 50).await), numbered(50));
    assert_eq!(running.prefetched(), numbered(50));
    running.end().await.unwrap();
    assert_eq!(cluster.committed("weir-test", "in").await, Some(50));
}
