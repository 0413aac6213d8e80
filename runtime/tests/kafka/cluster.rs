//! A mock cluster, and eyes on its topics.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use runtime::producer::{Producer, ProducerOptions};
use runtime::settings::KafkaSettings;

/// Generous, for a machine that does other things too; nothing waits this long when all is well.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);
/// How often what is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

pub(crate) struct Cluster {
    pub(crate) mock: MockCluster<'static, DefaultProducerContext>,
}

/// A record as it lies in a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) partition: i32,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Stored {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.value.clone().expect("a value")).expect("UTF-8")
    }
}

impl Cluster {
    /// A broker with these topics and their numbers of partitions.
    pub(crate) fn with_topics(topics: &[(&str, i32)]) -> Self {
        let mock = MockCluster::new(1).expect("a mock cluster");
        for (topic, partitions) in topics {
            mock.create_topic(topic, *partitions, 1).expect("a topic");
        }
        Self { mock }
    }

    /// Quick heartbeats and commits, so that a rebalance and a look at offsets take a moment only.
    pub(crate) fn kafka(&self) -> KafkaSettings {
        quick(&self.mock.bootstrap_servers())
    }

    pub(crate) fn producer(&self) -> Producer {
        Producer::new(&self.kafka(), &ProducerOptions::default()).expect("a producer")
    }

    /// Writes values of one key, in order.
    pub(crate) async fn fill(&self, topic: &str, key: &str, values: impl IntoIterator<Item = String>) {
        self.fill_all(topic, values.into_iter().map(|value| (key.to_owned(), value))).await;
    }

    /// Writes keys and values, in order.
    pub(crate) async fn fill_all(&self, topic: &str, records: impl IntoIterator<Item = (String, String)>) {
        let producer = plain_producer(&self.mock.bootstrap_servers());
        for (key, value) in records {
            producer.send(BaseRecord::to(topic).key(&key).payload(&value)).expect("room in the queue");
        }
        flush(producer).await;
    }

    /// The first `count` records of a topic.
    pub(crate) async fn read(&self, topic: &str, partitions: i32, count: usize) -> Vec<Stored> {
        let (brokers, topic) = (self.mock.bootstrap_servers(), topic.to_owned());
        let read = move || read(&brokers, &topic, partitions, count);
        tokio::task::spawn_blocking(read).await.expect("the reader ends")
    }

    /// Everything that is in partition 0 of a topic by now.
    pub(crate) async fn read_all(&self, topic: &str) -> Vec<Stored> {
        let (brokers, name) = (self.mock.bootstrap_servers(), topic.to_owned());
        let count = move || {
            let consumer: BaseConsumer = client(&brokers).create().expect("a client");
            consumer.fetch_watermarks(&name, 0, DEADLINE).expect("watermarks").1
        };
        let count = tokio::task::spawn_blocking(count).await.expect("an answer");
        self.read(topic, 1, usize::try_from(count).expect("a count")).await
    }

    /// The committed offset of partition 0.
    pub(crate) async fn committed(&self, group: &str, topic: &str) -> Option<i64> {
        self.committed_when(group, topic, |_| true).await
    }

    /// Returns once the committed offset of partition 0 is `offset`.
    pub(crate) async fn wait_for_committed(&self, group: &str, topic: &str, offset: i64) {
        self.committed_when(group, topic, move |committed| committed == Some(offset)).await;
    }

    /// The committed offsets of all partitions that have one.
    pub(crate) async fn all_committed(
        &self,
        group: &str,
        topic: &str,
        partitions: i32,
    ) -> BTreeMap<i32, i64> {
        let consumer: BaseConsumer =
            client(&self.mock.bootstrap_servers()).set("group.id", group).create().expect("a consumer");
        let mut list = TopicPartitionList::new();
        for partition in 0..partitions {
            list.add_partition(topic, partition);
        }
        let ask = move || consumer.committed_offsets(list, DEADLINE).expect("an answer");
        let answer = tokio::task::spawn_blocking(ask).await.expect("an answer");
        let known = answer.elements().into_iter().filter_map(|element| match element.offset() {
            Offset::Offset(offset) => Some((element.partition(), offset)),
            _ => None,
        });
        known.collect()
    }

    /// Asks as a client that is no member of the group.
    async fn committed_when(
        &self,
        group: &str,
        topic: &str,
        is_it: impl Fn(Option<i64>) -> bool + Send + 'static,
    ) -> Option<i64> {
        let consumer: BaseConsumer =
            client(&self.mock.bootstrap_servers()).set("group.id", group).create().expect("a consumer");
        let topic = topic.to_owned();
        let ask = move || {
            let deadline = Instant::now() + DEADLINE;
            loop {
                let committed = committed(&consumer, &topic);
                if is_it(committed) {
                    return committed;
                }
                assert!(Instant::now() < deadline, "{committed:?} is committed");
                // What is waited for needs the processor too.
                drop(consumer.poll(LOOK_EVERY));
            }
        };
        tokio::task::spawn_blocking(ask).await.expect("an answer")
    }
}

/// Settings for brokers under test.
///
/// A session must outlast the three seconds for which the mock cluster waits for more members of an empty group: it takes away
/// a member whose session ends while it waits, never answers it, and the member waits for `max.poll.interval.ms`, five
/// minutes (`rd_kafka_mock_cgrp_classic_session_tmr_cb` in its `rdkafka_mock_cgrp.c`). Every later rebalance takes a second less
/// than a session.
pub(crate) fn quick(brokers: &str) -> KafkaSettings {
    let mut kafka = KafkaSettings::plain(brokers);
    let properties = [
        ("session.timeout.ms", "4500"),
        ("heartbeat.interval.ms", "200"),
        ("auto.commit.interval.ms", "100"),
        ("fetch.wait.max.ms", "10"),
        ("topic.metadata.refresh.interval.ms", "1000"),
    ];
    for (name, value) in properties {
        kafka.properties.insert(name.to_owned(), value.to_owned());
    }
    kafka
}

/// Returns once `is_so`, and says what it waited for when that does not come.
pub(crate) async fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never came: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// `count` values that tell their place.
pub(crate) fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{number:04}")).collect()
}

fn committed(consumer: &BaseConsumer, topic: &str) -> Option<i64> {
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition(topic, 0);
    let offsets = consumer.committed_offsets(partitions, DEADLINE).expect("an answer");
    match offsets.elements()[0].offset() {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    }
}

/// Not idempotent: an idempotent producer's first record waits half a second for its id.
pub(crate) fn plain_producer(brokers: &str) -> BaseProducer {
    let mut config = client(brokers);
    config.remove("fetch.wait.max.ms").set("partitioner", "murmur2_random").set("linger.ms", "0");
    config.create().expect("a producer")
}

/// Returns once everything is written.
pub(crate) async fn flush(producer: BaseProducer) {
    let flushed = tokio::task::spawn_blocking(move || producer.flush(DEADLINE));
    flushed.await.expect("the flush ends").expect("an acknowledgement");
}

fn client(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("fetch.wait.max.ms", "20");
    config
}

fn read(brokers: &str, topic: &str, partitions: i32, count: usize) -> Vec<Stored> {
    let consumer: BaseConsumer = client(brokers).set("group.id", "reader").create().expect("a consumer");
    let mut list = TopicPartitionList::new();
    for partition in 0..partitions {
        list.add_partition_offset(topic, partition, Offset::Beginning).expect("an offset");
    }
    // Without knowing the leader first, librdkafka asks for the offsets half a second later.
    consumer.fetch_metadata(Some(topic), DEADLINE).expect("metadata");
    consumer.assign(&list).expect("an assignment");
    let deadline = Instant::now() + DEADLINE;
    let mut records = Vec::new();
    while records.len() < count {
        assert!(Instant::now() < deadline, "{topic}: {} of {count} records", records.len());
        if let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) {
            let headers = message.headers().map_or_else(Vec::new, |headers| {
                let owned = |value: &[u8]| value.to_vec();
                headers.iter().map(|header| (header.key.to_owned(), header.value.map(owned))).collect()
            });
            records.push(Stored {
                partition: message.partition(),
                key: message.key().map(<[u8]>::to_vec),
                value: message.payload().map(<[u8]>::to_vec),
                headers,
            });
        }
    }
    records
}
