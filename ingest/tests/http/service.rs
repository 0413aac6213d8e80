//! Ingest on a loopback port over librdkafka's mock cluster, with a client that speaks bytes.

use hmac::{Hmac, KeyInit as _, Mac as _};
use rdkafka::ClientConfig;
use rdkafka::config::FromClientConfig as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use runtime::process::Process;
use runtime::settings::KafkaSettings;
use schemas::Topic;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use weir_ingest::{Limits, ProducerKind, ServeError, Settings};

pub(crate) const SECRET: &str = "test_app_secret";
pub(crate) const TOKEN: &str = "meatyhamhock";
const PARTITIONS: i32 = 3;
/// Generous, for a machine that does other things too.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// The longest that may be set: what is late here is late on purpose.
const ACK_TIMEOUT: Duration = Duration::from_secs(4);

pub(crate) struct Service {
    pub(crate) cluster: MockCluster<'static, DefaultProducerContext>,
    pub(crate) address: SocketAddr,
    pub(crate) process: Process,
    serving: JoinHandle<Result<(), ServeError>>,
}

/// A record of a topic, as a subscriber sees it.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) key: Option<String>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: BTreeMap<String, String>,
}

/// Over the producer that the environment names, as for the binary.
pub(crate) fn settings() -> Settings {
    let is_direct = std::env::var_os("WEIR_PRODUCER").is_some_and(|producer| producer == "direct");
    let producer = if is_direct { ProducerKind::Direct } else { ProducerKind::Rdkafka };
    Settings { producer, ack_timeout: ACK_TIMEOUT, ..Settings::local(SECRET, TOKEN) }
}

/// The same with other limits.
pub(crate) fn limited(change: impl FnOnce(&mut Limits)) -> Settings {
    let mut settings = settings();
    change(&mut settings.limits);
    settings
}

/// A cluster with every topic of ingest.
pub(crate) fn cluster() -> MockCluster<'static, DefaultProducerContext> {
    let cluster = MockCluster::new(1).unwrap();
    for topic in Topic::OF_INGEST {
        cluster.create_topic(&topic.name("meta"), PARTITIONS, 1).unwrap();
    }
    cluster
}

impl Service {
    /// Serves over a cluster with all topics, once it is ready.
    pub(crate) async fn start(settings: Settings) -> Self {
        let service = Self::over(cluster(), settings).await;
        service.until_ready().await;
        service
    }

    pub(crate) async fn over(
        cluster: MockCluster<'static, DefaultProducerContext>,
        settings: Settings,
    ) -> Self {
        let listener = TcpListener::bind(settings.listen).await.unwrap();
        let address = listener.local_addr().unwrap();
        let process = Process::new("weir-ingest", "0");
        let kafka = KafkaSettings::plain(cluster.bootstrap_servers());
        let shared = process.clone();
        let serving =
            tokio::spawn(async move { weir_ingest::serve(listener, &kafka, "meta", settings, shared).await });
        Self { cluster, address, process, serving }
    }

    pub(crate) async fn until_ready(&self) {
        let report = || self.process.health.report(runtime::process::health::Probe::Readiness).verbose();
        until("ingest is ready", async || report().contains("[+]kafka ok")).await;
    }

    pub(crate) async fn stop(self) -> Result<(), ServeError> {
        self.process.shutdown.trigger();
        tokio::time::timeout(PATIENCE, self.serving).await.expect("ingest ends in time").unwrap()
    }

    /// Ends the process and starts another one over the same cluster.
    pub(crate) async fn restart(self, settings: Settings) -> Self {
        let cluster = self.end().await;
        Self::over(cluster, settings).await
    }

    /// Ends the process, and leaves the cluster.
    pub(crate) async fn end(self) -> MockCluster<'static, DefaultProducerContext> {
        self.process.shutdown.trigger();
        let ended = tokio::time::timeout(PATIENCE, self.serving).await.expect("ingest ends in time");
        ended.unwrap().unwrap();
        assert!(self.process.shutdown.finished(PATIENCE).await, "what runs in the background ends");
        self.cluster
    }

    pub(crate) async fn connect(&self) -> Connection {
        Connection::to(self.address).await
    }

    /// Sends one request on a connection of its own and reads its answer.
    pub(crate) async fn ask(&self, request: &[u8]) -> Answer {
        let mut connection = self.connect().await;
        connection.send(request).await;
        connection.answer().await
    }

    /// As [`Self::ask`]: the status alone, and none where the connection ended before a whole answer.
    pub(crate) async fn try_ask(&self, request: &[u8]) -> Option<u16> {
        let mut connection = self.connect().await;
        connection.try_send(request).await.ok()?;
        let status = tokio::time::timeout(PATIENCE, connection.next_status());
        status.await.expect("an answer comes in time")
    }

    pub(crate) async fn post(&self, body: &[u8]) -> Answer {
        self.ask(&signed(body)).await
    }

    /// Waits until `topic` holds `count` records, and returns them.
    pub(crate) async fn records(&self, topic: Topic, count: usize) -> Vec<Record> {
        self.records_until(topic, move |records| records.len() >= count).await
    }

    /// Waits until what `topic` holds is enough, and returns it.
    pub(crate) async fn records_until(
        &self,
        topic: Topic,
        is_enough: impl Fn(&[Record]) -> bool + Send + 'static,
    ) -> Vec<Record> {
        let (brokers, topic) = (self.cluster.bootstrap_servers(), topic.name("meta"));
        tokio::task::spawn_blocking(move || read(&brokers, &topic, is_enough)).await.unwrap()
    }

    /// The sum of a metric's samples that have a label of this value.
    pub(crate) fn metric(&self, name: &str, label: &str) -> usize {
        let families = self.process.registry.gather();
        let of_name = families.iter().filter(|family| family.name() == name);
        let metrics = of_name.flat_map(prometheus::proto::MetricFamily::get_metric);
        let with_label = metrics
            .filter(|metric| label.is_empty() || metric.get_label().iter().any(|pair| pair.value() == label));
        let value = |metric: &prometheus::proto::Metric| {
            metric.get_counter().get_value() + metric.get_gauge().get_value()
        };
        let sum = with_label.map(value).fold(0.0, |sum, value| sum + value);
        // Not known: larger than anything.
        if sum.is_nan() { usize::MAX } else { sum.to_string().parse().unwrap() }
    }
}

impl Service {
    /// The value of a gauge without labels.
    #[expect(clippy::cast_possible_truncation, reason = "a test counts whole numbers, and few")]
    pub(crate) fn gauge(&self, name: &str) -> i64 {
        let families = self.process.registry.gather();
        let metrics = families.iter().filter(|family| family.name() == name);
        let values = metrics.flat_map(prometheus::proto::MetricFamily::get_metric);
        values.map(|metric| metric.get_gauge().get_value()).sum::<f64>() as i64
    }
}

/// Waits until `condition` holds; the deadline is far beyond what it should take.
pub(crate) async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn read(brokers: &str, topic: &str, is_enough: impl Fn(&[Record]) -> bool) -> Vec<Record> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("group.id", "reader").set("enable.auto.commit", "false");
    let consumer = BaseConsumer::from_config(&config).unwrap();
    let mut partitions = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        partitions.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&partitions).unwrap();
    let deadline = Instant::now() + PATIENCE;
    let mut records = Vec::new();
    while !is_enough(&records) {
        assert!(Instant::now() < deadline, "{topic} holds {} records, which is not enough", records.len());
        let Some(message) = consumer.poll(Duration::from_millis(100)) else { continue };
        let message = message.unwrap();
        let headers = message.headers().map(|headers| {
            let pairs = headers.iter();
            pairs.map(|header| (header.key.to_owned(), lossy(header.value.unwrap_or_default()))).collect()
        });
        records.push(Record {
            key: message.key().map(lossy),
            value: message.payload().map(<[u8]>::to_vec),
            headers: headers.unwrap_or_default(),
        });
    }
    records
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The digits of a body's signature.
pub(crate) fn digest(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    let digits = mac.finalize().into_bytes();
    digits
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
        .collect()
}

/// A whole request: a delivery signed with the test secret.
pub(crate) fn signed(body: &[u8]) -> Vec<u8> {
    signed_with(SECRET, body)
}

pub(crate) fn signed_with(secret: &str, body: &[u8]) -> Vec<u8> {
    post(&format!("x-hub-signature-256: sha256={}\r\n", digest(secret, body)), body)
}

/// A whole request: a POST with these header lines beside host and length.
pub(crate) fn post(headers: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("POST /webhook HTTP/1.1\r\nhost: weir\r\n{headers}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).await.unwrap()))
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    pub(crate) async fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }

    /// The status of the next answer, interim ones too; `None` when the connection ends before a whole one.
    pub(crate) async fn next_status(&mut self) -> Option<u16> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.ok()?);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        let mut body = vec![0; length.parse().unwrap()];
        self.0.read_exact(&mut body).await.ok()?;
        Some(head.split(' ').nth(1).unwrap().parse().unwrap())
    }

    /// Reads one answer, as long as its `content-length` says.
    pub(crate) async fn answer(&mut self) -> Answer {
        tokio::time::timeout(PATIENCE, self.read_answer()).await.expect("an answer comes in time")
    }

    async fn read_answer(&mut self) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.expect("an answer has a whole head"));
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        let mut body = vec![0; length.parse().unwrap()];
        self.0.read_exact(&mut body).await.unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: String::from_utf8(body).unwrap() }
    }

    /// Whether the server closes the connection without a further byte.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let read =
            tokio::time::timeout(PATIENCE, self.0.read_u8()).await.expect("the connection ends in time");
        read.is_err()
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}
