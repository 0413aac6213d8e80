//! `weir tail` over a real broker: it says what it cannot read, and reads partitions that are added.

#![cfg(feature = "everything")]

use std::time::Duration;

use anyhow::{Result, ensure};
use schemas::Topic;
use weir_tests::pipeline::{Ground, PATIENCE, PREFIX};
use weir_tests::process::Binary;
use weir_tests::secured::{PASSWORD, Secured};
use weir_tests::topics;
use weir_tests::until::until;
use weir_tests::writer::{self, Outgoing};

/// A watch may wait for its brokers several times, and looks for new partitions now and then.
const LONG: Duration = PATIENCE.saturating_mul(4);
/// Twice what a topic begins with.
const PARTITIONS: i32 = 24;

async fn write(bootstrap: &str, topic: &str, text: &str) -> Result<()> {
    let (key, value) = (Some(text.as_bytes().to_vec()), Some(format!("\"{text}\"").into_bytes()));
    writer::write(bootstrap, topic, vec![Outgoing { key, value, headers: Vec::new() }]).await
}

async fn says(tail: &Binary, what: &str, part: &str) {
    let fits = async || Ok(tail.stdout()?.contains(part).then_some(()));
    let waited = until(what, LONG, fits).await;
    assert!(waited.is_ok(), "{waited:?}\n{}", tail.stdout().unwrap_or_default());
}

#[tokio::test]
async fn brokers_that_are_away_are_told_of_and_partitions_that_are_added_are_read() {
    let mut ground = Ground::prepare().await.unwrap();
    let (topic, bootstrap) = (Topic::Messages.name(PREFIX), ground.kafka.bootstrap().to_owned());
    let mut tail = ground.tool(&["tail", "--topic", &topic, "--json"]).unwrap();
    // With --json it has no word for having begun.
    until("the first record", LONG, async || {
        ensure!(tail.is_running()?, "it ended before: {}", tail.stderr()?);
        write(&bootstrap, &topic, "begun").await?;
        Ok(tail.stdout()?.contains("begun").then_some(()))
    })
    .await
    .unwrap();
    topics::widen(&bootstrap, &topic, PARTITIONS).await.unwrap();
    for record in 0..2 * PARTITIONS {
        write(&bootstrap, &topic, &format!("added-{record}-")).await.unwrap();
    }
    for record in 0..2 * PARTITIONS {
        says(&tail, "a record of any partition", &format!("added-{record}-")).await;
    }
    ground.kafka.stop().await.unwrap();
    says(&tail, "the end of the broker", r#"{"error":"the brokers do not answer"#).await;
    ground.kafka.start_again().await.unwrap();
    says(&tail, "the broker again", r#"{"error":null}"#).await;
    write(&bootstrap, &topic, "afterwards").await.unwrap();
    says(&tail, "what comes afterwards", "afterwards").await;
}

#[tokio::test]
async fn what_this_user_may_not_read_is_told_of() {
    let secured = Secured::start().await.unwrap();
    let topic = Topic::Messages.name("meta");
    topics::create(secured.kafka.bootstrap(), &[&topic], 3).await.unwrap();
    // Ingest may write there, and see what there is.
    let properties = secured.properties("SCRAM-SHA-512", "weir-ingest", PASSWORD).unwrap();
    let brokers = ["--brokers", secured.bootstrap(), "--kafka-config", &properties];
    let tail = Binary::start("weir", &[&["tail", "--topic", &topic][..], &brokers].concat(), &[]).unwrap();
    says(&tail, "what is refused", "Not everything can be read: this user may not read").await;
    secured.allow_reading("weir-ingest", &topic).unwrap();
    says(&tail, "that it is not any more", "Everything can be read again").await;
}
