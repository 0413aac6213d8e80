//! The typed edges, over the simulator.

use super::*;
use crate::{AccessToken, AppSecret, Graph, GraphSettings, GraphUrl, GraphVersion};
use prometheus::Registry;
use std::collections::BTreeSet;
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

#[tokio::test]
async fn what_an_app_was_subscribed_to_is_read_back() {
    let Meta { simulator, graph, app, app_token } = meta().await;
    assert_eq!(graph.app_subscriptions(&app, &app_token).await.unwrap(), []);
    let wanted = AppSubscription {
        object: String::from("page"),
        callback_url: String::from("https://example.com/webhook"),
        active: true,
        fields: fields(&["messages", "feed"]),
    };
    graph.subscribe_app(&app, &wanted, "verify", &app_token).await.unwrap();
    assert_eq!(graph.app_subscriptions(&app, &app_token).await.unwrap(), [wanted]);
    let posted = simulator.posts().pop().unwrap().parameters;
    assert_eq!((&posted["verify_token"], &posted["include_values"]), (&"verify".into(), &"true".into()));
    let refused = graph.app_subscriptions(&app, &token("page")).await.unwrap_err();
    assert_eq!(refused.code(), Some(190));
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
