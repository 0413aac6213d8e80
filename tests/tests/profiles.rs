//! Customers looked up over a real broker: once, remembered over a restart, again after a while; and no name in a log.

#![cfg(feature = "everything")]

use anyhow::Result;
use schemas::Topic;
use serde_json::{Value, json};
use weir_graph_simulator::Behaviour;
use weir_tests::pipeline::{Ground, PATIENCE, PREFIX, Service};
use weir_tests::reader::Record;
use weir_tests::typed;
use weir_tests::writer::{self, Outgoing};

const ACCOUNT: &str = "17841405726653026";
const PAGE: &str = "1067280970047460";
const CUSTOMER: &str = "30000000000000000";
const WITHOUT_CONSENT: &str = "30000000000000001";
const OF_THE_PAGE: &str = "30000000000000002";
/// What the simulator says of everybody.
const NAME: &str = "A Customer";

/// The record of a message, whose text is no other's.
fn message(object: &str, account: &str, from: &str, to: &str, number: usize) -> Result<Outgoing> {
    let message = json!({"mid": format!("m-{number}"), "text": "hello"});
    let item = json!({"sender": {"id": from}, "recipient": {"id": to}, "timestamp": 1_752_834_910_000_u64, "message": message});
    typed::item(object, account, "messaging", &item)
}

fn of_customer(from: &str, number: usize) -> Result<Outgoing> {
    message("instagram", ACCOUNT, from, ACCOUNT, number)
}

async fn write(ground: &Ground, messages: Vec<Result<Outgoing>>) -> Result<()> {
    let messages = messages.into_iter().collect::<Result<Vec<_>>>()?;
    writer::write(ground.kafka.bootstrap(), &Topic::Messages.name(PREFIX), messages).await
}

async fn lookups(ground: &Ground, cache_for: &str) -> Result<Service> {
    let envs = [("RUST_LOG", "debug"), ("WEIR_LOOKUP_PROFILES", "on"), ("WEIR_PROFILE_CACHE_FOR", cache_for)];
    ground.consumer_with("weir-lookups", &envs).await
}

/// Returns once so many messages are done, of which `known` asked for nobody.
async fn done(lookups: &Service, messages: f64, known: f64) -> Result<()> {
    let at = |value: f64| move |metric: f64| (metric - value).abs() < 0.5;
    lookups.until_metric("weir_consumer_records_total", "messages.v1", PATIENCE, at(messages)).await?;
    lookups.until_metric("weir_lookups_profiles_total", "known", PATIENCE, at(known)).await
}

/// Calls that asked for somebody.
fn calls(ground: &Ground, user: &str) -> usize {
    let asked = format!("v26.0/{user}?fields=");
    ground.graph.calls().iter().filter(|call| call.relative_url.starts_with(&asked)).count()
}

fn of<'a>(records: &'a [Record], user: &str) -> Vec<&'a Record> {
    let is_of = |record: &&Record| record.key_text().unwrap_or_default().ends_with(user);
    records.iter().filter(is_of).collect()
}

#[tokio::test]
async fn who_writes_is_looked_up_once_and_again_after_a_while_and_no_name_is_logged() {
    let ground = Ground::prepare().await.unwrap();
    ground.graph.misbehave(WITHOUT_CONSENT, Behaviour::error(230, None));
    let echo = message("instagram", ACCOUNT, ACCOUNT, "30000000000000009", 3);
    let of_page = message("page", PAGE, OF_THE_PAGE, PAGE, 4);
    let of_both = vec![
        of_customer(CUSTOMER, 1),
        of_customer(CUSTOMER, 2),
        echo,
        of_page,
        of_customer(WITHOUT_CONSENT, 5),
        of_customer(WITHOUT_CONSENT, 6),
    ];
    write(&ground, of_both).await.unwrap();
    let first = lookups(&ground, "1h").await.unwrap();
    done(&first, 6.0, 2.0).await.unwrap();
    let profiles = ground.records(Topic::Profiles, "a profile of each", |all| all.len() == 3).await.unwrap();
    assert_eq!([CUSTOMER, WITHOUT_CONSENT, OF_THE_PAGE].map(|user| calls(&ground, user)), [1, 1, 1]);
    are_what_was_said(&profiles).unwrap();
    says_no_name(&first).unwrap();
    let told = told_by_the_doctor(&ground).await.unwrap();
    assert_eq!((&told["of"], &told["verdict"]), (&json!("weir-lookups (profiles)"), &json!("pass")));

    // A new process knows them from the topic; who was erased is asked for again.
    assert!({ first }.process.terminate(PATIENCE).await.unwrap().success());
    let erased =
        Outgoing { key: Some(format!("{PAGE}:{OF_THE_PAGE}").into()), value: None, headers: Vec::new() };
    writer::write(ground.kafka.bootstrap(), &Topic::Profiles.name(PREFIX), vec![erased]).await.unwrap();
    let again = vec![
        of_customer(CUSTOMER, 7),
        of_customer(WITHOUT_CONSENT, 8),
        message("page", PAGE, OF_THE_PAGE, PAGE, 9),
    ];
    write(&ground, again).await.unwrap();
    let second = lookups(&ground, "1h").await.unwrap();
    done(&second, 3.0, 2.0).await.unwrap();
    assert_eq!([CUSTOMER, WITHOUT_CONSENT, OF_THE_PAGE].map(|user| calls(&ground, user)), [1, 1, 2]);
    assert!({ second }.process.terminate(PATIENCE).await.unwrap().success());

    // Everything is older than a second by now. Without consent any more, nothing is left of what was known.
    ground.graph.misbehave(CUSTOMER, Behaviour::error(100, Some(33)));
    write(&ground, vec![of_customer(CUSTOMER, 10)]).await.unwrap();
    let third = lookups(&ground, "1s").await.unwrap();
    done(&third, 1.0, 0.0).await.unwrap();
    assert_eq!(calls(&ground, CUSTOMER), 2);
    let profiles = ground
        .records(Topic::Profiles, "the latest answer", |all| of(all, CUSTOMER).len() == 2)
        .await
        .unwrap();
    let latest = of(&profiles, CUSTOMER)[1].json().unwrap();
    assert_eq!((&latest["status"], &latest["profile"]), (&json!("unavailable"), &Value::Null));
    says_no_name(&third).unwrap();
}

#[tokio::test]
async fn a_customer_who_cannot_be_looked_up_makes_no_dead_letter_and_holds_nobody() {
    let ground = Ground::prepare().await.unwrap();
    ground.graph.misbehave(CUSTOMER, Behaviour::error(10, None));
    let unreadable = Outgoing { key: None, value: Some(b"nothing".to_vec()), headers: Vec::new() };
    let messages =
        vec![of_customer(CUSTOMER, 1), Ok(unreadable), of_customer(OF_THE_PAGE, 2), of_customer(CUSTOMER, 3)];
    write(&ground, messages).await.unwrap();
    let lookups = lookups(&ground, "1h").await.unwrap();
    done(&lookups, 4.0, 1.0).await.unwrap();
    let profiles = ground.records(Topic::Profiles, "the one profile", |all| !all.is_empty()).await.unwrap();
    assert_eq!((profiles.len(), of(&profiles, OF_THE_PAGE).len(), calls(&ground, CUSTOMER)), (1, 1, 1));
    assert!(lookups.metric("weir_lookups_profiles_total", "failed").await.unwrap() > 0.5);
    assert!(lookups.metric("weir_consumer_dead_letters_total", "").await.unwrap() < 0.5);
}

/// What `weir doctor` says of who looks customers up.
async fn told_by_the_doctor(ground: &Ground) -> Result<Value> {
    let mut doctor = ground.tool(&["doctor", "--json"])?;
    doctor.wait(PATIENCE).await?;
    let report: Value = serde_json::from_str(&doctor.stdout()?)?;
    let mut checks = report["checks"].as_array().cloned().unwrap_or_default().into_iter();
    Ok(checks.find(|check| check["of"] == "weir-lookups (profiles)").unwrap_or_default())
}

/// Of somebody on Instagram, somebody on Messenger, and somebody without consent.
fn are_what_was_said(profiles: &[Record]) -> Result<()> {
    let found = of(profiles, CUSTOMER)[0];
    assert_eq!(found.key_text(), Some(format!("{ACCOUNT}:{CUSTOMER}")));
    let found = found.json()?;
    assert_eq!(
        (&found["account"], &found["user"], &found["platform"], &found["status"]),
        (&json!(ACCOUNT), &json!(CUSTOMER), &json!("instagram"), &json!("found"))
    );
    assert_eq!(
        (&found["profile"]["name"], &found["profile"]["is_user_follow_business"]),
        (&json!(NAME), &json!(true))
    );
    let of_page = of(profiles, OF_THE_PAGE)[0].json()?;
    assert_eq!(
        (&of_page["platform"], &of_page["profile"]["last_name"]),
        (&json!("facebook"), &json!("Customer"))
    );
    let unavailable = of(profiles, WITHOUT_CONSENT)[0].json()?;
    assert_eq!((&unavailable["status"], &unavailable["profile"]), (&json!("unavailable"), &Value::Null));
    Ok(())
}

fn says_no_name(lookups: &Service) -> Result<()> {
    let log = lookups.process.stderr()?;
    assert!(log.contains("weir"), "there is a log");
    for word in [NAME, "a.customer", "simulated-profile"] {
        assert!(!log.contains(word), "{word} is in the log");
    }
    Ok(())
}
