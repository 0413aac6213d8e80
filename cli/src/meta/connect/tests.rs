//! `weir connect`, over a simulated Meta.

use super::*;
use crate::meta::tests::{DAY, Ground, SECRETS};
use crate::meta::tokens::look;
use crate::screen::Printed;
use prometheus::Registry;
use serde_json::Value;
use std::time::SystemTime;
use weir_graph_simulator::{Behaviour, KnownToken, Login};

/// How it ended, and what it printed.
async fn connect(ground: &Ground, apply: bool, json: bool) -> (Exit, String) {
    let settings = ConnectSettings { meta: ground.settings(), json };
    let ran = tokio::task::spawn_blocking(move || {
        let printed = Printed::default();
        (run(&settings, &mut printed.screen(), apply).unwrap(), printed.text())
    });
    let (exit, said) = ran.await.unwrap();
    for secret in SECRETS {
        assert!(!said.contains(secret), "{said}");
    }
    (exit, said)
}

async fn states(ground: &Ground) -> Vec<String> {
    let (_, said) = connect(ground, false, true).await;
    let report: Value = serde_json::from_str(&said).unwrap();
    let items = report["items"].as_array().unwrap();
    items.iter().map(|item| item["state"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_shown_then_made_and_then_there_is_nothing_to_do() {
    let ground = Ground::new().await;
    let (exit, said) = connect(&ground, false, false).await;
    assert_eq!(exit, Exit::Findings, "{said}");
    for part in ["object page to https://webhooks.example.com/webhook", "account 204 (facebook)", "5 missing"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(said.contains(" --access-tokens ") && said.contains("weir connect apply --file "), "{said}");
    assert!(ground.simulator.posts().is_empty(), "a plan changes nothing");

    let (exit, said) = connect(&ground, true, false).await;
    assert_eq!(exit, Exit::Done, "{said}");
    assert!(said.contains("made so; before: not installed") && said.contains("5 changed"), "{said}");
    assert_eq!(states(&ground).await, ["as_declared"; 5]);
    let posts = ground.simulator.posts().len();
    assert_eq!(connect(&ground, true, false).await.0, Exit::Done);
    assert_eq!(ground.simulator.posts().len(), posts, "what is as declared is left alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_the_fields_that_weir_types_are_subscribed_to() {
    let ground = Ground::new().await;
    connect(&ground, true, false).await;
    let posted = |edge: &str, whose: schemas::Subscribable, member: &str| {
        let posts = ground.simulator.posts().into_iter().filter(|post| post.relative_url.ends_with(edge));
        let fields = posts.map(|post| post.parameters[member].as_str().unwrap_or_default().to_owned());
        let mut expected = whose.fields();
        expected.sort_unstable();
        assert!(
            fields.clone().any(|fields| fields == expected.join(",")),
            "{:?}",
            fields.collect::<Vec<_>>()
        );
    };
    posted("111/subscriptions", schemas::Subscribable::Page, "fields");
    posted("111/subscriptions", schemas::Subscribable::Instagram, "fields");
    posted("204/subscribed_apps", schemas::Subscribable::Page, "subscribed_fields");
    posted("1784/subscribed_apps", schemas::Subscribable::InstagramLogin, "subscribed_fields");
    posted("1785/subscribed_apps", schemas::Subscribable::UnifiedLogin, "subscribed_fields");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_was_unsubscribed_is_healed() {
    let ground = Ground::new().await;
    connect(&ground, true, false).await;
    ground.simulator.uninstall("204");
    assert_eq!(states(&ground).await[2], "missing");
    assert_eq!(connect(&ground, true, false).await.0, Exit::Done);
    assert_eq!(states(&ground).await[2], "as_declared");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_that_fails_holds_up_no_other() {
    let ground = Ground::new().await;
    let ended = Some(SystemTime::now() - DAY);
    let ended = KnownToken { expires: ended, ..KnownToken::of("111", Login::Facebook) };
    ground.simulator.add_token("EAApage", ended);
    let (exit, said) = connect(&ground, true, false).await;
    assert_eq!(exit, Exit::Failure, "{said}");
    assert!(said.contains("error 190/463") && said.contains("1 failed"), "{said}");
    assert_eq!(states(&ground).await, ["as_declared", "as_declared", "failed", "as_declared", "as_declared"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_says_what_to_do() {
    let ground = Ground::new().await;
    let without = KnownToken { scopes: Vec::new(), ..KnownToken::of("111", Login::Facebook) };
    ground.simulator.add_token("EAApage", without);
    ground.simulator.misbehave("1784", Behaviour::error(4, None));
    std::fs::remove_file(ground.path("system")).unwrap();
    let (exit, said) = connect(&ground, true, false).await;
    assert_eq!(exit, Exit::Failure);
    for part in ["pages_manage_metadata", "too many calls", "system: it cannot be read"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    ground.simulator.misbehave("111", Behaviour::error(2200, None));
    let (_, said) = connect(&ground, true, false).await;
    assert!(said.contains("handshake"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_cannot_be_read_is_not_said_to_be_missing_and_no_other_is_taken_for_it() {
    let ground = Ground::new().await;
    let token = ground.path("access-tokens/204");
    std::fs::remove_file(&token).unwrap();
    std::os::unix::fs::symlink("nowhere", &token).unwrap();
    ground.write("access-tokens/default", "EAApage\n");
    let (exit, said) = connect(&ground, false, false).await;
    assert_eq!(exit, Exit::Failure, "{said}");
    assert!(said.contains("204: it cannot be read"), "{said}");
    std::fs::remove_file(&token).unwrap();
    assert_eq!(connect(&ground, false, false).await.0, Exit::Findings, "that of the rest is taken");
}

/// What a scrape has of a metric.
fn told(registry: &Registry, name: &str) -> Vec<f64> {
    let families = registry.gather();
    let family = families.iter().find(|family| family.name() == name);
    let values = family.map(|family| family.get_metric().iter().map(|metric| metric.get_gauge().get_value()));
    values.map(Iterator::collect).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_healed_what_fails_and_when_tokens_end_is_told() {
    let ground = Ground::new().await;
    let ends = Some(SystemTime::now() + 5 * DAY);
    let system = KnownToken { expires: ends, ..KnownToken::of("111", Login::Unified) };
    ground.simulator.add_token("EAAsystem", system);
    connect(&ground, true, false).await;
    let registry = Registry::new();
    let mut gauges = gauges::Gauges::new(&registry, DAY);
    let mut round = async || {
        let accounts = Accounts::open(&ground.settings()).unwrap();
        gauges.tell(&round::apply(&accounts).await, &look::at_all(&accounts).await);
    };
    round().await;
    assert_eq!(told(&registry, "weir_connect_healed_timestamp_seconds"), [0.0]);
    assert_eq!(told(&registry, "weir_connect_failing"), [0.0]);
    assert_eq!(told(&registry, "weir_token_expiry_timestamp_seconds").len(), 1);
    // The one of Instagram Login, of which Meta says nothing.
    assert_eq!(told(&registry, "weir_token_end_unknown"), [1.0]);
    let started = told(&registry, "weir_connect_round_timestamp_seconds");
    assert!(started[0] > 1_700_000_000.0, "{started:?}");
    assert_eq!(told(&registry, "weir_connect_interval_seconds"), [86_400.0]);
    ground.simulator.uninstall("204");
    ground.simulator.misbehave("1784", Behaviour::error(4, None));
    round().await;
    assert!(told(&registry, "weir_connect_healed_timestamp_seconds")[0] > 1_700_000_000.0);
    assert_eq!(told(&registry, "weir_connect_failing"), [1.0]);

    // Nothing is known of the token any more: what was known holds, and it is said that something fails.
    let ends = told(&registry, "weir_token_expiry_timestamp_seconds");
    ground.simulator.behave("1784");
    ground.simulator.misbehave("debug_token", Behaviour::error(2, None));
    round().await;
    assert_eq!(told(&registry, "weir_token_expiry_timestamp_seconds"), ends);
    assert_eq!(told(&registry, "weir_connect_failing"), [2.0]);
    ground.simulator.behave("debug_token");
    let system = KnownToken { expires: None, ..KnownToken::of("111", Login::Unified) };
    ground.simulator.add_token("EAAsystem", system);
    round().await;
    assert_eq!(told(&registry, "weir_token_expiry_timestamp_seconds"), [0.0; 0]);
    assert_eq!(told(&registry, "weir_token_end_unknown"), [1.0]);

    // As whoever renews it writes it down.
    ground.write("access-tokens/.1784.ends", "2100-01-01T00:00:00Z");
    round().await;
    assert_eq!(told(&registry, "weir_token_expiry_timestamp_seconds"), [4_102_444_800.0]);
    assert_eq!(told(&registry, "weir_token_end_unknown"), [0.0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_whose_secret_cannot_be_read_holds_up_no_other() {
    let ground = Ground::new().await;
    ground.simulator.add_app("112", "secret-of-the-app");
    ground.simulator.add_token("EAAother", KnownToken::of("112", Login::Unified));
    ground.write("other", "EAAother");
    let other = r#"{"apps": [{"id": "112", "secret_file": "app-secret", "accounts":
        [{"id": "1786", "login": "unified", "token_file": "other"}]}, "#;
    let declared = std::fs::read_to_string(ground.path("connect.json")).unwrap();
    ground.write(
        "connect.json",
        &declared.replacen(r#"{"apps": ["#, other, 1).replace(
            r#""id": "111", "secret_file": "app-secret""#,
            r#""id": "111", "secret_file": "nowhere""#,
        ),
    );
    let (exit, said) = connect(&ground, true, false).await;
    assert_eq!(exit, Exit::Failure, "{said}");
    assert!(said.contains("nowhere: it cannot be read") && said.contains("1 changed, 5 failed"), "{said}");
    assert_eq!(states(&ground).await, ["as_declared", "failed", "failed", "failed", "failed", "failed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_app_secret_is_named_by_its_file_before_any_token() {
    let ground = Ground::new().await;
    ground.write("app-secret", "of-another-app");
    let (exit, said) = connect(&ground, true, false).await;
    assert_eq!(exit, Exit::Failure, "{said}");
    // The two objects, and the accounts that it proves: all but that of Instagram Login.
    let named = said.matches("app-secret does not hold the secret of app 111").count();
    assert!(named == 4 && said.contains("4 failed"), "{said}");
    assert!(!said.contains("access token") && !said.contains("taken out by"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_app_may_be_why_the_right_secret_does_not_prove_it() {
    let ground = Ground::new().await;
    ground.simulator.add_app("112", "secret-of-another");
    ground.simulator.add_token("EAApage", KnownToken::of("112", Login::Facebook));
    let (exit, said) = connect(&ground, true, false).await;
    assert!(exit == Exit::Failure && said.contains("1 failed"), "{said}");
    assert_eq!(said.matches("or the account's token is another app's").count(), 1, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_fails_names_the_address_and_the_file_of_the_verify_token() {
    let ground = Ground::new().await;
    // Nobody listens there.
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    ground.simulator.lead_callbacks("webhooks.example.com", nowhere);
    let (exit, said) = connect(&ground, true, false).await;
    assert_eq!(exit, Exit::Failure, "{said}");
    for part in ["answer at https://webhooks.example.com/webhook", "/verify-token holds", "weir doctor"] {
        assert_eq!(said.matches(part).count(), 2, "{part}: {said}");
    }
    assert_eq!(states(&ground).await, ["missing", "missing", "as_declared", "as_declared", "as_declared"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_goes_beyond_the_file_is_left_as_it_is() {
    let ground = Ground::new().await;
    connect(&ground, true, false).await;
    let declared = std::fs::read_to_string(ground.path("connect.json")).unwrap();
    ground
        .write("connect.json", &declared.replace(r#""id": "111","#, r#""id": "111", "without": ["feed"],"#));
    let posts = ground.simulator.posts().len();
    let (exit, said) = connect(&ground, true, false).await;
    assert_eq!(exit, Exit::Findings, "{said}");
    assert!(said.contains("has feed beyond the file"), "{said}");
    assert_eq!(ground.simulator.posts().len(), posts, "there is nothing to add");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verify_token_that_cannot_be_read_holds_up_no_account() {
    let ground = Ground::new().await;
    std::fs::remove_file(ground.path("verify-token")).unwrap();
    let (exit, said) = connect(&ground, true, false).await;
    assert_eq!(exit, Exit::Failure, "{said}");
    assert!(said.contains("verify-token: it cannot be read"), "{said}");
    assert_eq!(states(&ground).await, ["failed", "failed", "as_declared", "as_declared", "as_declared"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_where_it_lacks_a_verify_token_that_it_needs() {
    let ground = Ground::new().await;
    ground.write("verify-token", "\n");
    let (exit, said) = connect(&ground, false, false).await;
    assert_eq!(exit, Exit::Failure, "{said}");
    assert!(said.contains("cannot be made so") && said.contains("it holds no verify token"), "{said}");
    ground.write("verify-token", "verify-token-of-weir");
    assert_eq!(connect(&ground, true, false).await.0, Exit::Done);
    std::fs::remove_file(ground.path("verify-token")).unwrap();
    assert_eq!(states(&ground).await, ["as_declared"; 5]);
}
