//! A mock cluster with the topics of the messages, and eyes on them.

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use runtime::settings::KafkaSettings;
use schemas::Topic;
use std::time::{Duration, Instant};

/// Far longer than anything here should take.
const PATIENCE: Duration = Duration::from_mins(2);
pub(crate) const PREFIX: &str = "meta";

pub(crate) struct Cluster {
    mock: MockCluster<'static, DefaultProducerContext>,
    outputs: i32,
}

impl Cluster {
    /// With so many partitions of the inputs, and of the inbox.
    pub(crate) fn start(inputs: i32, outputs: i32) -> Self {
        let mock = MockCluster::new(1).unwrap();
        let topics = [
            (Topic::Messages, inputs),
            (Topic::Standby, inputs),
            (Topic::Receipts, inputs),
            (Topic::Comments, inputs),
            (Topic::Mentions, inputs),
            (Topic::Feed, inputs),
            (Topic::Inbox, outputs),
            (Topic::InboxReceipts, outputs),
            (Topic::InboxComments, outputs),
            (Topic::MessagesDlq, 1),
        ];
        for (topic, partitions) in topics {
            mock.create_topic(&topic.name(PREFIX), partitions, 1).unwrap();
        }
        Self { mock, outputs }
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
            let record = BaseRecord::to(&topic).key(key).payload(value);
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        producer.flush(PATIENCE).unwrap();
    }

    /// The event ids of all records in an output topic, once there are so many at least.
    pub(crate) async fn ids(&self, topic: Topic, at_least: usize) -> Vec<String> {
        let (brokers, name, partitions) = (self.mock.bootstrap_servers(), topic.name(PREFIX), self.outputs);
        tokio::task::spawn_blocking(move || ids(&brokers, &name, partitions, at_least)).await.unwrap()
    }
}

fn ids(brokers: &str, topic: &str, partitions: i32, at_least: usize) -> Vec<String> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("group.id", "reader").set("fetch.wait.max.ms", "20");
    let consumer: BaseConsumer = config.create().unwrap();
    let mut list = TopicPartitionList::new();
    let mut count = 0;
    for partition in 0..partitions {
        list.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
        count += consumer.fetch_watermarks(topic, partition, PATIENCE).unwrap().1;
    }
    consumer.assign(&list).unwrap();
    let next = || {
        let deadline = Instant::now() + PATIENCE;
        // The client comes back without a record before the time is over, too.
        loop {
            match consumer.poll(PATIENCE) {
                Some(message) => break message.unwrap(),
                None => assert!(Instant::now() < deadline, "the next record comes"),
            }
        }
    };
    let id = |_| {
        let message = next();
        let headers = message.headers().expect("it has headers");
        let header = headers.iter().find(|header| header.key == "ce_id").expect("it has an id");
        String::from_utf8(header.value.unwrap_or_default().to_vec()).unwrap()
    };
    (0..at_least.max(usize::try_from(count).unwrap())).map(id).collect()
}
