//! The binaries speak to a broker that asks for TLS and SASL, with no more rights than k8s/ gives them.

#![cfg(feature = "everything")]

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use schemas::Topic;
use serde_json::{Value, json};
use weir_tests::generated::OPERATOR;
use weir_tests::pipeline::SAVES_NOTHING;
use weir_tests::process::Binary;
use weir_tests::secured::{PASSWORD, Secured};
use weir_tests::signed::Sender;
use weir_tests::until::until;
use weir_tests::writer::{self, Outgoing};
use weir_tests::{http, ports, reader, topics};

const PATIENCE: Duration = Duration::from_mins(2);
const DELIVERY: &[u8] = include_bytes!("../../schemas/fixtures/batch/messages-and-a-comment.json");
const SECRET: &str = "test_app_secret";

/// A binary as a user of the broker, with the address of its admin port.
fn start(name: &str, secured: &Secured, properties: &str, args: &[&str]) -> Result<(Binary, String)> {
    start_at(secured.bootstrap(), name, properties, args)
}

fn start_at(brokers: &str, name: &str, properties: &str, args: &[&str]) -> Result<(Binary, String)> {
    let [port] = ports::free()?;
    let admin = format!("127.0.0.1:{port}");
    let common = ["--brokers", brokers, "--kafka-config", properties, "--admin-listen", &admin];
    let process = Binary::start(name, &[&common, args].concat(), &[("WEIR_APP_SECRET", SECRET)])?;
    Ok((process, admin))
}

/// The broker with all topics.
async fn with_topics() -> Result<Secured> {
    let secured = Secured::start().await?;
    topics::apply(secured.kafka.bootstrap(), "meta", &[]).await?;
    Ok(secured)
}

#[tokio::test]
async fn a_delivery_goes_the_whole_way_with_the_least_rights_over_scram_and_plain() {
    let secured = with_topics().await.unwrap();
    let [port] = ports::free().unwrap();
    let listen = format!("127.0.0.1:{port}");
    let properties = secured.properties("SCRAM-SHA-512", "weir-ingest", PASSWORD).unwrap();
    let (mut ingest, admin) = start("weir-ingest", &secured, &properties, &["--listen", &listen]).unwrap();
    ingest.ready(&format!("http://{admin}/readyz"), PATIENCE).await.unwrap();
    let tokens = tempfile::tempdir().unwrap();
    let of_graph = ["--access-tokens", tokens.path().to_str().unwrap()];
    let mut consumers = Vec::new();
    for (name, args) in [
        ("weir-messages", &[] as &[&str]),
        ("weir-messages", &["--input", "feed"]),
        ("weir-metrics", &[]),
        ("weir-lookups", &of_graph),
        ("weir-replies", &of_graph),
        ("weir-media", &SAVES_NOTHING),
    ] {
        let properties = secured.properties("PLAIN", name, PASSWORD).unwrap();
        let (mut consumer, admin) = start(name, &secured, &properties, args).unwrap();
        consumer.ready(&format!("http://{admin}/readyz"), PATIENCE).await.unwrap();
        consumers.push(consumer);
    }

    let sender = Sender::new(&format!("http://{listen}/webhook"), SECRET.as_bytes()).unwrap();
    sender.post_until_accepted(DELIVERY, PATIENCE).await.unwrap();
    let inbox = Topic::Inbox.name("meta");
    reader::read_until(secured.kafka.bootstrap(), &inbox, "the inbox", PATIENCE, |all| !all.is_empty())
        .await
        .unwrap();
    // The comment cannot be looked up without a token, so that it is among the dead letters: the right to write there.
    let buried = Topic::LookupsDlq.name("meta");
    reader::read_until(secured.kafka.bootstrap(), &buried, "the dead letter", PATIENCE, |all| {
        !all.is_empty()
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_wrong_password_a_wrong_authority_and_a_wrong_name_are_said_plainly() {
    let secured = with_topics().await.unwrap();
    // Its certificate is for the address alone.
    let by_name = secured.bootstrap().replace("127.0.0.1", "localhost");
    let direct: &[&str] = &["--producer", "direct", "--listen", "127.0.0.1:0"];
    for (name, args, not_verified) in [
        ("weir-messages", &[] as &[&str], "certificate verify failed"),
        ("weir-ingest", direct, "invalid peer certificate"),
    ] {
        let wrong = [
            (
                secured.bootstrap(),
                secured.properties("SCRAM-SHA-512", name, "not it").unwrap(),
                "authentication failed",
            ),
            (secured.bootstrap(), secured.properties_of_a_stranger(name).unwrap(), not_verified),
            (by_name.as_str(), secured.properties("PLAIN", name, PASSWORD).unwrap(), not_verified),
        ];
        for (brokers, properties, words) in wrong {
            let (mut process, admin) = start_at(brokers, name, &properties, args).unwrap();
            let line =
                process.line(words, PATIENCE, |line| line.to_lowercase().contains(words)).await.unwrap();
            assert!(!line.contains("not it"), "{line}");
            until("a probe that fails for it", PATIENCE, async || {
                let (status, said) = http::get(&format!("http://{admin}/readyz?verbose")).await?;
                Ok((status.as_u16() == 503 && said.contains("[-]kafka failed")).then_some(()))
            })
            .await
            .unwrap();
        }
    }
}

#[test]
fn the_worked_example_has_the_properties_that_are_tested() {
    let operations = weir_tests::yaml::text("docs/operations.md").unwrap();
    for property in [
        "security.protocol=SASL_SSL",
        "sasl.mechanism=SCRAM-SHA-512",
        "sasl.username=",
        "sasl.password=",
        "ssl.ca.location=",
    ] {
        assert!(operations.contains(&format!("\n    {property}")), "{property}");
    }
}

#[tokio::test]
async fn the_operators_user_can_do_what_the_runbooks_say() {
    let secured = with_topics().await.unwrap();
    let properties = secured.properties("SCRAM-SHA-512", OPERATOR, PASSWORD).unwrap();
    let common = ["--brokers", secured.bootstrap(), "--kafka-config", &properties];
    for command in
        [&["topics", "plan"] as &[&str], &["dlq", "list"], &["dlq", "redrive"], &["replay", "--since", "1h"]]
    {
        let mut tool = Binary::start("weir", &[command, &common].concat(), &[]).unwrap();
        let status = tool.wait(PATIENCE).await.unwrap();
        assert!(status.success(), "{command:?}: {}{}", tool.stdout().unwrap(), tool.stderr().unwrap());
    }
    // Of an event that nobody handled it asks how far each consumer is.
    let id = "00112233445566778899aabbccddeeff";
    let (key, value) = (Some(b"17:42".to_vec()), Some(b"{}".to_vec()));
    let record = Outgoing { key, value, headers: vec![("ce_id".to_owned(), id.into())] };
    writer::write(secured.kafka.bootstrap(), &Topic::Messages.name("meta"), vec![record]).await.unwrap();
    let mut tool = Binary::start("weir", &[&["trace", id], &common[..]].concat(), &[]).unwrap();
    assert_eq!(tool.wait(PATIENCE).await.unwrap().code(), Some(3), "{}", tool.stderr().unwrap());
    assert!(tool.stdout().unwrap().contains("does weir-messages run?"), "{}", tool.stdout().unwrap());
}

#[tokio::test]
async fn a_right_to_read_the_results_that_was_away_for_a_while_needs_no_restart() {
    let secured = with_topics().await.unwrap();
    let results = Topic::RepliesResults.name("meta");
    secured.forbid_reading("weir-replies", &results).unwrap();
    let write = async |topic: &str, key: &str, value: Value| {
        let (key, value) = (Some(key.as_bytes().to_vec()), Some(value.to_string().into_bytes()));
        let record = Outgoing { key, value, headers: Vec::new() };
        writer::write(secured.kafka.bootstrap(), topic, vec![record]).await.unwrap();
    };
    // It is not read to its end before this is read, or passed over.
    write(&results, "17", json!({})).await;
    let tokens = tempfile::tempdir().unwrap();
    let properties = secured.properties("PLAIN", "weir-replies", PASSWORD).unwrap();
    let args = ["--access-tokens", tokens.path().to_str().unwrap()];
    let (mut replies, admin) = start("weir-replies", &secured, &properties, &args).unwrap();
    replies.ready(&format!("http://{admin}/readyz"), PATIENCE).await.unwrap();
    // Without a token each has a result all the same: that it is refused.
    for user in 42..48 {
        let id = format!("c-{user}");
        let command =
            json!({"id": id, "account": "17", "action": "message", "to": user.to_string(), "text": "x"});
        write(&Topic::Replies.name("meta"), &format!("17:{user}"), command).await;
    }
    let words = "let this user read the topic";
    replies.line("which right it lacks", PATIENCE, |line| line.contains(words)).await.unwrap();
    secured.allow_reading("weir-replies", &results).unwrap();
    let bootstrap = secured.kafka.bootstrap();
    reader::read_until(bootstrap, &results, "a result of each", PATIENCE, |all| {
        all.iter().filter_map(|record| record.header("weir_command")).collect::<BTreeSet<_>>().len() == 6
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_a_user_may_not_read_is_unknown_to_the_doctor() {
    let secured = with_topics().await.unwrap();
    let properties = secured.properties("SCRAM-SHA-512", "weir-messages", PASSWORD).unwrap();
    let args = ["doctor", "--json", "--brokers", secured.bootstrap(), "--kafka-config", &properties];
    let mut doctor = Binary::start("weir", &args, &[]).unwrap();
    doctor.wait(PATIENCE).await.unwrap();
    let said = doctor.stdout().unwrap();
    let report: Value = serde_json::from_str(&said).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let of = |name: &'static str| checks.iter().filter(move |check| check["check"] == name);
    // Its own group it may see; of the others, and of how the topics are configured, it may not ask.
    let consumers: Vec<_> = of("consumers").map(|check| check["verdict"].as_str().unwrap()).collect();
    assert_eq!(consumers, ["unknown"; 6], "{said}");
    assert!(
        of("consumers").nth(1).is_some_and(|check| check["found"].as_str().unwrap().contains("may not")),
        "{said}"
    );
    assert!(of("topics").all(|check| check["verdict"] == "unknown"), "{said}");
}
