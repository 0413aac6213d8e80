//! One trace from the HTTP request to the enriched record over the real binaries; none where none is asked for; and a
//! collector that is away is nobody's trouble.

#![cfg(feature = "everything")]

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use reqwest::RequestBuilder;
use schemas::Topic;
use tokio::net::TcpListener;
use weir_tests::collector::{Collector, Span};
use weir_tests::http;
use weir_tests::pipeline::{APP_SECRET, Ground, PATIENCE, Service};
use weir_tests::reader::Record;
use weir_tests::signed::{self, Sender};
use weir_tests::until::until;

const COMMENT: &str = include_str!("../../schemas/fixtures/comment/on-post.json");
const TEXT: &str = include_str!("../../schemas/fixtures/message/text.json");
/// Stands for what a customer wrote.
const WORDS: &str = "canary-of-a-customers-words";
const VERIFY_TOKEN: &str = "verify-canary";
/// The token in the directory of access tokens.
const TOKEN: &str = "a-valid-access-token";
/// The trace of somebody else.
const FOREIGN: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SOON: Duration = Duration::from_mins(1);

const SERVER: i32 = 2;
const CLIENT: i32 = 3;
const PRODUCER: i32 = 4;
const CONSUMER: i32 = 5;

fn with_secrets<'a>(envs: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [envs, &[("WEIR_APP_SECRET", APP_SECRET), ("WEIR_VERIFY_TOKEN", VERIFY_TOKEN)]].concat()
}

/// Posts a comment whose words are a canary.
async fn post(ground: &Ground, envs: &[(&str, &str)]) -> Result<(Service, Sender)> {
    let (ingest, sender) = ground.spooling_ingest_with(&[], &with_secrets(envs)).await?;
    let body = COMMENT.replace("Love these colours", WORDS);
    assert!(body.contains(WORDS));
    let signature = signed::signature(APP_SECRET.as_bytes(), body.as_bytes());
    let foreign = format!("00-{FOREIGN}-00f067aa0ba902b7-01");
    let dress =
        |request: RequestBuilder| request.header(signed::HEADER, &signature).header("traceparent", &foreign);
    // Once: of two posts there would be two traces.
    let answer = sender.post_with(body.as_bytes(), dress).await?;
    ensure!(answer.status == 200, "ingest answered {}: {}", answer.status, answer.text);
    Ok((ingest, sender))
}

async fn first(ground: &Ground, topic: Topic) -> Result<Record> {
    Ok(ground.records(topic, "a record", |all| !all.is_empty()).await?.remove(0))
}

fn variables(endpoint: &str) -> [(&str, &str); 3] {
    [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_BSP_SCHEDULE_DELAY", "100"), ("RUST_LOG", "debug")]
}

/// Trace and span of a record's header.
fn context(record: &Record) -> Result<(String, String)> {
    let header = record.header("traceparent").with_context(|| format!("{record} is not traced"))?;
    let parts: Vec<&str> = header.split('-').collect();
    assert_eq!((parts.len(), parts[0], parts[3]), (4, "00", "01"), "{header}");
    Ok((parts[1].to_owned(), parts[2].to_owned()))
}

fn find<'a>(spans: &'a [Span], service: &str, kind: i32, name: &str) -> Result<&'a Span> {
    let mut found =
        spans.iter().filter(|span| span.service == service && span.kind == kind && span.name == name);
    found.next().with_context(|| format!("no span {name} of {service} in {spans:#?}"))
}

#[tokio::test]
async fn one_trace_goes_from_the_request_over_the_records_to_the_graph_api_and_holds_no_words() {
    let (ground, collector) = (Ground::prepare().await.unwrap(), Collector::start().await.unwrap());
    let envs = variables(collector.url());
    let lookups = ground.consumer_with("weir-lookups", &envs).await.unwrap();
    let (mut ingest, sender) = post(&ground, &envs).await.unwrap();
    // A handshake with its token in the query, and a path that a stranger chose.
    let (webhook, _) = sender.url().rsplit_once('/').unwrap();
    let query = format!("hub.mode=subscribe&hub.challenge=1&hub.verify_token={VERIFY_TOKEN}");
    assert_eq!(http::get(&format!("{}?{query}", sender.url())).await.unwrap().0, 200);
    assert_eq!(http::get(&format!("{webhook}/{WORDS}?{TOKEN}")).await.unwrap().0, 404);
    let raw = context(&first(&ground, Topic::Raw).await.unwrap()).unwrap();
    let typed = context(&first(&ground, Topic::Comments).await.unwrap()).unwrap();
    let enriched = context(&first(&ground, Topic::CommentsEnriched).await.unwrap()).unwrap();
    let spans = until("the spans of both processes", PATIENCE, async || {
        let spans = collector.spans()?;
        let is_whole = find(&spans, "weir-lookups", PRODUCER, "send acme.meta.comments.enriched.v1").is_ok()
            && find(&spans, "weir-ingest", SERVER, "POST /webhook").is_ok()
            && find(&spans, "weir-ingest", SERVER, "GET /webhook").is_ok()
            && find(&spans, "weir-ingest", SERVER, "GET").is_ok();
        Ok(is_whole.then_some(spans))
    });
    let spans = spans.await.unwrap();

    let request = find(&spans, "weir-ingest", SERVER, "POST /webhook").unwrap();
    let traces: BTreeSet<_> = [&raw, &typed, &enriched].map(|(trace, _)| trace.clone()).into();
    assert_eq!(traces, [request.trace.clone()].into());
    assert_eq!(request.parent, "", "what a stranger sends begins no trace");
    assert_ne!(request.trace, FOREIGN);
    assert_eq!(request.links, [(FOREIGN.to_owned(), "00f067aa0ba902b7".to_owned())]);
    assert_eq!(request.attribute("http.request.method"), Some("POST"));
    assert_eq!(request.attribute("url.path"), Some("/webhook"));
    assert_eq!(request.attribute("http.response.status_code"), Some("200"));

    let sent = find(&spans, "weir-ingest", PRODUCER, "send acme.meta.comments.v1").unwrap();
    assert_eq!((&sent.id, &sent.parent), (&typed.1, &request.id), "the header names the span that sent it");
    assert_eq!(sent.attribute("messaging.system"), Some("kafka"));
    assert_eq!(sent.attribute("messaging.destination.name"), Some("acme.meta.comments.v1"));
    assert_eq!(sent.attribute("messaging.operation.type"), Some("send"));
    let sent_raw = find(&spans, "weir-ingest", PRODUCER, "send acme.meta.webhooks.raw.v1").unwrap();
    assert_eq!((&sent_raw.id, &sent_raw.parent), (&raw.1, &request.id));

    let work = find(&spans, "weir-lookups", CONSUMER, "process acme.meta.comments.v1").unwrap();
    assert_eq!(work.parent, sent.id);
    assert_eq!(work.attribute("messaging.consumer.group.name"), Some("weir-lookups"));
    let call = find(&spans, "weir-lookups", CLIENT, "GET").unwrap();
    assert_eq!((&call.trace, call.attribute("http.response.status_code")), (&request.trace, Some("200")));
    let out = find(&spans, "weir-lookups", PRODUCER, "send acme.meta.comments.enriched.v1").unwrap();
    assert_eq!((&out.id, &out.parent), (&enriched.1, &work.id));

    for secret in [WORDS, TOKEN, APP_SECRET, VERIFY_TOKEN, "a.customer"] {
        assert!(!collector.holds(secret), "{secret} was exported: {spans:#?}");
    }
    // Counted once the collector has answered.
    let exported = |spans| spans >= 3.0;
    lookups.until_metric("weir_trace_spans_total", "exported", PATIENCE, exported).await.unwrap();
    assert_eq!(ingest.process.terminate(SOON).await.unwrap().code(), Some(0));
}

/// The comment of the fixture many times over, each with an id of its own.
fn many_comments() -> Result<String> {
    let mut body: serde_json::Value = serde_json::from_str(COMMENT)?;
    let changes = body["entry"][0]["changes"].as_array_mut().context("changes")?;
    let comment = changes.pop().context("a comment")?;
    for number in 0..20 {
        let mut comment = comment.clone();
        comment["value"]["id"] = format!("178657993480890{number:02}").into();
        changes.push(comment);
    }
    Ok(body.to_string())
}

#[tokio::test]
async fn a_batch_of_the_graph_api_is_linked_to_every_lookup_that_it_carries() {
    let (ground, collector) = (Ground::prepare().await.unwrap(), Collector::start().await.unwrap());
    let (_ingest, sender) =
        ground.spooling_ingest_with(&[], &with_secrets(&variables(collector.url()))).await.unwrap();
    assert_eq!(sender.post(many_comments().unwrap().as_bytes()).await.unwrap().status, 200);
    // All of them are there when it begins, so that they share a batch.
    ground.records(Topic::Comments, "all comments", |all| all.len() == 20).await.unwrap();
    let _lookups = ground.consumer_with("weir-lookups", &variables(collector.url())).await.unwrap();
    let spans = until("the spans of both processes", PATIENCE, async || {
        let spans = collector.spans()?;
        let sent = spans.iter().filter(|span| span.name == "send acme.meta.comments.enriched.v1").count();
        let is_whole = sent == 20 && find(&spans, "weir-ingest", SERVER, "POST /webhook").is_ok();
        Ok(is_whole.then_some(spans))
    });
    let spans = spans.await.unwrap();
    let request = find(&spans, "weir-ingest", SERVER, "POST /webhook").unwrap();
    let lookups: BTreeSet<_> =
        spans.iter().filter(|span| span.name == "look up").map(|span| &span.id).collect();
    assert_eq!(lookups.len(), 20);
    let batch = find(&spans, "weir-lookups", CLIENT, "POST").unwrap();
    assert!(lookups.contains(&batch.parent) && !batch.links.is_empty(), "{batch:?}");
    for (trace, span) in &batch.links {
        assert!(*trace == request.trace && lookups.contains(span) && *span != batch.parent, "{batch:?}");
    }
}

#[tokio::test]
async fn the_last_spans_are_exported_at_the_end_and_what_is_not_sampled_is_not() {
    let (ground, collector) = (Ground::prepare().await.unwrap(), Collector::start().await.unwrap());
    let later = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()),
        ("OTEL_BSP_SCHEDULE_DELAY", "600000"),
        ("OTEL_SERVICE_NAME", "shop"),
    ];
    let unsampled = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()), ("OTEL_TRACES_SAMPLER", "always_off")];
    let (mut never, _) = post(&ground, &unsampled).await.unwrap();
    assert!(first(&ground, Topic::Raw).await.unwrap().header("traceparent").unwrap().ends_with("-00"));
    assert_eq!(never.process.terminate(SOON).await.unwrap().code(), Some(0));
    assert_eq!(collector.spans().unwrap(), []);
    let (mut ingest, _) = post(&ground, &later).await.unwrap();
    assert_eq!(collector.spans().unwrap(), []);
    assert_eq!(ingest.process.terminate(SOON).await.unwrap().code(), Some(0));
    let spans = collector.spans().unwrap();
    find(&spans, "shop", SERVER, "POST /webhook").unwrap();
    find(&spans, "shop", PRODUCER, "send acme.meta.comments.v1").unwrap();
}

#[tokio::test]
async fn without_an_endpoint_nothing_is_traced() {
    let ground = Ground::prepare().await.unwrap();
    let (ingest, sender) = ground.ingest(&[]).await.unwrap();
    let _messages = ground.consumer("weir-messages").await.unwrap();
    sender.post_until_accepted(TEXT.as_bytes(), PATIENCE).await.unwrap();
    for topic in [Topic::Raw, Topic::Messages, Topic::Inbox] {
        assert_eq!(first(&ground, topic).await.unwrap().header("traceparent"), None, "{topic:?}");
    }
    assert!(ingest.metric("weir_trace_spans_total", "").await.unwrap().abs() < f64::EPSILON);
    let log = ingest.process.stderr().unwrap();
    assert!(!log.contains("spans"), "{log}");
}

#[tokio::test]
async fn a_collector_that_is_away_hinders_neither_start_nor_service_nor_end_and_is_said_once() {
    let ground = Ground::prepare().await.unwrap();
    let [port] = weir_tests::ports::free().unwrap();
    let endpoint = format!("http://127.0.0.1:{port}");
    let (mut ingest, _) = post(&ground, &variables(&endpoint)).await.unwrap();
    let lost = until("spans that were lost", PATIENCE, async || {
        let lost = ingest.metric("weir_trace_spans_total", "refused").await?;
        Ok((lost >= 3.0).then_some(lost))
    });
    lost.await.unwrap();
    first(&ground, Topic::Comments).await.unwrap();
    assert_eq!(ingest.process.terminate(SOON).await.unwrap().code(), Some(0));
    let log = ingest.process.stderr().unwrap();
    assert_eq!(log.matches("does not take spans").count(), 1, "{log}");
}

#[tokio::test]
async fn a_collector_that_never_answers_does_not_hold_up_the_end() {
    let ground = Ground::prepare().await.unwrap();
    // Connections are taken by the system, and nobody reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let patient = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint), ("OTEL_EXPORTER_OTLP_TIMEOUT", "600000")];
    let (mut ingest, _) = post(&ground, &patient).await.unwrap();
    assert_eq!(ingest.process.terminate(SOON).await.unwrap().code(), Some(0));
    let log = ingest.process.stderr().unwrap();
    assert!(log.contains("the last spans of traces are lost"), "{log}");
}

#[tokio::test]
async fn an_endpoint_that_is_no_url_is_said_and_the_process_serves() {
    let ground = Ground::prepare().await.unwrap();
    let (mut ingest, _) = post(&ground, &variables("not a url")).await.unwrap();
    let said = ingest.process.line("the problem", SOON, |line| line.contains("there are no traces")).await;
    assert!(said.unwrap().contains("OTEL_EXPORTER_OTLP"));
}
