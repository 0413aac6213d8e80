//! Brokers that take no result for a while, as below `min.insync.replicas`.

use super::*;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use runtime::consumer::{self, ConsumerOptions};
use runtime::process::Process;

const REFUSED: [RDKafkaRespErr; 1_000] = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS; 1_000];
const STALL: Duration = Duration::from_secs(5);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// Generous, for a machine that does other things too.
const DEADLINE: Duration = Duration::from_mins(1);

fn write(bench: &Bench, record: &Record) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bench.mock.bootstrap_servers());
    let producer: BaseProducer = config.create().unwrap();
    let (key, value) = (record.key.as_deref().unwrap(), record.value.as_deref().unwrap());
    let record = BaseRecord::to(&record.topic).key(key).payload(value);
    producer.send(record).map_err(|(error, _)| error).unwrap();
    producer.flush(DEADLINE).unwrap();
}

/// The sum of a metric over its labels.
fn metric(process: &Process, name: &str) -> f64 {
    let families = process.registry.gather();
    let Some(family) = families.iter().find(|family| family.name() == name) else { return 0.0 };
    let values = family.get_metric().iter();
    values.map(|metric| metric.get_counter().get_value() + metric.get_gauge().get_value()).sum()
}

/// Returns once `is_so`.
async fn until(is_so: impl Fn() -> bool) {
    let mut looks = tokio::time::interval(PAUSE);
    while !is_so() {
        looks.tick().await;
    }
}

async fn eventually(is_so: impl Fn() -> bool) {
    tokio::time::timeout(DEADLINE, until(is_so)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_no_broker_takes_is_waited_for_and_costs_no_client() {
    let bench = Bench::new().await;
    for topic in ["replies", "dlq"] {
        bench.mock.create_topic(topic, 1, 1).unwrap();
    }
    write(&bench, &Record { key: Some(b"1784".to_vec()), ..command(1) });
    bench.mock.request_errors(RDKafkaApiKey::Produce, &REFUSED);
    let (inputs, outputs) = (vec![String::from("replies")], vec![RESULTS.to_owned()]);
    let mut options = ConsumerOptions::new(ABOUT.name, inputs, outputs, String::from("dlq"));
    options.bounds.stall_timeout = STALL;
    options.bounds.finish_timeout = Duration::from_millis(100);
    let (process, owner) = (Process::new(ABOUT.name, "0.0.0"), bench.owner());
    let (kafka, inner) = (KafkaSettings::plain(bench.mock.bootstrap_servers()), process.clone());
    let running = tokio::spawn(async move { consumer::run(&kafka, options, owner, &inner).await });
    eventually(|| metric(&process, "weir_consumer_waiting_partitions") > 0.0).await;
    let rebuilt = until(|| metric(&process, "weir_consumer_rebuilt_total") > 0.0);
    assert!(tokio::time::timeout(3 * STALL, rebuilt).await.is_err(), "a client was replaced");
    bench.mock.clear_request_errors(RDKafkaApiKey::Produce);
    eventually(|| metric(&process, "weir_consumer_dead_letters_total") > 0.0).await;
    process.shutdown.trigger();
    tokio::time::timeout(DEADLINE, running).await.unwrap().unwrap().unwrap();
}
