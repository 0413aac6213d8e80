//! The typed edges, over the simulator.

use super::*;
use crate::{AccessToken, AppSecret, Graph, GraphSettings, GraphUrl, GraphVersion};
use prometheus::Registry;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::time::{Duration, SystemTime};
use weir_graph_simulator::{KnownToken, Login, Simulator};

const DAY: Duration = Duration::from_hours(24);

struct Meta {
    simulator: Simulator,
    graph: Graph,
    app: GraphId,
    app_token: AccessToken,
}

/// An app `111` at Meta, with a page token `page` and an Instagram token `ig` of two days ago.
async fn meta() -> Meta {
    let simulator = Simulator::start().await.unwrap();
    simulator.add_app("111", "app-secret");
    simulator.add_token("page", KnownToken::of("111", Login::Facebook));
    let issued = SystemTime::now() - 2 * DAY;
    let expires = Some(SystemTime::now() + 58 * DAY);
    simulator.add_token("ig", KnownToken { issued, expires, ..KnownToken::of("111", Login::Instagram) });
    let url = GraphUrl::parse(&simulator.url()).unwrap();
    let settings = GraphSettings::of(url, GraphVersion::parse("v26.0").unwrap());
    let graph = Graph::new(settings, &Registry::new()).unwrap();
    let secret = AppSecret::parse("app-secret").unwrap();
    let app = id("111");
    Meta { simulator, graph, app_token: AccessToken::of_app(&app, &secret), app }
}

fn id(text: &str) -> GraphId {
    GraphId::parse(text).unwrap()
}

fn token(text: &str) -> AccessToken {
    AccessToken::parse("default", text, None).unwrap()
}

fn fields(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn wanted() -> AppSubscription {
    AppSubscription {
        object: String::from("page"),
        callback_url: String::from("https://example.com/webhook"),
        active: true,
        fields: fields(&["messages", "feed"]),
    }
}

/// Answers so many handshakes: the challenge to the verify token `right`, 403 to any other.
fn callback(listener: &TcpListener, times: usize) {
    for stream in listener.incoming().take(times) {
        let mut stream = stream.unwrap();
        let head = BufReader::new(&stream).lines().map(Result::unwrap);
        let head: Vec<String> = head.take_while(|line| !line.is_empty()).collect();
        let value = |name: &str| {
            let pairs = head[0].split(['?', '&', ' ']);
            pairs.filter_map(|pair| pair.split_once('=')).find(|(own, _)| *own == name).unwrap().1
        };
        let (status, body) = match value("hub.verify_token") {
            "right" => ("200 OK", value("hub.challenge")),
            _ => ("403 Forbidden", ""),
        };
        let length = body.len();
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
    }
}

#[tokio::test]
async fn an_app_whose_callback_fails_the_handshake_is_not_subscribed() {
    let Meta { simulator, graph, app, app_token } = meta().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    simulator.lead_callbacks("example.com", listener.local_addr().unwrap());
    let callback = std::thread::spawn(move || callback(&listener, 2));
    let refused = graph.subscribe_app(&app, &wanted(), "wrong", &app_token).await.unwrap_err();
    assert_eq!(refused.code(), Some(2_200));
    assert_eq!(graph.app_subscriptions(&app, &app_token).await.unwrap(), []);
    graph.subscribe_app(&app, &wanted(), "right", &app_token).await.unwrap();
    callback.join().unwrap();
}

#[tokio::test]
async fn a_token_that_another_apps_secret_proves_is_refused_by_the_secret() {
    let Meta { simulator: _running, graph, .. } = meta().await;
    let page = |secret: &str| AccessToken::parse("204", "page", AppSecret::parse(secret).as_ref()).unwrap();
    let refused = graph.installs(&id("204"), &page("of-another-app")).await.unwrap_err();
    assert!(refused.refusal().unwrap().is_of_app_secret, "{refused}");
    assert_eq!(graph.installs(&id("204"), &page("app-secret")).await.unwrap(), []);
}

#[tokio::test]
async fn what_an_app_was_subscribed_to_is_read_back() {
    let Meta { simulator, graph, app, app_token } = meta().await;
    assert_eq!(graph.app_subscriptions(&app, &app_token).await.unwrap(), []);
    let wanted = wanted();
    graph.subscribe_app(&app, &wanted, "verify", &app_token).await.unwrap();
    assert_eq!(graph.app_subscriptions(&app, &app_token).await.unwrap(), [wanted]);
    let posted = simulator.posts().pop().unwrap().parameters;
    assert_eq!((&posted["verify_token"], &posted["include_values"]), (&"verify".into(), &"true".into()));
    let refused = graph.app_subscriptions(&app, &token("page")).await.unwrap_err();
    assert_eq!(refused.code(), Some(190));
}

#[tokio::test]
async fn an_app_on_the_second_page_of_those_that_are_installed_is_found() {
    let Meta { graph, simulator, .. } = meta().await;
    let page = id("204");
    for app in 1_000..1_101 {
        simulator.add_token("other", KnownToken::of(&app.to_string(), Login::Facebook));
        graph.install(&page, &fields(&["feed"]), &token("other")).await.unwrap();
    }
    graph.install(&page, &fields(&["feed"]), &token("page")).await.unwrap();
    let installs = graph.installs(&page, &token("page")).await.unwrap();
    let apps: BTreeSet<_> = installs.iter().filter_map(|install| install.app.as_deref()).collect();
    assert_eq!((installs.len(), apps.len(), apps.contains("1100")), (102, 102, true));
}

#[tokio::test]
async fn what_an_account_has_installed_is_read_back() {
    let Meta { graph, simulator, .. } = meta().await;
    let (page, ig) = (id("204"), id("1784"));
    graph.install(&page, &fields(&["feed"]), &token("page")).await.unwrap();
    graph.install(&ig, &fields(&["comments"]), &token("ig")).await.unwrap();
    let of_page = graph.installs(&page, &token("page")).await.unwrap();
    assert_eq!(of_page, [Install { app: Some(String::from("111")), fields: fields(&["feed"]) }]);
    let of_account = graph.installs(&ig, &token("ig")).await.unwrap();
    assert_eq!(of_account, [Install { app: None, fields: fields(&["comments"]) }]);
    simulator.uninstall("204");
    assert_eq!(graph.installs(&page, &token("page")).await.unwrap(), []);
    let refused = graph.install(&page, &fields(&["messaging_seen"]), &token("page")).await.unwrap_err();
    assert_eq!(refused.code(), Some(100));
}

#[tokio::test]
async fn what_a_token_is_and_until_when_is_said() {
    let Meta { graph, simulator, app_token, .. } = meta().await;
    let facts = graph.token_facts(&token("page"), &app_token).await.unwrap();
    assert!(facts.is_valid && facts.expires_at == Some(0), "{facts:?}");
    assert_eq!(facts.scopes, ["pages_manage_metadata"]);
    let ended =
        KnownToken { expires: Some(SystemTime::now() - DAY), ..KnownToken::of("111", Login::Facebook) };
    simulator.add_token("ended", ended);
    for invalid in ["ended", "nobody's"] {
        assert!(!graph.token_facts(&token(invalid), &app_token).await.unwrap().is_valid, "{invalid}");
    }
}

#[tokio::test]
async fn tokens_are_exchanged_and_renewed() {
    let Meta { graph, simulator, app, app_token } = meta().await;
    let secret = AppSecret::parse("app-secret").unwrap();
    simulator.add_token("hour", KnownToken::of("111", Login::Instagram));
    let long = graph.exchange_facebook(&token("page"), &app, &secret, &app_token).await.unwrap();
    assert_eq!((long.secret.as_str(), long.lasts()), ("pageL", Some(60 * DAY)));
    let page = graph.page_token(&id("204"), &token("pageL")).await.unwrap();
    assert_eq!((page.secret.as_str(), page.lasts()), ("pageLP", None));
    assert_eq!(graph.exchange_instagram(&token("hour"), &secret).await.unwrap().secret, "hourL");
    assert_eq!(graph.refresh_instagram(&token("ig")).await.unwrap().secret, "igL");
    let too_young = graph.refresh_instagram(&token("hour")).await.unwrap_err();
    assert_eq!(too_young.code(), Some(100));
}

#[test]
fn for_how_long_a_token_lasts_may_be_a_string() {
    let lasts = |expires_in: &str| {
        let answer = format!(r#"{{"access_token":"long"{expires_in}}}"#);
        serde_json::from_str::<NewToken>(&answer).map(|token| token.expires_in).ok()
    };
    for stated in [r#","expires_in":5184000"#, r#","expires_in":"5184000""#] {
        assert_eq!(lasts(stated), Some(Some(5_184_000)), "{stated}");
    }
    assert_eq!([lasts(""), lasts(r#","expires_in":null"#)], [Some(None); 2]);
    assert_eq!([lasts(r#","expires_in":"soon""#), lasts(r#","expires_in":{}"#)], [None; 2]);
}

#[tokio::test]
async fn messages_are_there_or_gone() {
    let Meta { graph, simulator, .. } = meta().await;
    simulator.add_message("42", "aWdfm1", "2026-11-21T18:30:00+0000");
    let message =
        Node { id: String::from("aWdfm1"), created: Some(String::from("2026-11-21T18:30:00+0000")) };
    assert_eq!(graph.node("aWdfm1", &token("ig")).await.unwrap(), message);
    assert!(matches!(graph.node("aWdfm2", &token("ig")).await, Err(EdgeError::Gone(_))));
    assert_eq!(graph.node("17865799348089039", &token("ig")).await.unwrap().created, None);
    assert_eq!(graph.conversation("instagram", &id("42"), &token("ig")).await.unwrap(), [message]);
    assert_eq!(graph.conversation("instagram", &id("43"), &token("ig")).await.unwrap(), []);
}
