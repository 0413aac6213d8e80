//! The client against the simulator: every way in which an answer can go wrong.

use super::*;
use crate::simulator::{Behaviour, Simulator};
use std::time::Duration;
use tokio::net::TcpListener;

const ID: &str = "17894227972186120";

fn graph_at(url: &str) -> Graph {
    Graph::new(GraphSettings {
        url: GraphUrl::parse(url).unwrap(),
        version: GraphVersion::parse("v26.0").unwrap(),
        timeout: Duration::from_secs(10),
        connect_timeout: Duration::from_secs(10),
        max_bytes: 10_000,
    })
    .unwrap()
}

fn hasty(mut graph: Graph) -> Graph {
    graph.settings.timeout = Duration::from_millis(200);
    Graph::new(graph.settings).unwrap()
}

fn call() -> Call {
    Call::Comment { comment: GraphId::parse(ID).unwrap() }
}

fn token() -> AccessToken {
    AccessToken::parse("EAAsecret").unwrap()
}

/// What a client comes to when the simulator behaves as told.
async fn asked(behaviour: Behaviour) -> Result<Outcome, CallError> {
    let simulator = Simulator::start().await.unwrap();
    simulator.misbehave(ID, behaviour);
    let outcome = graph_at(&simulator.url()).ask(&call(), &token()).await;
    assert_eq!(simulator.calls().len(), 1, "one call, whatever comes of it");
    outcome
}

async fn class(behaviour: Behaviour) -> &'static str {
    let error = asked(behaviour).await.unwrap_err();
    let text = runtime::process::chain(&error);
    assert!(!text.contains("EAAsecret") && !text.contains(ID), "{text}");
    error.class()
}

fn answer(status: u16, body: &str) -> Behaviour {
    Behaviour::Answer { status, body: body.to_owned() }
}

#[tokio::test]
async fn a_good_answer_comes_back_verbatim_and_the_token_in_a_header() {
    let simulator = Simulator::start().await.unwrap();
    let body = "{\"id\": \"17\", \"text\":\"\\u00e4\"}";
    simulator.misbehave(ID, answer(200, body));
    let graph = graph_at(&simulator.url());
    let Outcome::Found(found) = graph.ask(&call(), &token()).await.unwrap() else { panic!("not found") };
    assert_eq!(found.get(), body);
    let seen = &simulator.calls()[0];
    assert_eq!(seen.relative_url, graph.relative_url(&call()));
    assert_eq!(seen.token.as_deref(), Some("EAAsecret"));
}

#[tokio::test]
async fn every_call_asks_for_fields_that_exist() {
    let simulator = Simulator::start().await.unwrap();
    let graph = graph_at(&simulator.url());
    let id = |text| GraphId::parse(text).unwrap();
    for call in [
        call(),
        Call::MentionedComment { account: id("1784"), comment: id("17") },
        Call::MentionedMedia { account: id("1784"), media: id("18") },
    ] {
        assert!(matches!(graph.ask(&call, &token()).await, Ok(Outcome::Found(_))), "{call:?}");
    }
}

#[tokio::test]
async fn errors_of_the_graph_have_their_class() {
    assert_eq!(class(Behaviour::error(190, Some(463))).await, "token");
    assert_eq!(class(Behaviour::error(80_002, None)).await, "throttled");
    assert_eq!(class(answer(500, "")).await, "transient");
    assert_eq!(class(answer(200, "<html>")).await, "malformed_answer");
    assert!(matches!(asked(Behaviour::error(100, Some(33))).await, Ok(Outcome::Gone(Some(_)))));
    assert_eq!(class(answer(404, "")).await, "malformed_answer");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Simulator::start().await.unwrap();
    let to = format!("{}/v26.0/17", elsewhere.url());
    assert_eq!(class(Behaviour::Redirect { to }).await, "redirected");
    assert_eq!(elsewhere.calls(), []);
}

#[tokio::test]
async fn an_oversized_answer_is_not_read_to_its_end() {
    assert_eq!(class(Behaviour::Oversized { bytes: 10_001 }).await, "answer_too_large");
    assert_eq!(class(Behaviour::Oversized { bytes: 10_000 }).await, "malformed_answer");
}

#[tokio::test]
async fn a_failure_with_an_oversized_page_is_a_failure() {
    assert_eq!(class(answer(502, &"x".repeat(20_000))).await, "transient");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_not_taken_for_one() {
    assert_eq!(class(Behaviour::CutOff).await, "interrupted");
}

#[tokio::test]
async fn silence_ends_after_the_timeout() {
    let simulator = Simulator::start().await.unwrap();
    simulator.misbehave(ID, Behaviour::Hang);
    let error = hasty(graph_at(&simulator.url())).ask(&call(), &token()).await.unwrap_err();
    assert_eq!(error.class(), "timed_out");
    assert!(error.to_string().contains("200ms"), "{error}");
}

#[tokio::test]
async fn a_host_that_refuses_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = graph_at(&url).ask(&call(), &token()).await.unwrap_err();
    assert_eq!(error.class(), "unreachable");
    let text = runtime::process::chain(&error);
    assert!(text.contains(&url) && text.to_lowercase().contains("refused"), "{text}");
}

#[tokio::test]
async fn a_host_without_tls_is_unreachable_by_https() {
    let simulator = Simulator::start().await.unwrap();
    let url = simulator.url().replace("http://", "https://");
    let error = graph_at(&url).ask(&call(), &token()).await.unwrap_err();
    assert_eq!(error.class(), "unreachable");
    assert_eq!(simulator.calls(), []);
}

#[test]
fn a_client_holds_no_token() {
    let graph = graph_at("https://graph.facebook.com");
    assert!(format!("{graph:?}").contains("graph.facebook.com"));
    assert!(!format!("{graph:?}").contains("EAA"));
}
