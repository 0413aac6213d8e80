//! What the binaries say when something is wrong: the problem, where it is, and what to do.

#![cfg(feature = "everything")]

use std::time::Duration;

use anyhow::Result;
use schemas::Topic;
use tokio::net::TcpListener;
use weir_tests::kafka::Kafka;
use weir_tests::mounted::Mounted;
use weir_tests::pipeline::{APP_SECRET, Ground, PATIENCE, PREFIX, SAVES_NOTHING};
use weir_tests::process::Binary;
use weir_tests::signed::Sender;
use weir_tests::until::until;
use weir_tests::{http, ports, topics};

const SERVICES: [&str; 6] =
    ["weir-ingest", "weir-messages", "weir-lookups", "weir-metrics", "weir-replies", "weir-media"];
/// A delivery that is one, with nothing in it.
const NOTHING: &[u8] = br#"{"object":"instagram","entry":[]}"#;

/// Runs a binary to its end; its exit code and what it said.
async fn outcome(name: &str, args: &[&str], envs: &[(&str, &str)]) -> Result<(Option<i32>, String)> {
    let mut binary = Binary::start(name, args, envs)?;
    let status = binary.wait(PATIENCE).await?;
    Ok((status.code(), binary.stderr()?))
}

#[tokio::test]
async fn all_wrong_settings_are_named_at_once_with_source_and_form_and_the_exit_code_is_2() {
    for name in SERVICES {
        let args = ["--admin-listen", "everywhere", "--topic-prefix", "Meta Events"];
        let (code, said) = outcome(name, &args, &[("WEIR_LOG_FORMAT", "xml")]).await.unwrap();
        assert_eq!(code, Some(2), "{name}: {said}");
        for part in [
            "--brokers (not set): expected host:port",
            "--admin-listen (flag): found \"everywhere\", expected an address to listen on",
            "--topic-prefix (flag): found \"Meta Events\"",
            "--log-format (environment WEIR_LOG_FORMAT): found \"xml\", expected one of auto, pretty, json",
        ] {
            assert!(said.contains(part), "{name} does not say {part:?}: {said}");
        }
    }
}

#[tokio::test]
async fn a_missing_secret_is_named_and_a_bad_one_is_not_shown() {
    let args = ["--brokers", "localhost:9092", "--ack-timeout", "soon"];
    let (code, said) = outcome("weir-ingest", &args, &[]).await.unwrap();
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--app-secrets (not set): expected a directory"), "{said}");
    assert!(said.contains("WEIR_APP_SECRET"), "{said}");
    assert!(said.contains("--ack-timeout (flag): found \"soon\", expected a duration"), "{said}");
    let args = ["--brokers", "localhost:9092", "--app-secret", "hunter2"];
    let (code, said) = outcome("weir-ingest", &args, &[]).await.unwrap();
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--app-secret (flag)") && !said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn a_store_of_media_that_cannot_be_opened_is_named_with_its_setting() {
    let none = tempfile::tempdir().unwrap();
    let none = none.path().join("ca.pem");
    std::fs::write(&none, "no certificate").unwrap();
    let none = none.to_str().unwrap();
    let no_certificate = format!("--media-store-ca: {none}: it has no certificate in PEM");
    for (args, words) in [
        (&["--media-store", "file:///no/such/folder"][..], "--media-store: /no/such/folder is no folder"),
        (&["--media-store", "s3://media/weir", "--media-store-ca", none], &no_certificate),
    ] {
        let [admin] = ports::free().unwrap().map(|port| format!("127.0.0.1:{port}"));
        let common = ["--brokers", "127.0.0.1:1", "--admin-listen", &admin];
        let (code, said) = outcome("weir-media", &[&common[..], args].concat(), &[]).await.unwrap();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(words), "{said}");
    }
}

#[tokio::test]
async fn files_that_cannot_be_app_secrets_are_named_at_the_start() {
    const GOOD: &str = "0123456789abcdef0123456789abcdef";
    let quoted = format!("\"{GOOD}\"");
    let files = [("shop", GOOD.as_bytes()), ("quoted", quoted.as_bytes()), ("empty", b"\n")];
    let secrets = Mounted::new(&files).unwrap();
    let listen = ports::free::<2>().unwrap().map(|port| format!("127.0.0.1:{port}"));
    let args = [
        "--brokers",
        "127.0.0.1:1",
        "--listen",
        &listen[0],
        "--admin-listen",
        &listen[1],
        "--log-format",
        "json",
    ];
    let folder = ["--app-secrets", secrets.path().to_str().unwrap(), "--secrets-refresh", "200ms"];
    let ingest = Binary::start("weir-ingest", &[&args[..], &folder].concat(), &[]).unwrap();
    let said = until("both files in the log", PATIENCE, async || {
        let said = ingest.stdout()? + &ingest.stderr()?;
        let names = [r#""name":"quoted""#, r#""file":"empty""#];
        Ok(names.iter().all(|name| said.contains(name)).then_some(said))
    });
    let said = said.await.unwrap();
    assert!(!said.contains(r#""name":"shop""#) && !said.contains(GOOD), "{said}");
}

#[tokio::test]
async fn help_explains_the_binary_and_every_setting() {
    for name in SERVICES {
        let mut help = Binary::start(name, &["--help"], &[]).unwrap();
        assert!(help.wait(PATIENCE).await.unwrap().success());
        let text = help.stdout().unwrap();
        assert!(!text.starts_with("The flags"), "{name}: {text}");
        for part in
            ["Usage:", "--brokers", "WEIR_BROKERS", "--kafka-config", "--admin-listen", "--log-format"]
        {
            assert!(text.contains(part), "{name} --help lacks {part}: {text}");
        }
    }
}

#[tokio::test]
async fn a_port_in_use_is_named_with_its_setting() {
    let held = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = held.local_addr().unwrap().to_string();
    let [free] = ports::free().unwrap();
    let free = format!("127.0.0.1:{free}");
    let both = ["--listen", "--admin-listen"];
    for (listen, admin, settings) in
        [(&taken, &free, &both[..1]), (&free, &taken, &both[1..]), (&taken, &taken, &both[..])]
    {
        let args = ["--brokers", "127.0.0.1:1", "--listen", listen, "--admin-listen", admin];
        let (code, said) = outcome("weir-ingest", &args, &[("WEIR_APP_SECRET", "x")]).await.unwrap();
        assert_eq!(code, Some(1), "{said}");
        for setting in both {
            assert_eq!(said.contains(&format!("{setting} {taken}")), settings.contains(&setting), "{said}");
        }
    }
}

#[tokio::test]
async fn without_kafka_every_process_starts_says_which_broker_refuses_and_is_not_ready() {
    let [nobody] = ports::free().unwrap();
    let nobody = format!("127.0.0.1:{nobody}");
    let tokens = tempfile::tempdir().unwrap();
    let tokens = tokens.path().to_string_lossy().into_owned();
    for name in SERVICES {
        let [admin, listen] = ports::free().unwrap().map(|port| format!("127.0.0.1:{port}"));
        let mut args = vec!["--brokers", &*nobody, "--admin-listen", &*admin, "--log-format", "pretty"];
        match name {
            "weir-ingest" => args.extend(["--listen", &*listen]),
            "weir-lookups" | "weir-replies" => args.extend(["--access-tokens", &*tokens]),
            "weir-media" => args.extend(SAVES_NOTHING),
            _ => {}
        }
        let mut process = Binary::start(name, &args, &[("WEIR_APP_SECRET", APP_SECRET)]).unwrap();
        process
            .line("the broker", PATIENCE, |line| line.contains(&nobody) && line.contains("ERROR"))
            .await
            .unwrap();
        until(&format!("a probe of {name} that names the broker"), PATIENCE, async || {
            let (ready, why) = http::get(&format!("http://{admin}/readyz?verbose")).await?;
            Ok((ready.as_u16() == 503 && why.contains(&nobody)).then_some(()))
        })
        .await
        .unwrap();
        assert_eq!(http::get(&format!("http://{admin}/livez")).await.unwrap().0.as_u16(), 200, "{name}");
        if name == "weir-ingest" {
            let sender = Sender::new(&format!("http://{listen}/webhook"), APP_SECRET.as_bytes()).unwrap();
            let answer = sender.post(NOTHING).await.unwrap();
            assert_eq!(answer.status, 503);
            assert!(answer.headers.contains_key("retry-after"));
        }
        assert!(process.terminate(PATIENCE).await.unwrap().success(), "{name}");
    }
}

#[tokio::test]
async fn a_missing_topic_is_named_with_the_command_that_makes_it_and_found_once_it_is_there() {
    let kafka = Kafka::start().await.unwrap();
    let [admin, listen] = ports::free().unwrap().map(|port| format!("127.0.0.1:{port}"));
    let args = ["--brokers", kafka.bootstrap(), "--topic-prefix", PREFIX, "--admin-listen", &admin];
    let with_listen = [&args[..], &["--listen", &listen]].concat();
    let envs = [("WEIR_APP_SECRET", APP_SECRET)];
    let mut ingest = Binary::start("weir-ingest", &with_listen, &envs).unwrap();
    let command = format!("weir topics apply --brokers {}", kafka.bootstrap());
    let names = |line: &str| line.contains(&Topic::Messages.name(PREFIX)) && line.contains(&command);
    ingest.line("the topics and the command", PATIENCE, names).await.unwrap();

    topics::apply(kafka.bootstrap(), PREFIX, &[]).await.unwrap();
    ingest.ready(&format!("http://{admin}/readyz"), PATIENCE).await.unwrap();
    let sender = Sender::new(&format!("http://{listen}/webhook"), APP_SECRET.as_bytes()).unwrap();
    sender.post_until_accepted(NOTHING, PATIENCE).await.unwrap();
}

#[tokio::test]
async fn a_record_that_a_consumer_cannot_read_is_a_dead_letter_and_the_next_one_is_handled() {
    let ground = Ground::prepare().await.unwrap();
    let (_ingest, sender) = ground.ingest(&[]).await.unwrap();
    let _messages = ground.consumer("weir-messages").await.unwrap();
    ground.write(Topic::Messages, b"no event").await.unwrap();
    let letter =
        ground.records(Topic::MessagesDlq, "the dead letter", |all| all.len() == 1).await.unwrap().remove(0);
    assert_eq!(letter.value.as_deref(), Some(&b"no event"[..]));
    let expected = [
        ("weir_dlq_reason", "not_an_event".to_owned()),
        ("weir_dlq_consumer", "weir-messages".to_owned()),
        ("weir_dlq_topic", Topic::Messages.name(PREFIX)),
        ("weir_dlq_offset", "0".to_owned()),
        ("weir_dlq_attempts", "1".to_owned()),
    ];
    for (name, value) in expected {
        assert_eq!(letter.header(name), Some(value), "{name}");
    }
    let delivery = include_bytes!("../../schemas/fixtures/message/text.json");
    sender.post_until_accepted(delivery, PATIENCE).await.unwrap();
    ground.records(Topic::Inbox, "the next record", |all| all.len() == 1).await.unwrap();
}

#[tokio::test]
async fn ingest_answers_503_while_the_broker_is_away_and_recovers_by_itself() {
    let mut ground = Ground::prepare().await.unwrap();
    let (mut ingest, sender) = ground.ingest(&["--ack-timeout", "300ms"]).await.unwrap();
    sender.post_until_accepted(NOTHING, PATIENCE).await.unwrap();
    ground.kafka.kill().unwrap();
    let away = sender.post(NOTHING).await.unwrap();
    assert_eq!(away.status, 503);
    // On a busy machine too; a producer that is waited for gives up after 30 s.
    assert!(away.elapsed < Duration::from_secs(15), "{:?}", away.elapsed);
    ingest.ready().await.unwrap();
    ground.kafka.start_again().await.unwrap();
    sender.post_until_accepted(NOTHING, PATIENCE).await.unwrap();
}
