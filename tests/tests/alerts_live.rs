//! What goes wrong with the real binaries is seen by a real Prometheus: the alerts of it fire, no others, and they clear.

#![cfg(feature = "everything")]

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use schemas::Topic;
use weir_tests::mounted::Mounted;
use weir_tests::pipeline::{APP_SECRET, Ground, PREFIX, Service};
use weir_tests::prometheus::{Patience, Prometheus};
use weir_tests::signed::Sender;
use weir_tests::until::until;
use weir_tests::writer::{self, Outgoing};

const WITHIN: Duration = Duration::from_mins(3);
/// The account of the delivery.
const ACCOUNT: &str = "17841405726653026";
const DELIVERY: &[u8] = include_bytes!("../../schemas/fixtures/batch/messages-and-a-comment.json");

/// What a machine may bring about that does other things too.
const BUSY: [&str; 2] = ["WeirAnswersLate", "WeirAnswersLateSlowly"];
/// Once Kafka is away.
const WITHOUT_KAFKA: [&str; 3] = ["WeirBreakerOpen", "WeirBrokersUnreachable", "WeirSpoolFilling"];
/// Once a spool of 1 MiB is full too.
const FULL: [&str; 5] = [
    "WeirAnswersLate",
    "WeirAnswersLateSlowly",
    "WeirDeliveriesRefused",
    "WeirDeliveriesRefusedSlowly",
    "WeirSpoolUnhealthy",
];

fn address(service: &Service) -> &str {
    service.admin.trim_start_matches("http://")
}

async fn firing(prometheus: &Prometheus) -> Result<BTreeSet<String>> {
    Ok(prometheus.firing().await?.into_iter().collect())
}

/// Posts until all of `alerts` fire.
async fn post_until_firing(prometheus: &Prometheus, sender: &Sender, alerts: &[&str]) -> Result<()> {
    let what = format!("{alerts:?} to fire");
    until(&what, WITHIN, async || {
        for _ in 0..20 {
            sender.post(DELIVERY).await?;
        }
        let firing = firing(prometheus).await?;
        Ok(alerts.iter().all(|alert| firing.contains(*alert)).then_some(()))
    })
    .await
}

/// Waits until `alerts` are the alerts that fire, beside those that may.
async fn firing_are(prometheus: &Prometheus, alerts: &[&str], others: &[&str]) -> Result<()> {
    let mut seen = BTreeSet::new();
    let what = format!("{alerts:?} to fire and no others");
    let waited = until(&what, WITHIN, async || {
        seen = firing(prometheus).await?;
        let own: Vec<&str> =
            seen.iter().map(String::as_str).filter(|alert| !others.contains(alert)).collect();
        Ok((own == alerts).then_some(()))
    });
    let waited = waited.await;
    waited.map_err(|error| error.context(format!("{seen:?} fire")))
}

#[tokio::test]
async fn an_outage_of_kafka_is_seen_and_its_end_too() {
    let mut ground = Ground::prepare().await.unwrap();
    let spool = tempfile::tempdir().unwrap();
    let spool = [
        "--spool-timeout",
        "4s",
        "--spool-dir",
        spool.path().to_str().unwrap(),
        "--spool-max-bytes",
        "1MiB",
        "--max-body",
        "512KiB",
        "--ack-timeout",
        "500ms",
    ];
    let (ingest, sender) = ground.ingest(&spool).await.unwrap();
    let prometheus = Prometheus::start(&[("weir-ingest", address(&ingest))], Patience::Short).await.unwrap();
    sender.post_until_accepted(DELIVERY, WITHIN).await.unwrap();
    firing_are(&prometheus, &[], &FULL).await.unwrap();

    ground.kafka.stop().await.unwrap();
    post_until_firing(&prometheus, &sender, &WITHOUT_KAFKA).await.unwrap();
    // Nothing more fits, so that deliveries are refused.
    post_until_firing(&prometheus, &sender, &["WeirDeliveriesRefused", "WeirSpoolUnhealthy"]).await.unwrap();
    firing_are(&prometheus, &WITHOUT_KAFKA, &FULL).await.unwrap();

    ground.kafka.start_again().await.unwrap();
    firing_are(&prometheus, &[], &FULL).await.unwrap();
    sender.post_until_accepted(DELIVERY, WITHIN).await.unwrap();
}

#[tokio::test]
async fn wrong_and_broken_secrets_and_an_ingest_that_is_gone_are_seen() {
    let ground = Ground::prepare().await.unwrap();
    let secrets = Mounted::new(&[("shop", APP_SECRET.as_bytes())]).unwrap();
    let folder = ["--app-secrets", secrets.path().to_str().unwrap(), "--secrets-refresh", "200ms"];
    let (mut ingest, sender) = ground.spooling_ingest_with(&folder, &[]).await.unwrap();
    let prometheus = Prometheus::start(&[("weir-ingest", address(&ingest))], Patience::Short).await.unwrap();

    let stranger = Sender::new(sender.url(), b"not the secret").unwrap();
    let signatures = ["WeirEverySignatureFails", "WeirSignatureFailures"];
    post_until_firing(&prometheus, &stranger, &signatures).await.unwrap();
    firing_are(&prometheus, &signatures, &BUSY).await.unwrap();
    assert_eq!(sender.post(DELIVERY).await.unwrap().status, 200);
    until("one alert to clear", WITHIN, async || {
        assert_eq!(sender.post(DELIVERY).await?.status, 200);
        Ok((!firing(&prometheus).await?.contains("WeirEverySignatureFails")).then_some(()))
    })
    .await
    .unwrap();

    secrets.replace(&[]).unwrap();
    firing_are(&prometheus, &["WeirSecretsNotReread", "WeirSignatureFailures"], &BUSY).await.unwrap();
    assert_eq!(sender.post(DELIVERY).await.unwrap().status, 401, "what is taken away fits no more");

    ingest.process.kill().unwrap();
    let gone = ["WeirIngestAbsent", "WeirProcessDown"];
    let before = ["WeirSecretsNotReread", "WeirSignatureFailures", "WeirEverySignatureFails"];
    firing_are(&prometheus, &gone, &[&before[..], &BUSY].concat()).await.unwrap();
}

#[tokio::test]
async fn an_account_that_goes_quiet_is_seen_until_it_is_heard_of_again() {
    let ground = Ground::prepare().await.unwrap();
    let (ingest, sender) = ground.spooling_ingest(&[]).await.unwrap();
    let metrics = ground.consumer_with("weir-metrics", &[("WEIR_ACCOUNTS", ACCOUNT)]).await.unwrap();
    let jobs = [("weir-ingest", address(&ingest)), ("weir-metrics", address(&metrics))];
    let prometheus = Prometheus::start(&jobs, Patience::Short).await.unwrap();
    sender.post_until_accepted(DELIVERY, WITHIN).await.unwrap();
    firing_are(&prometheus, &["WeirAccountQuiet"], &BUSY).await.unwrap();
    until("the alert to clear", WITHIN, async || {
        sender.post_until_accepted(DELIVERY, WITHIN).await?;
        Ok((!firing(&prometheus).await?.contains("WeirAccountQuiet")).then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn records_that_nobody_can_handle_are_seen_and_so_is_a_consumer_that_stops_for_them() {
    let ground = Ground::prepare().await.unwrap();
    let messages = ground.consumer("weir-messages").await.unwrap();
    let prometheus =
        Prometheus::start(&[("weir-messages", address(&messages))], Patience::Short).await.unwrap();
    let away = "WeirIngestAbsent";
    firing_are(&prometheus, &[away], &[]).await.unwrap();

    ground.write(Topic::Messages, b"{\"neither\": \"an event\"}").await.unwrap();
    firing_are(&prometheus, &["WeirDeadLettersGrowing", away], &[]).await.unwrap();
    // One more than it dead-letters in a row.
    let garbage = Outgoing { key: None, value: Some(b"nor this".to_vec()), headers: Vec::new() };
    let topic = Topic::Messages.name(PREFIX);
    writer::write(ground.kafka.bootstrap(), &topic, vec![garbage; 1_001]).await.unwrap();
    let causes = ["WeirConsumerStopped", "WeirConsumerWithoutPartitions"];
    until("the consumer to stop", WITHIN, async || {
        let firing = firing(&prometheus).await?;
        Ok(causes.iter().all(|cause| firing.contains(*cause)).then_some(()))
    })
    .await
    .unwrap();
}
