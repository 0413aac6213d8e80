//! A producer that can never send again is replaced without a restart.

use std::time::Duration;

use prometheus::{IntCounter, Registry, TextEncoder};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use runtime::process::Process;
use runtime::process::shutdown::Shutdown;
use runtime::producer::{Outgoing, ProduceError, Producer, ProducerOptions, watchdog};

use crate::cluster::{Cluster, DEADLINE, Stored, eventually};

async fn send(producer: &Producer, value: &str) -> Result<(), ProduceError> {
    let mut batch = producer.batch();
    let record = Outgoing { topic: "a", key: None, value: value.as_bytes(), headers: &[] };
    match batch.send(record) {
        Ok(()) => batch.finish().await,
        Err(_) => Err(ProduceError::Purged),
    }
}

fn is_rebuilt(registry: &Registry, reason: &str) -> bool {
    let text = TextEncoder::new().encode_to_string(&registry.gather()).expect("metrics are text");
    text.contains(&format!("weir_producer_rebuilt_total{{reason=\"{reason}\"}} 1"))
}

fn is_never_rebuilt(registry: &Registry) -> bool {
    ["fatal", "stalled", "partition", "disconnected"].into_iter().all(|reason| !is_rebuilt(registry, reason))
}

fn watched(producer: &Producer) -> (Registry, Shutdown) {
    let process = Process::new("weir-test", "0");
    process.shutdown.spawn(watchdog::watch(producer.clone(), &process, &process.registry));
    (process.registry, process.shutdown)
}

/// Sends a record; the next one ends the client: an idempotent producer that is told of a gap in its own sequence gives up for good.
async fn give_up(cluster: &Cluster, producer: &Producer) {
    send(producer, "1").await.expect("the first is taken");
    let errors = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER];
    cluster.mock.request_errors(RDKafkaApiKey::Produce, &errors);
    assert!(send(producer, "2").await.is_err());
    assert!(producer.fatal_error().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_producer_of_a_process_has_a_counter_of_its_own() {
    let cluster = Cluster::with_topics(&[("a", 1)]);
    let producer = cluster.producer();
    let process = Process::new("weir-test", "0");
    let rebuilt = IntCounter::new("second_rebuilt_total", "Clients of the second").unwrap();
    process.shutdown.spawn(watchdog::watch_second(producer.clone(), &process, &rebuilt));
    give_up(&cluster, &producer).await;
    eventually("a new client", || rebuilt.get() == 1).await;
    assert!(is_never_rebuilt(&process.registry), "that is about the first");
    process.shutdown.trigger();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fatal_error_is_healed_by_a_new_client() {
    let cluster = Cluster::with_topics(&[("a", 1)]);
    let producer = cluster.producer();
    let (registry, shutdown) = watched(&producer);
    give_up(&cluster, &producer).await;
    eventually("a new client", || is_rebuilt(&registry, "fatal")).await;
    tokio::time::timeout(DEADLINE, send(&producer, "3")).await.unwrap().unwrap();
    assert_eq!(producer.fatal_error(), None);
    let values: Vec<_> = cluster.read("a", 1, 2).await.iter().map(Stored::text).collect();
    assert_eq!(values, ["1", "3"]);
    shutdown.trigger();
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_the_brokers_refuse_for_now_wait_in_the_same_client_and_arrive_once() {
    let cluster = Cluster::with_topics(&[("a", 1)]);
    let producer = cluster.producer();
    let (registry, shutdown) = watched(&producer);
    send(&producer, "1").await.unwrap();
    // As long as too few replicas are in sync, whoever asks.
    let errors = vec![RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS; 10_000];
    cluster.mock.request_errors(RDKafkaApiKey::Produce, &errors);
    let waits = tokio::time::timeout(Duration::from_secs(18), send(&producer, "2")).await;
    assert!(waits.is_err(), "it was reported: {waits:?}");
    assert!(is_never_rebuilt(&registry));
    cluster.mock.clear_request_errors(RDKafkaApiKey::Produce);
    tokio::time::timeout(DEADLINE, send(&producer, "3")).await.unwrap().unwrap();
    let values: Vec<_> = cluster.read_all("a").await.iter().map(Stored::text).collect();
    assert_eq!(values, ["1", "2", "3"]);
    shutdown.trigger();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_is_waited_for_with_the_same_client() {
    let cluster = Cluster::with_topics(&[("a", 1)]);
    let options = ProducerOptions { delivery_timeout: Duration::from_secs(12), ..ProducerOptions::default() };
    let producer = Producer::new(&cluster.kafka(), &options).unwrap();
    let (registry, shutdown) = watched(&producer);
    send(&producer, "1").await.unwrap();
    cluster.mock.broker_down(1).unwrap();
    assert_eq!(send(&producer, "2").await, Err(ProduceError::TimedOut));
    cluster.mock.broker_up(1).unwrap();
    tokio::time::timeout(DEADLINE, send(&producer, "3")).await.unwrap().unwrap();
    assert!(is_never_rebuilt(&registry));
    shutdown.trigger();
}
