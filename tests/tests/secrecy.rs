//! Secrets and people's words reach the topics and nothing else: no log, no metric, no header of a dead letter.

#![cfg(feature = "everything")]

use anyhow::Result;
use schemas::Topic;
use weir_tests::http;
use weir_tests::pipeline::{APP_SECRET, Ground, PATIENCE, Service};
use weir_tests::until::until;

const DELIVERY: &str =
    include_str!("../../schemas/fixtures/batch/conversation-and-comments-of-two-accounts.json");
/// Stands for what a customer wrote, in every place that holds words.
const WORDS: &str = "canary-of-a-customers-words";
/// The token in the directory of access tokens.
const TOKEN: &str = "a-valid-access-token";

#[tokio::test]
async fn secrets_and_words_reach_no_log_no_metric_and_no_dead_letter_header() {
    let ground = Ground::prepare().await.unwrap();
    let loud =
        [("RUST_LOG", "debug"), ("WEIR_APP_SECRET", APP_SECRET), ("WEIR_VERIFY_TOKEN", "verify-canary")];
    let (ingest, sender) = ground.ingest_with(&[], &loud).await.unwrap();
    let messages = ground.consumer_with("weir-messages", &loud[..1]).await.unwrap();
    let lookups = ground.consumer_with("weir-lookups", &loud[..1]).await.unwrap();
    let services = [ingest, messages, lookups];

    let good = DELIVERY.replace("First", WORDS).replace("A comment", WORDS);
    assert!(good.contains(WORDS));
    assert_eq!(sender.post(good.as_bytes()).await.unwrap().status, 200);
    assert_eq!(sender.post(format!("{{\"{WORDS}\": {WORDS}}}").as_bytes()).await.unwrap().status, 200);
    let refused =
        sender.post_with(WORDS.as_bytes(), |request| request.header("X-Hub-Signature-256", WORDS)).await;
    assert_eq!(refused.unwrap().status, 401);
    // A record on the consumers' topics that they can never handle.
    for topic in [Topic::Messages, Topic::Comments] {
        ground.write(topic, WORDS.as_bytes()).await.unwrap();
    }

    ground.records(Topic::Inbox, "the inbox record", |all| !all.is_empty()).await.unwrap();
    ground.records(Topic::CommentsEnriched, "the enriched comment", |all| !all.is_empty()).await.unwrap();
    // weir-messages reads both topics.
    for (topic, count) in [(Topic::IngestDlq, 1), (Topic::MessagesDlq, 2), (Topic::LookupsDlq, 1)] {
        let letters = ground.records(topic, "dead letters", |all| all.len() == count).await.unwrap();
        for (name, value) in letters.iter().flat_map(|letter| &letter.headers) {
            holds_nothing_secret(&format!("header {name} of {topic:?}"), &String::from_utf8_lossy(value));
        }
    }
    for service in &services {
        says_nothing_secret(service).await.unwrap();
    }
}

async fn says_nothing_secret(service: &Service) -> Result<()> {
    let (_, metrics) = http::get(&format!("{}/metrics", service.admin)).await?;
    holds_nothing_secret("metrics", &metrics);
    let (_, checks) = http::get(&format!("{}/readyz?verbose", service.admin)).await?;
    holds_nothing_secret("probes", &checks);
    let log = until("a log", PATIENCE, async || {
        let log = service.process.stderr()? + &service.process.stdout()?;
        Ok(Some(log).filter(|log| !log.is_empty()))
    });
    holds_nothing_secret("log", &log.await?);
    Ok(())
}

fn holds_nothing_secret(what: &str, text: &str) {
    for secret in [WORDS, TOKEN, APP_SECRET, "verify-canary"] {
        assert!(!text.contains(secret), "{what} holds {secret}: {text}");
    }
}
