//! The floor of consumers: bare rdkafka that reads a topic, throws its records away and says how many there were.

use anyhow::{Context as _, Result, bail};
use rdkafka::ClientConfig;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::error::KafkaError;

/// How often it says so, beside the last record of all.
const EVERY: u64 = 1_000;

#[tokio::main]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [brokers, topic, all] = words.as_slice() else {
        bail!("give brokers, a topic and how many records there are")
    };
    let all: u64 = all.parse().context("how many records there are")?;
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers.as_str())
        .set("group.id", format!("weir-bench-floor-{topic}"))
        .set("auto.offset.reset", "earliest")
        .create()
        .context("making a consumer")?;
    consumer.subscribe(&[topic.as_str()]).context("subscribing")?;
    let mut read = 0_u64;
    loop {
        match consumer.recv().await {
            Ok(_) => read += 1,
            // The group may not be there yet; the client goes on by itself.
            Err(KafkaError::MessageConsumption(_)) => continue,
            Err(error) => return Err(error).context("reading"),
        }
        if read == all || read.is_multiple_of(EVERY) {
            say(read);
        }
    }
}

#[expect(clippy::print_stdout, reason = "what it is started for")]
fn say(read: u64) {
    println!("{read}");
}
