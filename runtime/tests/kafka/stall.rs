//! What becomes of a partition that does not move.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use runtime::consumer::{ConsumerError, ConsumerOptions, Failure, ReadError, TopicReader, Wait};
use runtime::settings::KafkaSettings;
use tokio::sync::Semaphore;

use crate::cluster::{Cluster, eventually, numbered};
use crate::handler::{Running, echo, options, start, start_that_waits};

fn cluster() -> Cluster {
    Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)])
}

/// Longer than a partition stands still after its assignment on a machine that does other things.
const STALL: Duration = Duration::from_secs(4);

fn impatient() -> ConsumerOptions {
    let mut options = options();
    options.bounds.stall_timeout = STALL;
    options.bounds.finish_timeout = Duration::from_millis(100);
    options
}

/// Returns when twice as long has passed as a partition may stand still without a reason.
async fn longer_than_a_stall() {
    let begin = Instant::now();
    eventually("a while", || begin.elapsed() > 2 * STALL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_fetches_no_more_is_built_anew() {
    let cluster = cluster();
    let mut kafka = cluster.kafka();
    // After an error of one fetch the client asks for this partition no more for five minutes: it believes that there
    // is nothing to read, while anybody else can.
    kafka.properties.insert("fetch.error.backoff.ms".to_owned(), "300000".to_owned());
    let running = start(kafka, impatient(), async |record| Ok(vec![echo(&record)]));
    cluster.fill("in", "a", numbered(10)).await;
    cluster.wait_for_committed("weir-test", "in", 10).await;
    let refusals = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN; 1];
    cluster.mock.request_errors(RDKafkaApiKey::Fetch, &refusals);
    cluster.fill("in", "a", numbered(10)).await;
    eventually("the new consumer", || running.metric("weir_consumer_rebuilt_total") == 1).await;
    cluster.wait_for_committed("weir-test", "in", 20).await;
    // The error is counted, and pages nobody: it may have passed by itself.
    assert!(running.metric("weir_consumer_client_errors_total") > 0);
    assert_eq!(running.metric("weir_consumer_fetch_errors_total"), 0);
    running.end().await.unwrap();
}

/// Why nothing comes of the first partition.
async fn silence(kafka: KafkaSettings) -> String {
    let look = move || {
        let mut reader = TopicReader::new(&kafka, "weir-test", "in").expect("a client");
        reader.has_record(0, 0, Duration::from_secs(10))
    };
    let ahead = tokio::task::spawn_blocking(look).await.expect("no panic");
    assert!(matches!(ahead, Err(ReadError::Kafka { .. })), "{ahead:?}");
    let ahead = format!("{ahead:?}");
    let (_, why) = ahead.split_once("partition 0 gives nothing at offset 0: ").expect("its place");
    why.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_ahead_is_told_with_what_error_nothing_comes() {
    // The client tells of the first alone.
    for (code, said) in [
        (RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN, "Unknown"),
        (RDKafkaRespErr::RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, "see the leader's log"),
    ] {
        let cluster = cluster();
        cluster.fill("in", "a", numbered(1)).await;
        cluster.mock.request_errors(RDKafkaApiKey::Fetch, &[code; 1_000]);
        let why = silence(cluster.kafka()).await;
        assert!(why.contains(said), "{why}");
    }
    let unreachable = silence(KafkaSettings::plain("127.0.0.1:1")).await;
    assert!(!unreachable.contains("no error"), "{unreachable}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_hangs_is_cut_off_once_and_ends_the_consumer_the_second_time() {
    let cluster = cluster();
    cluster.fill("in", "a", numbered(10)).await;
    let running = start(cluster.kafka(), impatient(), async |record| {
        if record.offset == 5 {
            std::future::pending::<()>().await;
        }
        Ok(vec![echo(&record)])
    });
    eventually("the new consumer", || running.metric("weir_consumer_rebuilt_total") == 1).await;
    let seen = Arc::clone(&running.seen);
    let error = running.ended().await.unwrap_err();
    assert!(matches!(error, ConsumerError::Stuck { offset: 5, .. }), "{error:?}");
    assert!(error.to_string().contains("in partition 0 has stood still at offset 5 for 4s"), "{error}");
    let tries = seen.lock().unwrap().iter().filter(|(_, value)| value == "0005").count();
    assert_eq!(tries, 2);
    cluster.wait_for_committed("weir-test", "in", 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_on_purpose_is_no_stall_and_the_lag_is_shown_meanwhile() {
    let cluster = cluster();
    cluster.fill("in", "a", numbered(50)).await;
    let gate = Arc::new(Semaphore::new(1));
    let (pass, calls) = (Arc::clone(&gate), AtomicUsize::new(0));
    let running = start(cluster.kafka(), impatient(), move |record| {
        calls.fetch_add(1, Ordering::Relaxed);
        let open = pass.try_acquire().map(tokio::sync::SemaphorePermit::forget).is_ok();
        let wait = Some(Duration::from_millis(10));
        async move {
            if open {
                Ok(vec![echo(&record)])
            } else {
                Err(Failure::Unavailable { error: "down".to_owned(), wait, on: Wait::AppLimit })
            }
        }
    });
    eventually("the lag", || running.metric("weir_consumer_lag_records") == 49).await;
    let said = |reason: &str| running.labelled("weir_consumer_waiting_partitions", reason);
    eventually("the reason of the lag", || said("app_limit") == 1).await;
    assert_eq!((said("api_answer"), said("retry")), (0, 0));
    longer_than_a_stall().await;
    // The handler is called every few milliseconds.
    running.wait_for_calls(150).await;
    eventually("its age", || running.metric("weir_consumer_lag_seconds") >= 1).await;
    assert_eq!(running.metric("weir_consumer_rebuilt_total"), 0);
    gate.add_permits(100);
    eventually("the end of the lag", || running.metric("weir_consumer_lag_records") == 0).await;
    assert_eq!(running.metric("weir_consumer_lag_seconds"), 0);
    eventually("the end of its reason", || running.metric("weir_consumer_waiting_partitions") == 0).await;
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_read_for_a_while_is_no_damage_and_is_read_afterwards() {
    let cluster = cluster();
    let running = start(cluster.kafka(), impatient(), async |record| Ok(vec![echo(&record)]));
    cluster.fill("in", "a", numbered(10)).await;
    cluster.wait_for_committed("weir-test", "in", 10).await;
    // As of a broker that has not read its access control lists.
    let refusals = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 1_000];
    cluster.mock.request_errors(RDKafkaApiKey::Fetch, &refusals);
    cluster.fill("in", "a", numbered(10)).await;
    eventually("the lag", || running.metric("weir_consumer_lag_records") == 10).await;
    longer_than_a_stall().await;
    for none in [
        "weir_consumer_fetch_errors_total",
        "weir_consumer_unreadable_partitions",
        "weir_consumer_rebuilt_total",
    ] {
        assert_eq!(running.metric(none), 0, "{none}");
    }
    cluster.mock.clear_request_errors(RDKafkaApiKey::Fetch);
    cluster.wait_for_committed("weir-test", "in", 20).await;
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_of_which_every_fetch_fails_counts_as_unreadable_until_it_is_read() {
    let cluster = cluster();
    let options = ConsumerOptions { unreadable_after: Duration::from_secs(1), ..impatient() };
    let running = start(cluster.kafka(), options, async |record| Ok(vec![echo(&record)]));
    cluster.fill("in", "a", numbered(10)).await;
    cluster.wait_for_committed("weir-test", "in", 10).await;
    let refusals = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN; 1_000];
    cluster.mock.request_errors(RDKafkaApiKey::Fetch, &refusals);
    cluster.fill("in", "a", numbered(10)).await;
    let unreadable = || running.metric("weir_consumer_unreadable_partitions");
    eventually("that it counts", || unreadable() == 1).await;
    // Nobody else can read it either.
    assert_eq!(running.metric("weir_consumer_rebuilt_total"), 0);
    cluster.mock.clear_request_errors(RDKafkaApiKey::Fetch);
    cluster.wait_for_committed("weir-test", "in", 20).await;
    eventually("that it counts no more", || unreadable() == 0).await;
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lag_that_nobody_tells_is_shown_as_it_was_and_counted_as_unknown() {
    let cluster = cluster();
    cluster.fill("in", "a", numbered(50)).await;
    let running = start(cluster.kafka(), impatient(), async |_| {
        let wait = Some(Duration::from_millis(10));
        Err(Failure::Unavailable { error: "down".to_owned(), wait, on: Wait::AppLimit })
    });
    eventually("the lag", || running.metric("weir_consumer_lag_records") == 50).await;
    assert_eq!(running.metric("weir_consumer_unknown_partitions"), 0);
    let refusals = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 1_000];
    cluster.mock.request_errors(RDKafkaApiKey::ListOffsets, &refusals);
    eventually("that it is not known", || running.metric("weir_consumer_unknown_partitions") == 1).await;
    assert_eq!(running.metric("weir_consumer_lag_records"), 50);
    cluster.mock.clear_request_errors(RDKafkaApiKey::ListOffsets);
    eventually("that it is", || running.metric("weir_consumer_unknown_partitions") == 0).await;
    running.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_gone_hides_the_lag_of_no_other() {
    let cluster = Cluster::with_topics(&[("in", 1), ("gone", 1), ("out", 1), ("dlq", 1)]);
    for topic in ["in", "gone"] {
        cluster.fill(topic, "a", numbered(50)).await;
    }
    let options = ConsumerOptions { topics: vec!["gone".to_owned(), "in".to_owned()], ..impatient() };
    let running = start(cluster.kafka(), options, async |_| {
        let wait = Some(Duration::from_millis(10));
        Err(Failure::Unavailable { error: "down".to_owned(), wait, on: Wait::AppLimit })
    });
    let lag = |topic| running.labelled("weir_consumer_lag_records", topic);
    let unknown = |topic| running.labelled("weir_consumer_unknown_partitions", topic);
    eventually("the lag of both", || lag("in") == 50 && lag("gone") == 50).await;
    let gone = RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    cluster.mock.topic_error("gone", gone).expect("the topic is made to be unknown");
    eventually("that one is not known", || unknown("gone") == 1).await;
    cluster.fill("in", "a", numbered(50)).await;
    eventually("the lag of the other", || lag("in") == 100 && unknown("in") == 0).await;
    running.end().await.unwrap();
}

/// A handler whose every call waits for `wait`, of which it says that it may take `limit`.
fn waiting(cluster: &Cluster, limit: Duration, wait: Duration) -> Running {
    start_that_waits(cluster.kafka(), impatient(), move |record, waits| async move {
        waits.on(Wait::ApiAnswer, limit, tokio::time::sleep(wait)).await;
        Ok(vec![echo(&record)])
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_handler_says_that_it_waits_for_is_no_stall_and_its_limit_is_kept() {
    let (slow, hanging) = (cluster(), cluster());
    for cluster in [&slow, &hanging] {
        cluster.fill("in", "a", numbered(1)).await;
    }
    let waiting_for_long = waiting(&slow, Duration::from_mins(1), 2 * STALL);
    let waiting_for_ever = waiting(&hanging, Duration::from_secs(1), Duration::from_hours(1));
    let said = || waiting_for_long.labelled("weir_consumer_waiting_partitions", "api_answer");
    eventually("what the lag is for", || said() == 1).await;
    slow.wait_for_committed("weir-test", "in", 1).await;
    assert_eq!(waiting_for_long.metric("weir_consumer_rebuilt_total"), 0);
    let rebuilt = || waiting_for_ever.metric("weir_consumer_rebuilt_total") == 1;
    eventually("the new consumer of the other one", rebuilt).await;
    waiting_for_long.end().await.unwrap();
    assert!(matches!(waiting_for_ever.ended().await, Err(ConsumerError::Stuck { offset: 0, .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_gets_nothing_while_another_leaves_slowly_is_not_stuck() {
    let cluster = Cluster::with_topics(&[("in", 1), ("stays", 1), ("out", 1), ("dlq", 1)]);
    let mut options = ConsumerOptions { topics: vec!["in".to_owned(), "stays".to_owned()], ..impatient() };
    options.bounds.finish_timeout = 3 * STALL;
    for topic in ["in", "stays"] {
        cluster.fill(topic, "a", numbered(1)).await;
    }
    let slow = start_that_waits(cluster.kafka(), options, |record, waits| async move {
        if *record.topic == *"in" {
            waits.on(Wait::ApiAnswer, Duration::from_hours(1), std::future::pending::<()>()).await;
        }
        Ok(vec![echo(&record)])
    });
    slow.wait_for_calls(2).await;
    let other = start(cluster.kafka(), impatient(), async |record| Ok(vec![echo(&record)]));
    eventually("that it is to leave", || slow.metric("weir_consumer_rebalances_total") == 2).await;
    cluster.fill("stays", "a", numbered(1)).await;
    cluster.wait_for_committed("weir-test", "stays", 2).await;
    assert_eq!(slow.metric("weir_consumer_rebuilt_total"), 0);
    other.wait_for_calls(1).await;
    slow.end().await.unwrap();
    other.end().await.unwrap();
}
