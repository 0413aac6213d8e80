//! The client against the simulator: every way in which an answer can go wrong.

mod connections;

use super::*;
use crate::{AppSecret, GraphUrl, GraphVersion};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use weir_graph_simulator::{Behaviour, Simulator};

const ID: &str = "17894227972186120";

fn settings(url: &str) -> GraphSettings {
    let settings = GraphSettings::of(GraphUrl::parse(url).unwrap(), GraphVersion::parse("v26.0").unwrap());
    GraphSettings { graph_max_bytes: 10_000, graph_batch_max_bytes: 50_000, ..settings }
}

fn graph_at(url: &str) -> Graph {
    Graph::new(settings(url), &Registry::new()).unwrap()
}

fn hasty(url: &str) -> Graph {
    let settings = GraphSettings { graph_timeout: Duration::from_secs(1), ..settings(url) };
    Graph::new(settings, &Registry::new()).unwrap()
}

const ASKED: &str = "v26.0/17894227972186120?fields=id,text,media{id}";

fn token() -> AccessToken {
    AccessToken::parse("default", "EAAsecret", None).unwrap()
}

/// What a client comes to when the simulator behaves as told.
async fn asked(behaviour: Behaviour) -> Result<Outcome, CallError> {
    let simulator = Simulator::start().await.unwrap();
    simulator.misbehave(ID, behaviour);
    let outcome = graph_at(&simulator.url()).get(ASKED, &token()).await.result;
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
    let Outcome::Found(found) = graph.get(ASKED, &token()).await.result.unwrap() else { panic!("not found") };
    assert_eq!(found.get(), body);
    let seen = &simulator.calls()[0];
    assert_eq!(seen.relative_url, ASKED);
    assert_eq!(seen.token.as_deref(), Some("EAAsecret"));
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
    let error = hasty(&simulator.url()).get(ASKED, &token()).await.result.unwrap_err();
    assert_eq!(error.class(), "timed_out");
    assert!(error.to_string().contains("within 1s"), "{error}");
}

#[tokio::test]
async fn a_host_that_refuses_is_named() {
    // Held and never listened on, so that nobody else is there.
    let held = TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", held.local_addr().unwrap());
    let error = graph_at(&url).get(ASKED, &token()).await.result.unwrap_err();
    assert_eq!(error.class(), "unreachable");
    let text = runtime::process::chain(&error);
    assert!(text.contains(&url) && text.to_lowercase().contains("refused"), "{text}");
}

#[tokio::test]
async fn a_host_without_tls_is_unreachable_by_https() {
    let simulator = Simulator::start().await.unwrap();
    let url = simulator.url().replace("http://", "https://");
    let error = graph_at(&url).get(ASKED, &token()).await.result.unwrap_err();
    assert_eq!(error.class(), "unreachable");
    assert_eq!(simulator.calls(), []);
}

#[tokio::test]
async fn a_connection_that_does_not_come_about_is_told_from_a_call_that_may_have_been_made() {
    // It is connected to, and never says a word of TLS.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    let json = Body::Json(String::from("{}"));
    let error = hasty(&url).post("v26.0/1784/messages", json, &token()).await.result.unwrap_err();
    assert!(error.is_undone(), "{error}");
}

#[test]
fn a_client_holds_no_token() {
    let graph = graph_at("https://graph.facebook.com");
    assert!(format!("{graph:?}").contains("graph.facebook.com"));
    assert!(!format!("{graph:?}").contains("EAA"));
}

fn another() -> AccessToken {
    AccessToken::parse("1784", "EAAanother", Some(&AppSecret::parse("app-secret").unwrap())).unwrap()
}

#[tokio::test]
async fn a_batch_is_one_request_and_each_item_has_its_token() {
    let simulator = Simulator::start().await.unwrap();
    simulator.misbehave("18", Behaviour::error(190, Some(463)));
    simulator.misbehave("19", Behaviour::Hang);
    let (one, other) = (token(), another());
    let item = |relative_url, token| BatchItem { relative_url, token };
    let items = [item(ASKED, &one), item("v26.0/18?fields=id", &other), item("v26.0/19?fields=id", &one)];
    let replies = graph_at(&simulator.url()).batch(&items).await.result.unwrap();
    let results: Vec<_> = replies.into_iter().map(|reply| reply.result).collect();
    let [Ok(Outcome::Found(found)), Err(refused), Err(unanswered)] = &results[..] else {
        panic!("{results:?}")
    };
    assert!(found.get().contains("This is an example."), "{found}");
    assert_eq!((refused.class(), unanswered.class()), ("token", "timed_out_in_batch"));
    assert_eq!(simulator.requests(), 1);
    let tokens: Vec<_> = simulator.calls().into_iter().filter_map(|call| call.token).collect();
    assert_eq!(tokens, ["EAAsecret", "EAAanother", "EAAsecret"]);
}

#[tokio::test]
async fn what_is_alone_is_read_without_a_batch_and_fails_for_itself() {
    let simulator = Simulator::start().await.unwrap();
    simulator.misbehave_batches(answer(502, "<html>"));
    let (graph, token) = (graph_at(&simulator.url()), token());
    let alone = async || {
        let replies = graph.batch(&[BatchItem { relative_url: ASKED, token: &token }]).await.result.unwrap();
        replies.into_iter().map(|reply| reply.result).collect::<Vec<_>>()
    };
    let answers = alone().await;
    assert!(matches!(&answers[..], [Ok(Outcome::Found(_))]), "{answers:?}");
    simulator.misbehave(ID, Behaviour::error(190, None));
    let answers = alone().await;
    assert!(matches!(&answers[..], [Err(refused)] if refused.class() == "token"), "{answers:?}");
    assert_eq!(graph.requests.with_label_values(&["get"]).get(), 2);
}

#[tokio::test]
async fn the_proof_goes_with_the_token_alone_and_in_a_batch() {
    let simulator = Simulator::start().await.unwrap();
    let proof = another().proof().unwrap().to_owned();
    let graph = graph_at(&simulator.url());
    graph.get(ASKED, &another()).await.result.unwrap();
    let (one, other) = (token(), another());
    let item = |token| BatchItem { relative_url: ASKED, token };
    graph.batch(&[item(&one), item(&other)]).await.result.unwrap();
    let proofs: Vec<_> = simulator.calls().into_iter().map(|call| call.proof).collect();
    assert_eq!(proofs, [Some(proof.clone()), None, Some(proof)]);
}

#[tokio::test]
async fn a_batch_that_goes_wrong_as_a_whole_says_so() {
    let token = token();
    let items = [BatchItem { relative_url: ASKED, token: &token }; 2];
    for (behaviour, class) in [
        (Behaviour::error(190, None), "token"),
        (Behaviour::error(4, None), "throttled"),
        (answer(502, "<html>"), "transient"),
        (answer(200, "[]"), "malformed_answer"),
        (Behaviour::CutOff, "interrupted"),
        (Behaviour::Oversized { bytes: 50_001 }, "answer_too_large"),
        (Behaviour::Hang, "timed_out"),
    ] {
        let simulator = Simulator::start().await.unwrap();
        // Anybody else has time to answer.
        let graph = if class == "timed_out" { hasty } else { graph_at };
        simulator.misbehave_batches(behaviour);
        let error = graph(&simulator.url()).batch(&items).await.result.unwrap_err();
        assert_eq!(error.class(), class);
    }
}

#[tokio::test]
async fn what_is_told_to_a_graph_api_that_answers_nothing_well_is_told_all_the_same() {
    let simulator = Simulator::start().await.unwrap();
    let (graph, token) = (graph_at(&simulator.url()), token());
    let post = async || {
        let body = Body::Json(String::from(r#"{"recipient":{"id":"9"},"message":{"text":"x"}}"#));
        graph.post("v26.0/1784/messages", body, &token).await.result
    };
    simulator.misbehave_partly(answer(503, ""), 100);
    assert_eq!(graph.get(ASKED, &token).await.result.unwrap_err().class(), "transient");
    assert_eq!(post().await.unwrap_err().class(), "transient");
    assert_eq!((simulator.calls().len(), simulator.posts().len()), (1, 1));
    simulator.behave_wholly();
    post().await.unwrap();
    assert_eq!(simulator.posts().len(), 2);
}

#[tokio::test]
async fn usage_is_read_from_the_answer_s_headers() {
    let simulator = Simulator::start().await.unwrap();
    simulator.say_usage("X-App-Usage", r#"{"call_count":81,"total_time":2,"total_cputime":3}"#);
    let graph = graph_at(&simulator.url());
    let usage = graph.get(ASKED, &token()).await.usage;
    assert_eq!(usage.app.map(crate::Share::highest), Some(81.0));
    simulator.misbehave(ID, Behaviour::error(4, None));
    let usage = graph.get(ASKED, &token()).await.usage;
    assert_eq!(usage.app.map(crate::Share::highest), Some(81.0), "errors have them too");
}

#[tokio::test]
async fn what_is_to_be_done_is_posted_once_with_its_body() {
    let simulator = Simulator::start().await.unwrap();
    let graph = graph_at(&simulator.url());
    let form = Body::Form(vec![("message", String::from("50% off & more = ok\u{e4}"))]);
    let Written::Done(Some(done)) = graph.post("v26.0/17/replies", form, &token()).await.result.unwrap()
    else {
        panic!("gone")
    };
    assert!(done.get().contains("\"id\""), "{done}");
    let json = Body::Json(String::from(r#"{"recipient":{"id":"9"},"message":{"text":"x"}}"#));
    graph.post("v26.0/1784/messages", json, &token()).await.result.unwrap();
    let posts = simulator.posts();
    assert_eq!(posts.len(), 2);
    assert_eq!(posts[0].parameters["message"], "50% off & more = ok\u{e4}");
    assert_eq!(posts[1].parameters["recipient"]["id"], "9");
}

#[tokio::test]
async fn a_post_that_is_cut_off_is_not_sent_again_and_may_have_been_done() {
    let simulator = Simulator::start().await.unwrap();
    simulator.misbehave("1784", Behaviour::CutOff);
    let json = Body::Json(String::from(r#"{"recipient":{"id":"9"},"message":{"text":"x"}}"#));
    let error =
        graph_at(&simulator.url()).post("v26.0/1784/messages", json, &token()).await.result.unwrap_err();
    assert!(!error.is_undone(), "{error}");
    assert_eq!(simulator.posts().len(), 1);
}
