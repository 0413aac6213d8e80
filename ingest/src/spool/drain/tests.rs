//! A delivery over which the drain panics holds up nothing behind it.

use super::*;
use crate::delivery::sample;
use crate::kafka::tests::unseen;
use crate::kafka::{open_when_ready, topic_names};
use crate::settings::SpoolSettings;
use crate::spool::SpoolMetrics;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use runtime::process::Process;
use runtime::process::health::Probe;
use schemas::Topic;

/// The body of a delivery over which it panics.
pub(super) const PANICS: &[u8] = b"it panics";
const TEXT: &[u8] = include_bytes!("../../../../schemas/fixtures/message/text.json");
const PATIENCE: Duration = Duration::from_mins(1);

/// A way to Kafka that is open.
async fn kafka(cluster: &MockCluster<'static, DefaultProducerContext>, process: &Process) -> Arc<Kafka> {
    let (kafka, producers) = unseen(cluster.bootstrap_servers(), process);
    let gate = kafka.gate.clone();
    open_when_ready(gate, producers, topic_names("meta"), true, process.shutdown.clone()).await;
    kafka
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_panics_twice_is_parked_and_those_behind_it_arrive() {
    let cluster = MockCluster::new(1).unwrap();
    for topic in Topic::OF_INGEST {
        cluster.create_topic(&topic.name("meta"), 1, 1).unwrap();
    }
    let (process, directory) = (Process::new("weir-ingest", "0"), tempfile::tempdir().unwrap());
    let metrics = SpoolMetrics::new(&process.registry);
    let check = process.health.check("spool", Probe::Shown);
    // What is not there in time is there all the same, and would be stored once more.
    let settings = SpoolSettings { timeout: PATIENCE, ..SpoolSettings::of(directory.path().to_owned()) };
    let spool = Spool::open(&settings, metrics.clone(), check).unwrap();
    for body in [TEXT, PANICS, TEXT] {
        let delivery = sample(body);
        while spool.store(&delivery, None).await.is_err() {}
    }
    let kafka = kafka(&cluster, &process).await;
    let draining = tokio::spawn(drain(spool.clone(), kafka, process.shutdown.clone()));
    let done = tokio::time::timeout(PATIENCE, async {
        while (metrics.deliveries.get(), metrics.parked.get()) != (0.0, 1.0) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    done.await.unwrap();
    assert_eq!((metrics.panics.get(), metrics.drained.get(), metrics.lost.get()), (2, 2, 0));
    process.shutdown.trigger();
    draining.await.unwrap();
    spool.close().await;
}
