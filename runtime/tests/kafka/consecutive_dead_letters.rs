//! What becomes of a consumer that rejects one record after the other.

use runtime::consumer::{ConsumerError, ConsumerOptions, Failure, Output};

use crate::cluster::{Cluster, eventually, numbered};
use crate::handler::{echo, options, start};

fn rejected() -> Failure {
    Failure::Reject { reason: "bad", error: String::from("not as it should be") }
}

/// One record is handled at a time, so that the last success is settled before the first dead letter.
fn ten_in_a_row() -> ConsumerOptions {
    let mut options = options();
    options.bounds.max_rejects_in_a_row = 10;
    options.bounds.partition_pipeline = 1;
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_dead_letters_in_a_row_stop_the_consumer_before_the_topic_is_drained() {
    let cluster = Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)]);
    cluster.fill("in", "a", numbered(100)).await;
    let running = start(cluster.kafka(), ten_in_a_row(), async |record| match record.offset {
        0..20 => Ok(vec![echo(&record)]),
        _ => Err(rejected()),
    });
    eventually("the stop", || running.metric("weir_consumer_stopped") == 1).await;
    eventually("a reason", || running.readiness().contains("10 records of in became dead letters in a row"))
        .await;
    assert!(running.readiness().contains("--max-rejects-in-a-row"));
    assert_eq!(running.metric("weir_consumer_dead_letters_total"), 10);
    assert_eq!(cluster.read_all("dlq").await.len(), 10);
    cluster.wait_for_committed("weir-test", "in", 30).await;
    // It stays, without work, until it is asked to end, and tells by its error why it stopped.
    assert!(!running.is_ended());
    let error = running.end().await.unwrap_err();
    assert!(
        matches!(error, ConsumerError::TooManyDeadLetters { offset: 30, count: 10, reason: "bad", .. }),
        "{error:?}"
    );

    // Mended and restarted, it goes on with the first record that is in no other place.
    let mended = start(cluster.kafka(), ten_in_a_row(), async |record| Ok(vec![echo(&record)]));
    cluster.wait_for_committed("weir-test", "in", 100).await;
    assert_eq!(mended.values()[0], "0030");
    mended.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_now_and_then_keeps_it_going() {
    let cluster = Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)]);
    cluster.fill("in", "a", numbered(100)).await;
    let running = start(cluster.kafka(), ten_in_a_row(), async |record| match record.offset % 10 {
        9 => Ok(vec![echo(&record)]),
        _ => Err(rejected()),
    });
    cluster.wait_for_committed("weir-test", "in", 100).await;
    assert_eq!(running.metric("weir_consumer_dead_letters_total"), 90);
    assert_eq!(running.metric("weir_consumer_stopped"), 0);
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_counted_for_each_topic() {
    let cluster = Cluster::with_topics(&[("in", 1), ("other", 1), ("out", 1), ("dlq", 1)]);
    for topic in ["in", "other"] {
        cluster.fill(topic, "a", numbered(8)).await;
    }
    let options = ConsumerOptions { topics: ["in", "other"].map(String::from).into(), ..ten_in_a_row() };
    let running = start(cluster.kafka(), options, async |_| Err(rejected()));
    for topic in ["in", "other"] {
        cluster.wait_for_committed("weir-test", topic, 8).await;
    }
    assert_eq!(running.metric("weir_consumer_stopped"), 0);
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_as_long_as_it_may_stops_no_consumer() {
    let cluster = Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)]);
    cluster.fill("in", "a", numbered(100)).await;
    let running = start(cluster.kafka(), ten_in_a_row(), async |_| {
        Err(Failure::RejectUncounted { reason: "scripted", error: String::from("it did not come") })
    });
    cluster.wait_for_committed("weir-test", "in", 100).await;
    assert_eq!(cluster.read_all("dlq").await.len(), 100);
    assert_eq!(running.metric("weir_consumer_stopped"), 0);
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn outputs_that_are_too_large_one_after_the_other_stop_it_too() {
    let cluster = Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)]);
    cluster.fill("in", "a", numbered(50)).await;
    let producer = runtime::producer::ProducerOptions {
        message_max_bytes: 2000,
        ..runtime::producer::ProducerOptions::default()
    };
    let mut options = ConsumerOptions { producer, ..options() };
    options.bounds.max_rejects_in_a_row = 10;
    let running = start(cluster.kafka(), options, async |record| {
        Ok(vec![Output { value: vec![0; 4000], ..echo(&record) }])
    });
    eventually("the stop", || running.metric("weir_consumer_stopped") == 1).await;
    assert_eq!(cluster.read_all("dlq").await.len(), 10);
    let error = running.end().await.unwrap_err();
    assert!(matches!(error, ConsumerError::TooManyDeadLetters { reason: "too_large", .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_are_there_before_the_first_dead_letter() {
    let cluster = Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)]);
    let running = start(cluster.kafka(), options(), async |record| Ok(vec![echo(&record)]));
    eventually("the start", || running.is_started()).await;
    eventually("all of them", || {
        let labels = running.labels("weir_consumer_dead_letters_total");
        ["retries_exhausted", "panic", "too_large", "scripted"]
            .iter()
            .all(|reason| labels.contains(&vec![String::from(*reason), String::from("in")]))
    })
    .await;
    assert_eq!(running.metric("weir_consumer_dead_letters_total"), 0);
    running.end().await.unwrap();
}
