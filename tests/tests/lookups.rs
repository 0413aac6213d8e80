//! Lookups over a real broker: batched, in order, complete when processes come and go, and without a token anywhere.

#![cfg(feature = "everything")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use schemas::Topic;
use serde_json::{Value, json};
use weir_graph_simulator::Behaviour;
use weir_tests::http;
use weir_tests::pipeline::{Ground, PREFIX, Service};
use weir_tests::reader::Record;
use weir_tests::typed;
use weir_tests::until::until;
use weir_tests::writer::{self, Outgoing};

const ACCOUNT: &str = "17841405726653026";
const MENTIONS: usize = 5_000;
const MEDIA: usize = 300;
const APP_SECRET: &str = "canary-of-the-app-s-secret";
/// The token in the directory of access tokens.
const TOKEN: &str = "a-valid-access-token";
const PATIENCE: Duration = Duration::from_mins(3);

fn comment(number: usize) -> String {
    (17_000_000_000_000_000_u64 + number as u64).to_string()
}

/// The record that ingest makes of a mention.
fn mention(number: usize) -> Result<Outgoing> {
    let value = json!({"media_id": (number % MEDIA + 1_000).to_string(), "comment_id": comment(number)});
    typed::change(ACCOUNT, "mentions", &value)
}

async fn write(ground: &Ground) -> Result<()> {
    let mentions = (0..MENTIONS).map(mention).collect::<Result<Vec<_>>>()?;
    writer::write(ground.kafka.bootstrap(), &Topic::Mentions.name(PREFIX), mentions).await
}

fn number(record: &Record) -> Result<usize> {
    let event = record.json()?;
    let id: usize = event["data"]["comment_id"].as_str().context("a comment id")?.parse()?;
    Ok(id - 17_000_000_000_000_000)
}

async fn all(ground: &Ground) -> Result<Vec<Record>> {
    let arrived = |records: &[Record]| {
        let ids: BTreeSet<_> = records.iter().filter_map(|record| record.header("ce_id")).collect();
        ids.len() == MENTIONS
    };
    let name = Topic::MentionsEnriched.name(PREFIX);
    let bootstrap = ground.kafka.bootstrap();
    weir_tests::reader::read_until(bootstrap, &name, "every mention", PATIENCE, arrived).await
}

/// Handled again after a change of owner, a record comes again; of each the first counts.
fn in_order(records: &[Record]) -> Result<()> {
    let mut latest: BTreeMap<String, usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for record in records {
        let number = number(record)?;
        if seen.insert(number) {
            let former = latest.insert(record.key_text().unwrap_or_default(), number);
            assert!(former.is_none_or(|former| former < number), "{number} after {former:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn mentions_are_looked_up_in_order_while_processes_come_and_go_and_no_token_shows() {
    let ground = Ground::prepare().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("app-secret");
    fs::write(&secret, APP_SECRET).unwrap();
    let envs = [("RUST_LOG", "trace"), ("WEIR_GRAPH_APP_SECRET", secret.to_str().unwrap())];
    for number in (0..MENTIONS).step_by(50) {
        let trouble =
            [Behaviour::error(2, None), Behaviour::Hang, Behaviour::CutOff][number / 50 % 3].clone();
        ground.graph.misbehave_times(&comment(number), trouble, 1);
    }
    let mut first = ground.consumer_with("weir-lookups", &envs).await.unwrap();
    write(&ground).await.unwrap();
    until("some lookups", PATIENCE, async || Ok((ground.graph.calls().len() > 200).then_some(())))
        .await
        .unwrap();
    let second = ground.consumer_with("weir-lookups", &envs).await.unwrap();
    first.process.kill().unwrap();
    let third = ground.consumer_with("weir-lookups", &envs).await.unwrap();

    let records = all(&ground).await.unwrap();
    in_order(&records).unwrap();
    let is_found =
        |record: &Record| record.json().is_ok_and(|event: Value| event["lookup"]["status"] == "found");
    assert!(records.iter().all(is_found));
    let (calls, requests) = (ground.graph.calls(), ground.graph.requests());
    say(&format!(
        "{MENTIONS} mentions: {} records, {} lookups by {requests} requests",
        records.len(),
        calls.len()
    ));
    assert!(calls.iter().all(|call| call.proof.is_some() && !call.relative_url.contains("token")));
    let proof = calls[0].proof.clone().unwrap();
    for service in [&first, &second, &third] {
        shows_no_secret(service, &proof).await.unwrap();
    }
    for record in &records {
        holds_no_secret("a record", &String::from_utf8_lossy(record.value.as_deref().unwrap()), &proof);
    }
}

/// A call may take longer than a record may without a reason.
const SLOW: [(&str, &str); 3] =
    [("WEIR_STALL_TIMEOUT", "10s"), ("WEIR_GRAPH_TIMEOUT", "15s"), ("WEIR_LOOKUP_CONCURRENCY", "8")];
/// Longer than a record may take without a reason, and shorter than a call may.
const DELAY: Duration = Duration::from_secs(12);

#[tokio::test]
async fn a_graph_api_that_hangs_refuses_or_is_slow_ends_no_process_and_costs_no_event() {
    let ground = Ground::prepare().await.unwrap();
    misbehave(&ground, &Behaviour::Hang);
    write(&ground).await.unwrap();
    let mut lookups = ground.consumer_with("weir-lookups", &SLOW).await.unwrap();
    let waits = async |reason: &str| {
        lookups.metric("weir_consumer_waiting_partitions", &format!("reason=\"{reason}\"")).await
    };
    until("the reason of the lag", PATIENCE, async || Ok((waits("api_answer").await? > 0.0).then_some(())))
        .await
        .unwrap();
    let more_requests = async |count: f64| {
        let before = lookups.metric("weir_graph_requests_total", "").await.unwrap();
        until("more requests", PATIENCE, async || {
            let requests = lookups.metric("weir_graph_requests_total", "").await?;
            Ok((requests >= before + count).then_some(()))
        })
        .await
        .unwrap();
    };
    // Eight at a time, 15 s each: more than four times the limit of a stall.
    more_requests(24.0).await;
    assert!(waits("api_answer").await.unwrap() > 0.0);
    for behaviour in [
        Behaviour::error(2, None),
        Behaviour::Answer { status: 503, body: "<html>".to_owned() },
        // A firewall on the way out.
        Behaviour::Answer { status: 403, body: "<html>".to_owned() },
        Behaviour::CutOff,
    ] {
        misbehave(&ground, &behaviour);
        more_requests(10.0).await;
    }
    ground.graph.slow_down(DELAY);
    behave(&ground);
    more_requests(16.0).await;
    for name in ["weir_consumer_rebuilt_total", "weir_consumer_dead_letters_total"] {
        assert_eq!(lookups.metric(name, "").await.unwrap().to_string(), "0", "{name}");
    }
    ground.graph.slow_down(Duration::ZERO);
    let records = all(&ground).await.unwrap();
    in_order(&records).unwrap();
    assert!(lookups.process.terminate(PATIENCE).await.unwrap().success());
}

fn misbehave(ground: &Ground, behaviour: &Behaviour) {
    ground.graph.misbehave_batches(behaviour.clone());
    for id in [ACCOUNT, "me"] {
        ground.graph.misbehave(id, behaviour.clone());
    }
}

fn behave(ground: &Ground) {
    ground.graph.behave_about_batches();
    for id in [ACCOUNT, "me"] {
        ground.graph.behave(id);
    }
}

async fn shows_no_secret(service: &Service, proof: &str) -> Result<()> {
    holds_no_secret("log", &(service.process.stderr()? + &service.process.stdout()?), proof);
    // The first one was killed.
    if let Ok((_, metrics)) = http::get(&format!("{}/metrics", service.admin)).await {
        assert!(metrics.contains("weir_lookups_calls_total"));
        holds_no_secret("metrics", &metrics, proof);
    }
    Ok(())
}

fn holds_no_secret(what: &str, text: &str, proof: &str) {
    for secret in [TOKEN, APP_SECRET, proof] {
        let place = text.find(secret).map(|place| place.saturating_sub(200));
        assert_eq!(place, None, "{what} holds a secret");
    }
}

#[expect(clippy::print_stdout, reason = "a measurement, for whoever runs the test with --nocapture")]
fn say(what: &str) {
    println!("{what}");
}
