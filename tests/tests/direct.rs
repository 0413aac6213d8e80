//! Ingest's own producer beside librdkafka: the same records in the same partitions, and properties that it refuses.

#![cfg(feature = "everything")]

use std::collections::BTreeSet;

use schemas::Topic;
use tempfile::NamedTempFile;
use weir_tests::pipeline::{APP_SECRET, Ground, PATIENCE, PREFIX};
use weir_tests::process::Binary;
use weir_tests::reader::{self, Record};

const DELIVERIES: [&[u8]; 4] = [
    include_bytes!("../../schemas/fixtures/batch/conversation-and-comments-of-two-accounts.json"),
    include_bytes!("../../schemas/fixtures/batch/messages-and-a-comment.json"),
    include_bytes!("../../schemas/fixtures/batch/two-entries-four-items.json"),
    b"no delivery at all",
];
const TOPICS: [Topic; 4] = [Topic::Raw, Topic::Messages, Topic::Comments, Topic::IngestDlq];

/// What of a record does not depend on when its delivery came. One with a key is an event, whose partition and id follow from
/// it; one without has Meta's bytes, and may be anywhere.
fn lasting(record: &Record) -> String {
    let names: Vec<&String> = record.headers.iter().map(|(name, _)| name).collect();
    let what = match record.key_text() {
        Some(key) => format!("{} {key} {:?}", record.partition, record.header("ce_id")),
        None => String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned(),
    };
    format!("{} {what} {:?} {names:?}", record.topic, record.header("ce_type"))
}

#[tokio::test]
async fn records_are_those_of_librdkafka_in_the_same_partitions() {
    let ground = Ground::prepare().await.unwrap();
    let mut seen = BTreeSet::new();
    let mut written = Vec::new();
    // A delivery that is not acknowledged in time is posted again, as Meta does: what counts is which records there are.
    for (producer, codec) in [("rdkafka", "none"), ("direct", "none"), ("direct", "lz4"), ("direct", "zstd")]
    {
        ground.set_property(&format!("compression.type={codec}")).unwrap();
        let (mut ingest, sender) = ground.ingest(&["--producer", producer]).await.unwrap();
        for delivery in DELIVERIES {
            sender.post_until_accepted(delivery, PATIENCE).await.unwrap();
        }
        ingest.process.terminate(PATIENCE).await.unwrap();
        let mut new = BTreeSet::new();
        for topic in TOPICS {
            let all = reader::read(ground.kafka.bootstrap(), &topic.name(PREFIX)).await.unwrap();
            let is_new =
                |record: &&Record| seen.insert((record.topic.clone(), record.partition, record.offset));
            new.extend(all.iter().filter(is_new).map(lasting));
        }
        assert!(new.len() > 10, "{new:?}");
        written.push(new);
    }
    let of_librdkafka = written.remove(0);
    assert!(written.iter().all(|of_direct| *of_direct == of_librdkafka), "{of_librdkafka:?}, {written:?}");
}

#[tokio::test]
async fn properties_that_it_does_not_honour_are_named_and_the_exit_code_is_2() {
    let file = NamedTempFile::new().unwrap();
    let properties = "security.protocol=PLAINTEXT\ncompression.type=gzip\nfetch.max.bytes=1000000\nssl.crl.location=/crl\n";
    std::fs::write(file.path(), properties).unwrap();
    let path = file.path().to_str().unwrap();
    let args = ["--brokers", "localhost:9092", "--producer", "direct", "--kafka-config", path];
    let mut ingest = Binary::start("weir-ingest", &args, &[("WEIR_APP_SECRET", APP_SECRET)]).unwrap();
    let status = ingest.wait(PATIENCE).await.unwrap();
    let said = ingest.stderr().unwrap();
    assert_eq!(status.code(), Some(2), "{said}");
    assert!(said.contains("found compression.type") && said.contains("found ssl.crl.location"), "{said}");
    assert!(!said.contains("fetch.max.bytes"), "{said}");
}
