//! Ingest with a spool, over librdkafka's mock cluster, in the process of the test; what looks into it is another one.

use hmac::{Hmac, KeyInit as _, Mac as _};
use rdkafka::ClientConfig;
use rdkafka::config::FromClientConfig as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use runtime::process::Process;
use runtime::settings::KafkaSettings;
use schemas::Topic;
use sha2::Sha256;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use weir_ingest::{ServeError, Settings};
use weir_tests::until::until;

const SECRET: &str = "test_app_secret";
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Service {
    pub(crate) cluster: MockCluster<'static, DefaultProducerContext>,
    address: SocketAddr,
    process: Process,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl Service {
    /// Serves with a spool, ready, while Kafka is there.
    pub(crate) async fn start(spool: &Path) -> Self {
        let cluster = MockCluster::new(1).unwrap();
        for topic in Topic::OF_INGEST {
            cluster.create_topic(&topic.name("meta"), 1, 1).unwrap();
        }
        let settings = Settings {
            // However busy other tests keep the disk.
            spool_timeout: Duration::from_secs(4),
            spool_dir: Some(spool.to_owned()),
            ack_timeout: Duration::from_millis(200),
            drain_timeout: Duration::from_secs(1),
            ..Settings::local(SECRET, "token")
        };
        let listener = TcpListener::bind(settings.listen).await.unwrap();
        let address = listener.local_addr().unwrap();
        let process = Process::new("weir-ingest", "0");
        let kafka = KafkaSettings::plain(cluster.bootstrap_servers());
        let shared = process.clone();
        let serving =
            tokio::spawn(async move { weir_ingest::serve(listener, &kafka, "meta", settings, shared).await });
        let service = Self { cluster, address, process, serving };
        let report = || service.process.health.report(runtime::process::health::Probe::Readiness).verbose();
        let sees_kafka = async || Ok(report().contains("[+]kafka ok").then_some(()));
        until("ingest to see Kafka", PATIENCE, sees_kafka).await.unwrap();
        service
    }

    /// Ends it, and lets go of its files.
    pub(crate) async fn stop(self) {
        self.process.shutdown.trigger();
        tokio::time::timeout(PATIENCE, self.serving).await.expect("ingest ends in time").unwrap().unwrap();
        assert!(self.process.shutdown.finished(PATIENCE).await, "what runs in the background ends");
    }

    /// The status that a signed delivery is answered with.
    pub(crate) fn post(&self, body: &[u8]) -> u16 {
        self.post_with(&signature(body), body)
    }

    pub(crate) fn post_with(&self, signature: &str, body: &[u8]) -> u16 {
        let head = format!(
            "POST /webhook HTTP/1.1\r\nhost: weir\r\nconnection: close\r\nx-hub-signature-256: {signature}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut connection = TcpStream::connect(self.address).unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        connection.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// The value of a gauge.
    pub(crate) fn gauge(&self, name: &str) -> f64 {
        let families = self.process.registry.gather();
        let family = families.iter().find(|family| family.name() == name).unwrap();
        family.get_metric()[0].get_gauge().get_value()
    }

    pub(crate) async fn until_gauge(&self, name: &str, value: f64) {
        let is_so = async || Ok(((self.gauge(name) - value).abs() < 0.5).then_some(()));
        until(name, PATIENCE, is_so).await.unwrap();
    }

    /// The values of the raw topic, once there are as many.
    pub(crate) async fn raw(&self, count: usize) -> Vec<Vec<u8>> {
        let brokers = self.cluster.bootstrap_servers();
        tokio::task::spawn_blocking(move || read(&brokers, count)).await.unwrap()
    }
}

fn read(brokers: &str, count: usize) -> Vec<Vec<u8>> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("group.id", "reader").set("enable.auto.commit", "false");
    let consumer = BaseConsumer::from_config(&config).unwrap();
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition_offset(&Topic::Raw.name("meta"), 0, Offset::Beginning).unwrap();
    consumer.assign(&partitions).unwrap();
    let deadline = Instant::now() + PATIENCE;
    let mut values = Vec::new();
    while values.len() < count {
        assert!(Instant::now() < deadline, "{} records, which is not enough", values.len());
        if let Some(message) = consumer.poll(Duration::from_millis(100)) {
            values.push(message.unwrap().payload().unwrap_or_default().to_vec());
        }
    }
    values
}

/// What Meta sends as `X-Hub-Signature-256`.
fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body);
    let digits = mac.finalize().into_bytes().map(|byte| format!("{byte:02x}"));
    format!("sha256={}", digits.as_slice().concat())
}
