//! `weir tokens`, over a simulated Meta.

use super::settings::Destination;
use super::*;
use crate::meta::tests::{DAY, Ground, SECRETS};
use crate::screen::Printed;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;
use weir_graph::GraphId;
use weir_graph_simulator::{KnownToken, Login};

/// Runs one of the commands: how it ended, and what it printed.
async fn ran<S: Send + 'static>(settings: S, run: fn(&S, &mut Screen) -> Result<Exit>) -> (Exit, String) {
    let ran = tokio::task::spawn_blocking(move || {
        let printed = Printed::default();
        (run(&settings, &mut printed.screen()).unwrap(), printed.text())
    });
    let (exit, said) = ran.await.unwrap();
    for secret in SECRETS {
        assert!(!said.contains(secret), "{said}");
    }
    (exit, said)
}

async fn listed(ground: &Ground, json: bool) -> (Exit, String) {
    ran(ListSettings { meta: ground.settings(), warn_before: 10 * DAY, json }, list).await
}

async fn refresh(ground: &Ground) -> (Exit, String) {
    ran(RefreshSettings { meta: ground.settings(), destination: to(None), json: false }, refreshed).await
}

/// Into a folder, if any.
fn to(folder: Option<PathBuf>) -> Destination {
    let (kubernetes_host, kubernetes_port) = (None, 443);
    Destination {
        to: folder,
        to_secret: None,
        kubernetes_host,
        kubernetes_port,
        service_account: PathBuf::new(),
    }
}

/// A token that has what its app needs.
fn whole(login: Login, permissions: &[&str]) -> KnownToken {
    let scopes = permissions.iter().map(|permission| (*permission).to_owned()).collect();
    KnownToken { scopes, ..KnownToken::of("111", login) }
}

const OF_INSTAGRAM: [&str; 4] = [
    "instagram_basic",
    "instagram_manage_messages",
    "instagram_manage_comments",
    "instagram_manage_insights",
];
const OF_PAGE: [&str; 5] = [
    "pages_manage_metadata",
    "pages_read_engagement",
    "pages_show_list",
    "pages_messaging",
    "leads_retrieval",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_with_its_end_and_what_it_lacks() {
    let ground = Ground::new().await;
    ground.simulator.add_token("EAApage", whole(Login::Facebook, &[&OF_PAGE[..], &OF_INSTAGRAM].concat()));
    let soon = Some(SystemTime::now() + 5 * DAY);
    let system = KnownToken { expires: soon, ..whole(Login::Unified, &OF_INSTAGRAM) };
    ground.simulator.add_token("EAAsystem", system.clone());
    let (exit, said) = listed(&ground, true).await;
    assert_eq!(exit, Exit::Findings, "{said}");
    let tokens = serde_json::from_str::<Value>(&said).unwrap()["tokens"].clone();
    assert_eq!((&tokens[0]["until"], &tokens[0]["lacks"]), (&"never".into(), &Value::Array(Vec::new())));
    assert_eq!((&tokens[1]["is_valid"], &tokens[1]["until"]), (&true.into(), &Value::Null));
    assert_eq!(tokens[2]["kind"], "SYSTEM_USER");
    let (_, said) = listed(&ground, false).await;
    assert!(said.contains("(in 4 days)") && said.contains("ends soon: a new one in the"), "{said}");

    ground
        .simulator
        .add_token("EAAsystem", KnownToken { expires: soon, ..whole(Login::Unified, &OF_INSTAGRAM[1..]) });
    let (_, said) = listed(&ground, false).await;
    assert!(said.contains("ends soon: a new one in the business' settings; lacks instagram_basic"), "{said}");
    assert!(said.contains(&OF_INSTAGRAM[1..].join(", ")), "{said}");

    ground.simulator.add_token("EAAsystem", KnownToken { expires: None, ..system });
    assert_eq!(listed(&ground, false).await.0, Exit::Done);
    ground.simulator.add_token("EAApage", whole(Login::Facebook, &OF_PAGE));
    let (exit, said) = listed(&ground, false).await;
    assert_eq!(exit, Exit::Findings);
    assert!(said.contains("lacks instagram_basic, instagram_manage_comments"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refreshed_token_takes_the_place_of_the_old_one_and_its_end_is_known_then() {
    let ground = Ground::new().await;
    let (exit, said) = refresh(&ground).await;
    assert_eq!(exit, Exit::Done, "{said}");
    assert!(said.contains("1784") && said.contains("(in 59 days)"), "{said}");
    assert_eq!(fs::read_to_string(ground.path("access-tokens/1784")).unwrap(), "IGAAtokenL");
    let (_, said) = listed(&ground, false).await;
    assert!(said.contains("(in 59 days)"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_refreshed_within_a_day_is_left_without_asking_meta() {
    let ground = Ground::new().await;
    assert_eq!(refresh(&ground).await.0, Exit::Done);
    let requests = ground.simulator.requests();
    let (exit, said) = refresh(&ground).await;
    assert_eq!(exit, Exit::Done, "{said}");
    assert!(said.contains("left as it is") && said.contains("(in 59 days)"), "{said}");
    assert_eq!(ground.simulator.requests(), requests);

    // Where nobody wrote its end down, Meta says that it is too young.
    fs::remove_file(ground.path("access-tokens/.1784.ends")).unwrap();
    let (exit, said) = refresh(&ground).await;
    assert_eq!(exit, Exit::Failure);
    assert!(said.contains("younger than a day"), "{said}");
    assert_eq!(fs::read_to_string(ground.path("access-tokens/1784")).unwrap(), "IGAAtokenL");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_lasts_long_enough_is_not_left_where_new_ones_go_elsewhere() {
    let ground = Ground::new().await;
    fs::create_dir(ground.path("renewed")).unwrap();
    ground.write("access-tokens/.1784.ends", "2100-01-01T00:00:00Z");
    let destination = to(Some(ground.path("renewed")));
    let settings = RefreshSettings { meta: ground.settings(), destination, json: false };
    let (exit, said) = ran(settings, refreshed).await;
    assert_eq!(exit, Exit::Done, "{said}");
    assert_eq!(fs::read_to_string(ground.path("renewed/1784")).unwrap(), "IGAAtokenL");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ended_is_not_refreshed_and_shown_as_not_valid() {
    let ground = Ground::new().await;
    let ended = Some(SystemTime::now() - DAY);
    let ended = KnownToken { expires: ended, ..KnownToken::of("111", Login::Instagram) };
    ground.simulator.add_token("IGAAtoken", ended);
    assert_eq!(refresh(&ground).await.0, Exit::Failure);
    let (_, said) = listed(&ground, false).await;
    assert!(said.contains("not valid: a new login"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_token_becomes_the_pages_own_or_one_of_60_days() {
    let ground = Ground::new().await;
    ground.simulator.add_token("short-of-person", KnownToken::of("111", Login::Facebook));
    ground.simulator.add_token("short-of-account", KnownToken::of("111", Login::Instagram));
    for (account, short, long, until) in [
        ("204", "short-of-person", "short-of-personLP", "without end"),
        ("1784", "short-of-account", "short-of-accountL", "(in 59 days)"),
    ] {
        ground.write("short", short);
        let account = GraphId::parse(account).unwrap();
        let file = ground.path("access-tokens").join(account.as_str());
        let settings = ExchangeSettings {
            account,
            short_token: ground.path("short"),
            meta: ground.settings(),
            destination: to(None),
        };
        let (exit, said) = ran(settings, exchanged).await;
        assert!(exit == Exit::Done && said.contains(until) && !said.contains(short), "{said}");
        assert_eq!(fs::read_to_string(file).unwrap(), long);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_app_secret_is_named_by_its_file_in_a_list_and_in_an_exchange() {
    let ground = Ground::new().await;
    ground.simulator.add_token("short-of-person", KnownToken::of("111", Login::Facebook));
    ground.write("short", "short-of-person");
    ground.write("app-secret", "of-another-app");
    let named = "app-secret does not hold the secret of app 111";
    let (exit, said) = listed(&ground, false).await;
    assert!(exit == Exit::Failure && said.matches(named).count() == 2, "{said}");
    let settings = ExchangeSettings {
        account: GraphId::parse("204").unwrap(),
        short_token: ground.path("short"),
        meta: ground.settings(),
        destination: to(None),
    };
    let failed = tokio::task::spawn_blocking(move || exchanged(&settings, &mut Printed::default().screen()));
    let failed = failed.await.unwrap().unwrap_err().to_string();
    assert!(failed.contains(named) && !failed.contains("short-of-person"), "{failed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn meta_is_asked_for_nothing_that_cannot_be_kept() {
    let ground = Ground::new().await;
    ground.simulator.add_token("short-of-account", KnownToken::of("111", Login::Instagram));
    ground.write("short", "short-of-account");
    let requests = ground.simulator.requests();
    // Nobody writes into a file, not even root.
    let exchange = |folder: &str| ExchangeSettings {
        account: GraphId::parse("1784").unwrap(),
        short_token: ground.path("short"),
        meta: ground.settings(),
        destination: to(Some(ground.path(folder))),
    };
    let settings = exchange("short");
    let failed = tokio::task::spawn_blocking(move || exchanged(&settings, &mut Printed::default().screen()));
    assert!(failed.await.unwrap().unwrap_err().to_string().contains("it cannot be written"));
    let destination = to(Some(ground.path("short")));
    let settings = RefreshSettings { meta: ground.settings(), destination, json: false };
    let (exit, said) = ran(settings, refreshed).await;
    assert!(exit == Exit::Failure && said.contains("it cannot be written"), "{said}");
    assert_eq!(ground.simulator.requests(), requests);

    fs::create_dir(ground.path("renewed")).unwrap();
    assert_eq!(ran(exchange("renewed"), exchanged).await.0, Exit::Done);
    assert_eq!(fs::read_to_string(ground.path("renewed/1784")).unwrap(), "short-of-accountL");
    assert_eq!(fs::read_to_string(ground.path("access-tokens/1784")).unwrap(), "IGAAtoken");
}
