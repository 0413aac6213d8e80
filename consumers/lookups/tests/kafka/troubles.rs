//! Ten thousand mentions: few requests when all is well, none lost or out of order when nothing is.

use crate::cluster::{Cluster, Stored};
use crate::mentions::{ACCOUNT, comment, mention, number};
use crate::running::{FINISHED_WITHIN, Running};
use schemas::Topic;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};
use weir_graph_simulator::{Behaviour, Simulator};
use weir_tests::until::until;

const MENTIONS: usize = 10_000;
const MEDIA: usize = 500;
const OUTPUTS: [Topic; 2] = [Topic::MentionsEnriched, Topic::LookupsDlq];

fn fill(cluster: &Cluster, account: impl Fn(usize) -> &'static str) {
    let records: Vec<_> = (0..MENTIONS).map(|number| mention(account(number), number, MEDIA)).collect();
    cluster.fill(Topic::Mentions, &records);
}

/// Every mention is there once, and those of one post are in their order.
fn all_in_order(records: &[Stored]) {
    let mut numbers: Vec<_> = records.iter().map(|record| number(&record.value)).collect();
    let mut latest: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (record, number) in records.iter().zip(&numbers) {
        let former = latest.insert((&record.topic, &record.key), *number);
        assert!(
            former.is_none_or(|former| former < *number),
            "{} after {former:?} of {}",
            number,
            record.key
        );
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..MENTIONS).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_lookups_take_a_fortieth_as_many_requests() {
    let (cluster, simulator) = (Cluster::start(), Simulator::start().await.unwrap());
    fill(&cluster, |_| ACCOUNT);
    let started = Instant::now();
    let running = Running::start(&cluster, &simulator, |_| {});
    let records = cluster.read(&OUTPUTS, MENTIONS).await;
    say(&format!("{MENTIONS} lookups in {:?} by {} requests", started.elapsed(), simulator.requests()));
    all_in_order(&records);
    assert!(records.iter().all(|record| record.topic.ends_with("enriched.v1")));
    assert_eq!(simulator.calls().len(), MENTIONS);
    assert!(simulator.requests() <= MENTIONS / 40, "{} requests", simulator.requests());
    running.end().await;
}

/// The token of an account that is refused, and never replaced.
const REFUSED: (&str, &str) = ("17841400000000001", "EAAcanaryRefused");
/// An account without a token, beside accounts whose tokens are their own.
const TOKENS: [(&str, &str); 2] =
    [("17841400000000002", "EAAcanaryTwo"), ("17841400000000003", "EAAcanaryThree")];

/// What is wrong with the lookup of a mention: every tenth has something, each thing for ever or for a while.
fn trouble(number: usize, elsewhere: &str) -> Option<(Behaviour, Option<usize>)> {
    if !number.is_multiple_of(10) {
        return None;
    }
    let page = |status| Behaviour::Answer { status, body: String::from("<html>oops EAAcanaryPage</html>") };
    let redirect = |to: &str| Behaviour::Redirect { to: to.to_owned() };
    Some(match number / 10 % 20 {
        0 => (Behaviour::error(2, None), Some(1)),
        1 => (Behaviour::error(1, None), None),
        2 => (Behaviour::Hang, Some(1)),
        3 => (Behaviour::Hang, Some(2)),
        4 => (Behaviour::error(4, None), Some(1)),
        5 => (Behaviour::error(80_002, None), Some(1)),
        6 => (Behaviour::error(17, None), Some(2)),
        7 => (Behaviour::error(10, None), None),
        8 => (Behaviour::error(200, None), None),
        9 => (Behaviour::error(100, Some(33)), None),
        10 => (Behaviour::error(803, None), None),
        11 => (Behaviour::error(100, None), None),
        12 => (Behaviour::Oversized { bytes: 20_000 }, None),
        13 => (Behaviour::CutOff, Some(1)),
        14 => (Behaviour::CutOff, None),
        15 => (redirect(elsewhere), Some(1)),
        16 => (redirect(elsewhere), None),
        17 => (page(500), Some(1)),
        18 => (page(503), None),
        _ if (number / 200).is_multiple_of(5) => (Behaviour::Hang, None),
        _ => (page(200), Some(1)),
    })
}

/// What the output of a mention must be: a status, or the reason of a dead letter.
fn expected(number: usize) -> &'static str {
    if account(number) == REFUSED.0 {
        return "token";
    }
    match trouble(number, "").map(|trouble| (number / 10 % 20, trouble.1)) {
        Some((9 | 10, _)) => "gone",
        Some((7 | 8, _)) => "permission",
        Some((11, _)) => "invalid_call",
        Some((12, _)) => "answer_too_large",
        Some((_, None)) => "retries_exhausted",
        _ => "found",
    }
}

/// One in a hundred is of the account whose token is refused; the others share three tokens.
fn account(number: usize) -> &'static str {
    match number % 100 {
        1 => REFUSED.0,
        other if other % 3 == 0 => TOKENS[0].0,
        other if other % 3 == 1 => TOKENS[1].0,
        _ => ACCOUNT,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_lookups_with_every_trouble_end_as_events_or_dead_letters_in_order() {
    let (cluster, simulator) = (Cluster::start(), Simulator::start().await.unwrap());
    let elsewhere = Simulator::start().await.unwrap();
    for number in 0..MENTIONS {
        match trouble(number, &elsewhere.url()) {
            Some((behaviour, None)) => simulator.misbehave(&comment(number), behaviour),
            Some((behaviour, Some(times))) => simulator.misbehave_times(&comment(number), behaviour, times),
            None => {}
        }
    }
    simulator.refuse_token(REFUSED.1);
    fill(&cluster, account);
    let started = Instant::now();
    let running = Running::start(&cluster, &simulator, |settings| {
        let directory = settings.graph.tokens.access_tokens.as_ref().unwrap();
        for (account, token) in TOKENS.iter().chain([&REFUSED]) {
            fs::write(directory.join(account), token).unwrap();
        }
        settings.graph.graph.graph_timeout = Duration::from_secs(1);
        settings.graph.graph.graph_max_bytes = 10_000;
        settings.graph.rate_limit.graph_stop_for = Duration::from_millis(20);
        settings.graph.rate_limit.longest_stop = Duration::from_millis(20);
        settings.batch.lookup_concurrency = 16;
        settings.retries.backoff_base = Duration::from_millis(10);
        settings.retries.backoff_max = Duration::from_millis(100);
        settings.retries.hopeless_after = Duration::from_secs(1);
    });
    let records = cluster.read(&OUTPUTS, MENTIONS).await;
    let took = started.elapsed();
    all_in_order(&records);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for record in &records {
        let number = number(&record.value);
        let outcome = outcome(record);
        assert_eq!(outcome, expected(number), "{number}: {}", record.header("weir_dlq_error"));
        *counts.entry(outcome).or_default() += 1;
    }
    say(&format!("{MENTIONS} lookups in {took:?} by {} requests: {counts:?}", simulator.requests()));
    assert_eq!(elsewhere.requests(), 0, "a host that is not the configured one was asked");
    no_token_shows(&records, &running.metrics());
    assert!(running.metric("weir_lookups_throttled_seconds_total", "") > 0.0);
    assert_eq!(running.metric("weir_graph_token_refused", REFUSED.0).to_string(), "1");
    running.end().await;
}

fn outcome(record: &Stored) -> String {
    let reason = record.header("weir_dlq_reason");
    if !reason.is_empty() {
        return reason.to_owned();
    }
    let event: Value = serde_json::from_str(&record.value).unwrap();
    event["lookup"]["status"].as_str().unwrap().to_owned()
}

fn no_token_shows(records: &[Stored], metrics: &str) {
    assert!(!metrics.contains("EAA"), "{metrics}");
    for record in records {
        assert!(!record.value.contains("EAA"), "{}", record.value);
        for (name, value) in &record.headers {
            assert!(!value.contains("EAA"), "{name}: {value}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_for_meta_s_limit_pauses_the_partition_and_keeps_the_membership() {
    let (cluster, simulator) = (Cluster::start(), Simulator::start().await.unwrap());
    fill(&cluster, |_| ACCOUNT);
    simulator.say_usage("X-App-Usage", r#"{"call_count":97,"total_time":1,"total_cputime":1}"#);
    let running = Running::start(&cluster, &simulator, |settings| {
        // Longer than the session of the group.
        settings.graph.rate_limit.graph_stop_for = Duration::from_secs(8);
        settings.graph.rate_limit.graph_slow_pause = Duration::ZERO;
    });
    until_some(&running, "weir_lookups_held").await;
    until_some(&running, "weir_consumer_paused_partitions").await;
    let requests = simulator.requests();
    assert!(requests <= 4, "{requests} requests, of which 4 may be under way when the first is answered");
    simulator.say_no_usage();
    let records = cluster.read(&OUTPUTS, MENTIONS).await;
    all_in_order(&records);
    assert!(running.metric("weir_lookups_throttled_seconds_total", "") > 5.0);
    assert_eq!(simulator.calls().len(), MENTIONS, "no record was handled twice");
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_does_not_wait_for_meta_s_limit() {
    let (cluster, simulator) = (Cluster::start(), Simulator::start().await.unwrap());
    fill(&cluster, |_| ACCOUNT);
    simulator.say_usage("X-App-Usage", r#"{"call_count":97,"total_time":1,"total_cputime":1}"#);
    let running = Running::start(&cluster, &simulator, |settings| {
        settings.graph.rate_limit.graph_stop_for = Duration::from_mins(5);
    });
    until_some(&running, "weir_lookups_held").await;
    let asked = Instant::now();
    running.end().await;
    let took = asked.elapsed();
    assert!(took < FINISHED_WITHIN, "it took {took:?} to end");
}

/// Returns once a gauge of the consumer is above 0.
async fn until_some(running: &Running, gauge: &str) {
    let is_some = async || Ok((running.metric(gauge, "") > 0.0).then_some(()));
    until(gauge, Duration::from_mins(1), is_some).await.unwrap();
}

#[expect(clippy::print_stdout, reason = "a measurement, for whoever runs the test with --nocapture")]
fn say(what: &str) {
    println!("{what}");
}
