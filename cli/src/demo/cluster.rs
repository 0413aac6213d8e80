//! A Kafka cluster within this process: librdkafka's mock, with every topic of the pipeline.

use super::TOPIC_PREFIX;
use rdkafka::error::KafkaResult;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use schemas::{Topic, TopicSpec};
use std::net::TcpStream;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

const WAKE_EVERY: Duration = Duration::from_millis(2);

/// Starts one broker and makes the topics; the cluster ends, with all that it holds, when dropped.
pub(super) fn start() -> KafkaResult<MockCluster<'static, DefaultProducerContext>> {
    let cluster = MockCluster::new(1)?;
    let partitions = i32::try_from(TopicSpec::DEFAULT_PARTITIONS).unwrap_or(i32::MAX);
    let _awake = keep_awake(cluster.bootstrap_servers());
    for topic in Topic::ALL {
        cluster.create_topic(&topic.name(TOPIC_PREFIX), partitions, 1)?;
    }
    Ok(cluster)
}

/// Knocks at the broker until the sender is dropped. The mock cluster's thread can miss the call to make a topic that
/// follows close on another, and sleeps for a while then; a connection wakes it.
fn keep_awake(bootstrap: String) -> Sender<()> {
    let (sender, dropped) = mpsc::channel();
    thread::spawn(move || {
        while dropped.recv_timeout(WAKE_EVERY) == Err(RecvTimeoutError::Timeout) {
            // A knock that is not heard is followed by another.
            drop(TcpStream::connect(&bootstrap));
        }
    });
    sender
}
