//! The floor of consumers: bare rdkafka that reads a topic, throws its records away, or publishes each once more, and says how many there
//! were.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use rdkafka::{ClientConfig, Message as _};

/// How often it says so, beside the last record of all.
const EVERY: u64 = 1_000;
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_mins(1);

#[tokio::main]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (brokers, topic, all, to) = match words.as_slice() {
        [brokers, topic, all] => (brokers, topic, all, None),
        [brokers, topic, all, to] => (brokers, topic, all, Some(to)),
        _ => bail!("give brokers, a topic, how many records there are and, to publish them, another topic"),
    };
    let all: u64 = all.parse().context("how many records there are")?;
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers.as_str())
        .set("group.id", format!("weir-bench-floor-{topic}-{}", to.map_or("nowhere", String::as_str)))
        .set("auto.offset.reset", "earliest")
        .create()
        .context("making a consumer")?;
    consumer.subscribe(&[topic.as_str()]).context("subscribing")?;
    let publisher = to.map(|to| Publisher::new(brokers, to)).transpose()?;
    let mut read = 0_u64;
    loop {
        match consumer.recv().await {
            Ok(message) => {
                publisher.as_ref().map_or(Ok(()), |publisher| publisher.publish(&message))?;
                read += 1;
            }
            // The group may not be there yet; the client goes on by itself.
            Err(KafkaError::MessageConsumption(_)) => continue,
            Err(error) => return Err(error).context("reading"),
        }
        if read == all {
            publisher.as_ref().map_or(Ok(()), Publisher::finish)?;
        }
        if read == all || read.is_multiple_of(EVERY) {
            say(read);
        }
    }
}

/// Publishes as Weir's consumers do: idempotent, acknowledged by all.
struct Publisher<'a> {
    producer: ThreadedProducer<DefaultProducerContext>,
    topic: &'a str,
}

impl<'a> Publisher<'a> {
    fn new(brokers: &str, topic: &'a str) -> Result<Self> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers).set("enable.idempotence", "true").set("linger.ms", "0.5");
        Ok(Self { producer: config.create().context("making a producer")?, topic })
    }

    fn publish(&self, message: &BorrowedMessage<'_>) -> Result<()> {
        let mut record = BaseRecord::<[u8], [u8]>::to(self.topic);
        (record.key, record.payload) = (message.key(), message.payload());
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), again)) => {
                    self.finish()?;
                    record = again;
                }
                Err((error, _)) => return Err(error).context("publishing"),
            }
        }
    }

    fn finish(&self) -> Result<()> {
        self.producer.flush(ACKNOWLEDGED_WITHIN).context("waiting for acknowledgements")
    }
}

#[expect(clippy::print_stdout, reason = "what it is started for")]
fn say(read: u64) {
    println!("{read}");
}
