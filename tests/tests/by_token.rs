//! The binaries log in to Kafka by tokens that an authority gives them and that end soon (SASL/OAUTHBEARER).

#![cfg(feature = "everything")]

use std::time::{Duration, Instant};

use anyhow::Result;
use schemas::Topic;
use weir_tests::pipeline::SAVES_NOTHING;
use weir_tests::process::Binary;
use weir_tests::secured::Secured;
use weir_tests::signed::Sender;
use weir_tests::token_authority::{SECRET, TokenAuthority};
use weir_tests::until::until;
use weir_tests::{http, ports, reader, topics};

const PATIENCE: Duration = Duration::from_mins(2);
/// A connection that was begun with it is over soon after.
const LIFE_OF_A_TOKEN: Duration = Duration::from_secs(15);
const DELIVERY: &[u8] = include_bytes!("../../schemas/fixtures/batch/messages-and-a-comment.json");
const ANOTHER: &[u8] = include_bytes!("../../schemas/fixtures/message/text.json");
const APP_SECRET: &str = "test_app_secret";

async fn with_topics() -> Result<(Secured, TokenAuthority)> {
    let (secured, authority) = Secured::with_tokens(LIFE_OF_A_TOKEN).await?;
    topics::apply(secured.kafka.bootstrap(), "meta", &[]).await?;
    Ok((secured, authority))
}

/// Who logs in with a secret of its own.
fn by_secret(secured: &Secured, authority: &TokenAuthority, name: &str) -> Result<String> {
    let login = format!("sasl.oauthbearer.client.id={name}\nsasl.oauthbearer.client.secret={SECRET}");
    secured.properties_of_tokens(authority, name, &login)
}

fn start(secured: &Secured, name: &str, properties: &str, args: &[&str]) -> Result<(Binary, String)> {
    let [port] = ports::free()?;
    let admin = format!("127.0.0.1:{port}");
    let common = ["--brokers", secured.bootstrap(), "--kafka-config", properties, "--admin-listen", &admin];
    let secret = [("WEIR_APP_SECRET", APP_SECRET)];
    Ok((Binary::start(name, &[&common, args].concat(), &secret)?, admin))
}

/// With either producer: deliveries reach the inbox before and after every token has ended that they began with.
async fn goes_on_after_tokens_have_ended(producer: &str) -> Result<()> {
    let (secured, authority) = with_topics().await?;
    let [port] = ports::free()?;
    let listen = format!("127.0.0.1:{port}");
    let properties = by_secret(&secured, &authority, "weir-ingest")?;
    let args = ["--listen", &listen, "--producer", producer];
    let (mut ingest, admin) = start(&secured, "weir-ingest", &properties, &args)?;
    ingest.ready(&format!("http://{admin}/readyz"), PATIENCE).await?;
    let assertion = secured.write("assertion", "weir-messages\n")?;
    let login = format!(
        "sasl.oauthbearer.grant.type=urn:ietf:params:oauth:grant-type:jwt-bearer\nsasl.oauthbearer.assertion.file={assertion}"
    );
    let properties = secured.properties_of_tokens(&authority, "weir-messages", &login)?;
    let (mut messages, admin) = start(&secured, "weir-messages", &properties, &[])?;
    messages.ready(&format!("http://{admin}/readyz"), PATIENCE).await?;
    let (bootstrap, inbox) = (secured.kafka.bootstrap(), Topic::Inbox.name("meta"));
    let sender = Sender::new(&format!("http://{listen}/webhook"), APP_SECRET.as_bytes())?;
    sender.post_until_accepted(DELIVERY, PATIENCE).await?;
    let first = reader::read_until(bootstrap, &inbox, "the inbox", PATIENCE, |all| !all.is_empty()).await;
    // By then the tokens have ended that both began with.
    let (first, ended) = (first?.len(), Instant::now() + LIFE_OF_A_TOKEN);
    until("further tokens", PATIENCE, async || {
        let has_given = ["weir-ingest", "weir-messages"].map(|client| authority.has_given(client, ended));
        Ok((has_given == [true, true]).then_some(()))
    })
    .await?;
    let answer = sender.post(ANOTHER).await?;
    assert_eq!(answer.status, 200, "at once, and not by another try");
    reader::read_until(bootstrap, &inbox, "the second delivery", PATIENCE, |all| all.len() > first).await?;
    Ok(())
}

#[tokio::test]
async fn deliveries_go_on_after_tokens_have_ended_with_librdkafka() {
    goes_on_after_tokens_have_ended("rdkafka").await.unwrap();
}

#[tokio::test]
async fn deliveries_go_on_after_tokens_have_ended_with_the_direct_producer() {
    goes_on_after_tokens_have_ended("direct").await.unwrap();
}

#[tokio::test]
async fn every_consumer_and_the_tool_log_in_by_token() {
    let (secured, authority) = with_topics().await.unwrap();
    let tokens = tempfile::tempdir().unwrap();
    let of_graph = ["--access-tokens", tokens.path().to_str().unwrap()];
    for (name, args) in [
        ("weir-metrics", &[] as &[&str]),
        ("weir-lookups", &of_graph),
        ("weir-replies", &of_graph),
        ("weir-media", &SAVES_NOTHING),
    ] {
        let (mut consumer, admin) =
            start(&secured, name, &by_secret(&secured, &authority, name).unwrap(), args).unwrap();
        consumer.ready(&format!("http://{admin}/readyz"), PATIENCE).await.unwrap();
    }
    let properties = by_secret(&secured, &authority, weir_tests::generated::OPERATOR).unwrap();
    let common = ["--brokers", secured.bootstrap(), "--kafka-config", &properties];
    for command in [&["topics", "plan"] as &[&str], &["dlq", "list"], &["dlq", "redrive"]] {
        let mut tool = Binary::start("weir", &[command, &common].concat(), &[]).unwrap();
        let status = tool.wait(PATIENCE).await.unwrap();
        assert!(status.success(), "{command:?}: {}{}", tool.stdout().unwrap(), tool.stderr().unwrap());
    }
}

#[tokio::test]
async fn an_authority_that_gives_no_token_is_named_with_what_it_says() {
    let (secured, authority) = with_topics().await.unwrap();
    let login = "sasl.oauthbearer.client.id=weir-ingest\nsasl.oauthbearer.client.secret=hunter2";
    let properties = secured.properties_of_tokens(&authority, "wrong", login).unwrap();
    for producer in ["direct", "rdkafka"] {
        let args = ["--producer", producer, "--listen", "127.0.0.1:0"];
        let (mut ingest, admin) = start(&secured, "weir-ingest", &properties, &args).unwrap();
        let line = ingest.line("why", PATIENCE, |line| line.contains("invalid_client")).await.unwrap();
        assert!(!line.contains("hunter2"), "{line}");
        until("a probe that fails for it", PATIENCE, async || {
            let (status, said) = http::get(&format!("http://{admin}/readyz?verbose")).await?;
            Ok((status.as_u16() == 503 && said.contains("[-]kafka failed")).then_some(()))
        })
        .await
        .unwrap();
    }
}
