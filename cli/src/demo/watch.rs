//! Reads every topic from the beginning, without a group, and tells what it sees.

use super::fact::{Fact, Read, Seen};
use super::{DemoError, TOPIC_PREFIX};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaResult;
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use schemas::{Topic, TopicSpec};
use std::collections::HashMap;
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long one look at the topics takes where they have nothing new, so that the thread notices its end.
const LOOK: Duration = Duration::from_millis(100);
/// Records that may wait for the screen.
const WAITING: usize = 1_000;

/// What is on the topics, in the order in which it is read. Dropping it ends the thread that reads.
#[derive(Debug)]
pub(super) struct Watch {
    records: mpsc::Receiver<Seen>,
}

impl Watch {
    /// Begins to read.
    pub(super) fn start(bootstrap: &str) -> Result<Self, DemoError> {
        let consumer = consumer(bootstrap).map_err(|error| DemoError::Watch(error.to_string()))?;
        let (sender, records) = mpsc::channel(WAITING);
        thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || read(&consumer, &sender))
            .map_err(|error| DemoError::Watch(error.to_string()))?;
        Ok(Self { records })
    }

    /// The next record.
    pub(super) async fn next(&mut self) -> Result<Seen, DemoError> {
        self.records.recv().await.ok_or_else(|| DemoError::Watch("its thread ended".to_owned()))
    }
}

fn consumer(bootstrap: &str) -> KafkaResult<BaseConsumer> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("client.id", "weir-demo")
        .set("group.id", "weir-demo")
        .set("enable.auto.commit", "false")
        .set("fetch.wait.max.ms", "50")
        .create()?;
    let partitions = i32::try_from(TopicSpec::DEFAULT_PARTITIONS).unwrap_or(i32::MAX);
    let mut everything = TopicPartitionList::new();
    for topic in Topic::ALL {
        for partition in 0..partitions {
            everything.add_partition_offset(&topic.name(TOPIC_PREFIX), partition, Offset::Beginning)?;
        }
    }
    consumer.assign(&everything)?;
    Ok(consumer)
}

/// Reads until nobody listens any more.
fn read(consumer: &BaseConsumer, sender: &mpsc::Sender<Seen>) {
    let topics: HashMap<String, Topic> = Topic::ALL.map(|topic| (topic.name(TOPIC_PREFIX), topic)).into();
    while !sender.is_closed() {
        match consumer.poll(LOOK) {
            Some(Ok(message)) => {
                let Some(topic) = topics.get(message.topic()) else { continue };
                if sender.blocking_send(seen(*topic, &message)).is_err() {
                    return;
                }
            }
            Some(Err(error)) => tracing::debug!(%error, "the watch waits for the mock cluster"),
            None => {}
        }
    }
}

fn seen(topic: Topic, message: &BorrowedMessage<'_>) -> Seen {
    let mut headers = message.headers().into_iter().flat_map(|headers| headers.iter());
    let reason = headers.find(|header| header.key == "weir_dlq_reason").and_then(|header| header.value);
    Fact::of(Read { topic, key: message.key(), value: message.payload().unwrap_or_default(), reason })
}
