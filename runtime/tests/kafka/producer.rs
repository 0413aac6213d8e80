//! What becomes of a batch.

use futures_util::FutureExt as _;
use std::time::{Duration, Instant};

use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use runtime::producer::{Outgoing, ProduceError, Producer, ProducerOptions, SendError, TopicsError};
use runtime::settings::KafkaSettings;

use crate::cluster::{Cluster, DEADLINE, Stored};

/// A port that nobody listens on.
const NOWHERE: &str = "127.0.0.1:1";

fn record<'a>(topic: &'a str, value: &'a [u8]) -> Outgoing<'a> {
    Outgoing { topic, key: Some(b"key"), value, headers: &[("ce_id", b"1"), ("empty", b"")] }
}

fn impatient(delivery_timeout: Duration) -> ProducerOptions {
    ProducerOptions { delivery_timeout, ..ProducerOptions::default() }
}

#[tokio::test]
async fn a_batch_over_several_topics_has_one_acknowledgement() {
    let cluster = Cluster::with_topics(&[("a", 3), ("b", 1)]);
    let producer = cluster.producer();
    let mut batch = producer.batch();
    for topic in ["a", "b", "a"] {
        batch.send(record(topic, topic.as_bytes())).unwrap();
    }
    let acknowledgement = batch.finish();
    tokio::time::timeout(DEADLINE, acknowledgement).await.unwrap().unwrap();
    assert_eq!(producer.in_flight(), 0);
    assert_eq!(cluster.read("a", 3, 2).await.len(), 2);
    assert_eq!(cluster.read("b", 1, 1).await[0].text(), "b");
}

#[tokio::test]
async fn bytes_arrive_as_they_were_and_an_empty_value_is_not_null() {
    let cluster = Cluster::with_topics(&[("a", 1)]);
    let producer = cluster.producer();
    let mut batch = producer.batch();
    batch.send(record("a", b"\x00\xff")).unwrap();
    batch.send(Outgoing { topic: "a", key: None, value: b"", headers: &[] }).unwrap();
    batch.finish().await.unwrap();
    let stored = cluster.read("a", 1, 2).await;
    assert_eq!(stored[0].value.as_deref(), Some(&b"\x00\xff"[..]));
    assert_eq!(stored[0].key.as_deref(), Some(&b"key"[..]));
    let headers = [(String::from("ce_id"), Some(b"1".to_vec())), (String::from("empty"), Some(Vec::new()))];
    assert_eq!(stored[0].headers, headers);
    assert_eq!((stored[1].key.as_deref(), stored[1].value.as_deref()), (None, Some(&b""[..])));
}

#[tokio::test]
async fn a_batch_dropped_open_still_sends_its_records() {
    let cluster = Cluster::with_topics(&[("a", 1)]);
    let producer = cluster.producer();
    let mut batch = producer.batch();
    batch.send(record("a", b"1")).unwrap();
    drop(batch);
    assert!(producer.flush(DEADLINE).await);
    assert_eq!(cluster.read("a", 1, 1).await[0].text(), "1");
}

#[tokio::test]
async fn a_full_queue_is_answered_at_once_and_keeps_what_it_has() {
    let options = ProducerOptions { queue_records: 2, ..impatient(Duration::from_secs(5)) };
    let producer = Producer::new(&KafkaSettings::plain(NOWHERE), &options).unwrap();
    let mut batch = producer.batch();
    batch.send(record("a", b"1")).unwrap();
    batch.send(record("a", b"2")).unwrap();
    assert_eq!(batch.send(record("a", b"3")), Err(SendError::QueueFull));
    // It did not wait until one of them was given up.
    assert_eq!(producer.in_flight(), 2);
    assert_eq!(batch.finish().await, Err(ProduceError::TimedOut));
}

#[tokio::test]
async fn without_a_broker_the_receipt_fails_after_the_delivery_timeout() {
    let producer = Producer::new(&KafkaSettings::plain(NOWHERE), &impatient(Duration::from_secs(2))).unwrap();
    let mut batch = producer.batch();
    batch.send(record("a", b"1")).unwrap();
    let mut acknowledgement = batch.finish();
    assert_eq!((&mut acknowledgement).now_or_never(), None);
    let outcome = tokio::time::timeout(DEADLINE, acknowledgement).await.unwrap();
    assert_eq!(outcome, Err(ProduceError::TimedOut));
}

#[tokio::test]
async fn a_later_success_does_not_acknowledge_a_record_that_no_broker_has() {
    let cluster = Cluster::with_topics(&[("a", 1), ("b", 1)]);
    let mut kafka = cluster.kafka();
    // Each record is a request of its own.
    kafka.properties.insert("batch.num.messages".to_owned(), "1".to_owned());
    let producer = Producer::new(&kafka, &ProducerOptions::default()).unwrap();
    let mut first = producer.batch();
    first.send(record("b", b"connects")).unwrap();
    first.finish().await.unwrap();

    // Both requests are on their way before the first is answered, and librdkafka does not send it again before the
    // second is.
    cluster.mock.broker_round_trip_time(1, Duration::from_secs(1)).unwrap();
    let errors = [
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR,
    ];
    cluster.mock.request_errors(RDKafkaApiKey::Produce, &errors);
    let acknowledgements = ["refused", "stored"].map(|value| {
        let mut batch = producer.batch();
        batch.send(record("a", value.as_bytes())).unwrap();
        batch.finish()
    });
    let [refused, stored] = acknowledgements;
    assert_eq!(tokio::time::timeout(DEADLINE, stored).await.unwrap(), Ok(()));
    assert_eq!(tokio::time::timeout(DEADLINE, refused).await.unwrap(), Err(ProduceError::Inferred));
    cluster.mock.broker_round_trip_time(1, Duration::ZERO).unwrap();
    let texts: Vec<_> = cluster.read_all("a").await.iter().map(Stored::text).collect();
    assert_eq!(texts, ["stored"]);
}

#[tokio::test]
async fn a_record_beyond_the_limit_is_refused_with_both_sizes() {
    let options = ProducerOptions { message_max_bytes: 2000, ..ProducerOptions::default() };
    let producer = Producer::new(&KafkaSettings::plain(NOWHERE), &options).unwrap();
    let error = producer.batch().send(record("a", &[0; 4000])).unwrap_err();
    assert_eq!(error, SendError::TooLarge { topic: String::from("a"), bytes: 4003, limit: 2000 });
    assert_eq!(producer.in_flight(), 0);
}

#[tokio::test]
async fn dropping_the_producer_fails_what_is_queued_without_blocking() {
    let mut took = Vec::new();
    for _ in 0..5 {
        let producer = Producer::new(&KafkaSettings::plain(NOWHERE), &ProducerOptions::default()).unwrap();
        let mut batch = producer.batch();
        batch.send(record("a", b"1")).unwrap();
        let acknowledgement = batch.finish();
        let dropped = Instant::now();
        drop(producer);
        took.push(dropped.elapsed());
        let outcome = tokio::time::timeout(DEADLINE, acknowledgement).await.unwrap();
        assert_eq!(outcome, Err(ProduceError::Purged));
    }
    // rdkafka's own drop waits for half a second each time; a machine that does other things may be late for once.
    assert!(took.iter().any(|took| *took < Duration::from_millis(100)), "{took:?}");
}

#[tokio::test]
async fn missing_topics_are_named_with_the_command_that_makes_them() {
    let cluster = Cluster::with_topics(&[("a", 1)]);
    let names = ["a", "b", "c"].map(String::from);
    let error = cluster.producer().check_topics(&names, DEADLINE).await.unwrap_err();
    let brokers = cluster.mock.bootstrap_servers();
    assert_eq!(
        error.to_string(),
        format!(
            "topics are missing (or hidden by an access control list): b, c; \
             make them with `weir topics apply --brokers {brokers}`"
        )
    );
    assert_eq!(cluster.producer().check_topics(&names[..1], DEADLINE).await, Ok(()));
}

#[tokio::test]
async fn an_unreachable_broker_is_named_with_the_reason() {
    let producer = Producer::new(&KafkaSettings::plain(NOWHERE), &ProducerOptions::default()).unwrap();
    let names = [String::from("a")];
    let error = producer.check_topics(&names, Duration::from_secs(5)).await.unwrap_err();
    let TopicsError::Unreachable { brokers, reason, .. } = error else { panic!("{error}") };
    assert_eq!(brokers, NOWHERE);
    assert!(reason.contains(NOWHERE) && reason.contains("Connection refused"), "{reason}");
}
