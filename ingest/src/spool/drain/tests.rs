//! A delivery over which the drain panics holds up nothing behind it, and only one that Kafka refuses is parked.

use super::super::metrics::SpoolMetrics;
use super::*;
use crate::delivery::sample;
use crate::kafka::tests::unseen;
use crate::kafka::{open_when_ready, topic_names};
use crate::settings::Settings;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use runtime::process::Process;
use schemas::Topic;
use tempfile::TempDir;

/// The body of a delivery over which it panics.
pub(super) const PANICS: &[u8] = b"it panics";
const TEXT: &[u8] = include_bytes!("../../../../schemas/fixtures/message/text.json");
const PATIENCE: Duration = Duration::from_mins(1);
const RATE: u32 = 1000;

/// A way to Kafka that is open.
async fn kafka(cluster: &MockCluster<'static, DefaultProducerContext>, process: &Process) -> Arc<Kafka> {
    let kafka = unseen(cluster.bootstrap_servers(), process);
    open_when_ready(Arc::clone(&kafka), topic_names("meta"), process.shutdown.clone()).await;
    kafka
}

struct Ground {
    cluster: MockCluster<'static, DefaultProducerContext>,
    process: Process,
    metrics: SpoolMetrics,
    spool: Spool,
    _directory: TempDir,
}

impl Ground {
    /// A cluster with the topics, and a spool that nobody drains yet.
    fn prepare() -> Self {
        let cluster = MockCluster::new(1).unwrap();
        for topic in Topic::OF_INGEST {
            cluster.create_topic(&topic.name("meta"), 1, 1).unwrap();
        }
        let (process, directory) = (Process::new("weir-ingest", "0"), tempfile::tempdir().unwrap());
        // What is not there in time is there all the same, and would be stored once more.
        let settings = Settings { spool_timeout: PATIENCE, ..Settings::local("secret", "token") };
        let spool = Spool::open(directory.path(), &settings, &process).unwrap();
        let metrics = spool.parts.metrics.clone();
        Self { cluster, process, metrics, spool, _directory: directory }
    }

    async fn store(&self, bodies: &[&'static [u8]]) {
        for &body in bodies {
            let delivery = sample(body);
            while self.spool.store(&delivery).await.is_err() {}
        }
    }

    /// Drains until nothing waits, and so many are parked.
    async fn drain_until_parked(&self, parked: f64) {
        let (metrics, kafka) = (&self.metrics, kafka(&self.cluster, &self.process).await);
        let draining = tokio::spawn(drain(self.spool.clone(), kafka, RATE, self.process.shutdown.clone()));
        let done = tokio::time::timeout(PATIENCE, async {
            while (metrics.deliveries.get(), metrics.parked.get()) != (0.0, parked) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        done.await.unwrap();
        self.process.shutdown.trigger();
        draining.await.unwrap();
        self.spool.close(true).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_panics_twice_is_parked_and_those_behind_it_arrive() {
    let ground = Ground::prepare();
    ground.store(&[TEXT, PANICS, TEXT]).await;
    ground.drain_until_parked(1.0).await;
    let SpoolMetrics { panics, drained, lost, .. } = &ground.metrics;
    assert_eq!((panics.get(), drained.get(), lost.get()), (2, 2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_given_up_after_two_panics_in_a_row_over_it_and_no_other() {
    let ground = Ground::prepare();
    ground.store(&[PANICS, PANICS]).await;
    let (_, rows) = ground.spool.writer.read(2, ROUND_BYTES).await;
    let kafka = kafka(&ground.cluster, &ground.process).await;
    let mut drain = Drain::new(ground.spool.clone(), kafka, RATE);
    let mut given_up = Vec::new();
    for row in [0, 1, 0, 0, 1, 1, 1] {
        let outcome = drain.send(vec![rows[row].clone()]).await;
        assert_eq!(outcome.has_failed, outcome.refused.is_empty());
        given_up.extend(outcome.refused.into_iter().map(|(_, why)| (row, why)));
    }
    assert_eq!(given_up, [(1, ParkReason::Panicked)]);
    assert_eq!(ground.metrics.panics.get(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_its_way_at_a_panic_is_waited_for_and_the_rest_is_sent_again() {
    let ground = Ground::prepare();
    ground.store(&[TEXT, PANICS, TEXT]).await;
    let (_, rows) = ground.spool.writer.read(3, ROUND_BYTES).await;
    let kafka = kafka(&ground.cluster, &ground.process).await;
    let outcome = Drain::new(ground.spool.clone(), kafka, RATE).send(rows.clone()).await;
    let keys = |rows: &[StoredRow]| rows.iter().map(StoredRow::key).collect::<Vec<_>>();
    assert_eq!((keys(&outcome.acknowledged), keys(&outcome.again)), (keys(&rows[..1]), keys(&rows[1..])));
    assert!(outcome.has_failed && outcome.refused.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_another_version_has_parked_arrives() {
    let ground = Ground::prepare();
    ground.store(&[TEXT]).await;
    let (_, rows) = ground.spool.writer.read(1, ROUND_BYTES).await;
    let park = Change::Park(rows[0].key(), ParkReason::Other("reason_of_a_later_version".to_owned()));
    assert!(ground.spool.writer.change(vec![park]).await);
    assert_eq!(ground.metrics.parked.get().to_string(), "1");
    ground.drain_until_parked(0.0).await;
    assert_eq!((ground.metrics.drained.get(), ground.metrics.lost.get()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_of_a_batch_that_is_too_large_arrive_one_by_one() {
    let ground = Ground::prepare();
    ground.store(&[TEXT, TEXT, TEXT, TEXT]).await;
    let taken = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR;
    let refused = RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    // The two records of the first, which is sent alone; then a batch of several for each of the two topics.
    ground.cluster.request_errors(RDKafkaApiKey::Produce, &[taken, taken, refused, refused]);
    ground.drain_until_parked(0.0).await;
    let SpoolMetrics { drained, lost, .. } = &ground.metrics;
    assert_eq!((drained.get(), lost.get()), (4, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_with_a_record_that_its_topic_refuses_is_parked_and_those_behind_it_arrive() {
    let ground = Ground::prepare();
    ground.store(&[TEXT, TEXT, TEXT]).await;
    let taken = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR;
    let refused = RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_RECORD;
    ground.cluster.request_errors(RDKafkaApiKey::Produce, &[taken, refused]);
    ground.drain_until_parked(1.0).await;
    assert_eq!(ground.metrics.drained.get(), 2);
}
