//! A mock cluster with the topics of the lookups, and eyes on them.

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use runtime::settings::KafkaSettings;
use schemas::Topic;
use std::time::{Duration, Instant};

/// Far longer than anything here should take.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);
pub(crate) const PREFIX: &str = "meta";
const PARTITIONS: i32 = 12;

pub(crate) struct Cluster {
    mock: MockCluster<'static, DefaultProducerContext>,
}

/// A record as it lies in a topic.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) topic: String,
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Stored {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(header, _)| header == name).map_or("", |(_, value)| value)
    }
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let mock = MockCluster::new(1).unwrap();
        let topics = [
            Topic::Comments,
            Topic::Mentions,
            Topic::CommentsEnriched,
            Topic::MentionsEnriched,
            Topic::LookupsDlq,
        ];
        for topic in topics {
            mock.create_topic(&topic.name(PREFIX), PARTITIONS, 1).unwrap();
        }
        Self { mock }
    }

    pub(crate) fn kafka(&self) -> KafkaSettings {
        let mut kafka = KafkaSettings::plain(self.mock.bootstrap_servers());
        for (name, value) in [
            ("session.timeout.ms", "6000"),
            ("heartbeat.interval.ms", "200"),
            ("auto.commit.interval.ms", "100"),
            ("fetch.wait.max.ms", "10"),
        ] {
            kafka.properties.insert(name.to_owned(), value.to_owned());
        }
        kafka
    }

    /// Writes keys and values, in order.
    pub(crate) fn fill(&self, topic: Topic, records: &[(String, Vec<u8>)]) {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.mock.bootstrap_servers()).set("partitioner", "murmur2_random");
        let producer: BaseProducer = config.create().unwrap();
        let topic = topic.name(PREFIX);
        for (key, value) in records {
            producer
                .send(BaseRecord::to(&topic).key(key).payload(value))
                .map_err(|(error, _)| error)
                .unwrap();
        }
        producer.flush(PATIENCE).unwrap();
    }

    /// The first `count` records of these topics together.
    pub(crate) async fn read(&self, topics: &[Topic], count: usize) -> Vec<Stored> {
        let brokers = self.mock.bootstrap_servers();
        let topics: Vec<_> = topics.iter().map(|topic| topic.name(PREFIX)).collect();
        tokio::task::spawn_blocking(move || read(&brokers, &topics, count)).await.unwrap()
    }
}

fn read(brokers: &str, topics: &[String], count: usize) -> Vec<Stored> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("group.id", "reader").set("fetch.wait.max.ms", "20");
    let consumer: BaseConsumer = config.create().unwrap();
    let mut list = TopicPartitionList::new();
    for topic in topics {
        for partition in 0..PARTITIONS {
            list.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
        }
        consumer.fetch_metadata(Some(topic), PATIENCE).unwrap();
    }
    consumer.assign(&list).unwrap();
    let deadline = Instant::now() + PATIENCE;
    let mut records = Vec::with_capacity(count);
    while records.len() < count {
        assert!(Instant::now() < deadline, "{} of {count} records", records.len());
        if let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            let headers = message.headers().map_or_else(Vec::new, |headers| {
                let header = |header: rdkafka::message::Header<'_, &[u8]>| {
                    (header.key.to_owned(), header.value.map_or_else(String::new, text))
                };
                headers.iter().map(header).collect()
            });
            records.push(Stored {
                topic: message.topic().to_owned(),
                key: text(message.key().unwrap_or_default()),
                value: text(message.payload().unwrap_or_default()),
                headers,
            });
        }
    }
    records
}
