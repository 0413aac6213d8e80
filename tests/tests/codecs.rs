//! A topic may have any codec: its broker compresses what comes, and every reader of Weir can read it.

#![cfg(feature = "everything")]

use anyhow::{Context as _, Result};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use runtime::consumer::{OffsetRange, Tail};
use runtime::kafka::credentials::Credentials;
use runtime::settings::KafkaSettings;
use weir_tests::kafka::Kafka;
use weir_tests::writer::{self, Outgoing};

const CODECS: [&str; 4] = ["gzip", "snappy", "lz4", "zstd"];

/// A topic of each codec, named by it.
async fn create(bootstrap: &str) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", bootstrap).create()?;
    let topic = |codec| NewTopic::new(codec, 1, TopicReplication::Fixed(1)).set("compression.type", codec);
    for made in admin.create_topics(&CODECS.map(topic), &AdminOptions::new()).await? {
        made.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code}"))?;
    }
    Ok(())
}

async fn read(bootstrap: &str, topic: &'static str) -> Result<Vec<Option<Vec<u8>>>> {
    let tail = Tail::new(KafkaSettings::plain(bootstrap), Credentials::default(), "weir-test");
    let read = tail.read(move |reader| {
        let mut values = Vec::new();
        let range = OffsetRange { topic, partitions: &[0], most: 1_000, before: None };
        reader.each(&range, |record| values.push(record.value.clone()))?;
        Ok(values)
    });
    read.await.with_context(|| format!("reading {topic}"))
}

#[tokio::test]
async fn topics_of_every_codec_are_read() {
    let kafka = Kafka::start().await.unwrap();
    create(kafka.bootstrap()).await.unwrap();
    let values: Vec<_> =
        (0..100).map(|number| Some(format!("{number:04}").repeat(100).into_bytes())).collect();
    for codec in CODECS {
        let records = values.iter().map(|value| Outgoing { value: value.clone(), ..Outgoing::default() });
        writer::write(kafka.bootstrap(), codec, records.collect()).await.unwrap();
        assert_eq!(read(kafka.bootstrap(), codec).await.unwrap(), values, "{codec}");
    }
}
