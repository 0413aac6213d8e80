//! Secrets and people's words reach the topics and nothing else: no log, no metric, no header of a dead letter, no bug report.

#![cfg(feature = "everything")]

use std::process::Command;

use anyhow::{Result, ensure};
use schemas::Topic;
use weir_tests::pipeline::{APP_SECRET, Ground, PATIENCE, PREFIX, Service};
use weir_tests::process::{self, Binary};
use weir_tests::until::until;
use weir_tests::{foreign, http};

const DELIVERY: &str =
    include_str!("../../schemas/fixtures/batch/conversation-and-comments-of-two-accounts.json");
const PICTURE: &str = include_str!("../../schemas/fixtures/message/attachment-image.json");
/// Stands for what a customer wrote, in every place that holds words.
const WORDS: &str = "canary-of-a-customers-words";
/// The token in the directory of access tokens.
const TOKEN: &str = "a-valid-access-token";
/// Secrets of the environment and of Kafka's properties.
const VERIFY_TOKEN: &str = "verify-canary";
const PASSWORD: &str = "password-canary";
/// Who wrote what is in the delivery.
const CUSTOMERS: [&str; 3] = ["6837251906428371", "2706325442860345", "a.customer"];

#[tokio::test]
async fn secrets_and_words_reach_no_log_no_metric_and_no_dead_letter_header() {
    let ground = Ground::prepare().await.unwrap();
    let loud = [("RUST_LOG", "debug"), ("WEIR_APP_SECRET", APP_SECRET), ("WEIR_VERIFY_TOKEN", VERIFY_TOKEN)];
    let (ingest, sender) = ground.spooling_ingest_with(&[], &loud).await.unwrap();
    let messages = ground.consumer_with("weir-messages", &loud[..1]).await.unwrap();
    let lookups = ground.consumer_with("weir-lookups", &loud[..1]).await.unwrap();
    let services = [ingest, messages, lookups];

    let good = DELIVERY.replace("First", WORDS).replace("A comment", WORDS);
    assert!(good.contains(WORDS));
    assert_eq!(sender.post(good.as_bytes()).await.unwrap().status, 200);
    assert_eq!(sender.post(format!("{{\"{WORDS}\": {WORDS}}}").as_bytes()).await.unwrap().status, 200);
    let refused =
        sender.post_with(WORDS.as_bytes(), |request| request.header("X-Hub-Signature-256", WORDS)).await;
    assert_eq!(refused.unwrap().status, 401);
    // A record on the consumers' topics that they can never handle.
    for topic in [Topic::Messages, Topic::Comments] {
        ground.write(topic, WORDS.as_bytes()).await.unwrap();
    }

    ground.records(Topic::Inbox, "the inbox record", |all| !all.is_empty()).await.unwrap();
    ground.records(Topic::CommentsEnriched, "the enriched comment", |all| !all.is_empty()).await.unwrap();
    // weir-messages reads both topics.
    for (topic, count) in [(Topic::IngestDlq, 1), (Topic::MessagesDlq, 2), (Topic::LookupsDlq, 1)] {
        let letters = ground.records(topic, "dead letters", |all| all.len() == count).await.unwrap();
        for (name, value) in letters.iter().flat_map(|letter| &letter.headers) {
            holds_nothing_secret(&format!("header {name} of {topic:?}"), &String::from_utf8_lossy(value));
        }
    }
    for service in &services {
        says_nothing_secret(service).await.unwrap();
    }
}

#[tokio::test]
async fn a_link_and_the_secret_of_its_store_reach_no_log_no_metric_and_no_dead_letter_header() {
    let ground = Ground::prepare().await.unwrap();
    let (_ingest, sender) = ground.ingest(&[]).await.unwrap();
    // Neither the link's host nor the store's is there.
    let loud = [
        ("RUST_LOG", "debug"),
        ("WEIR_MEDIA_STORE", "s3://media/weir"),
        ("AWS_ENDPOINT", "https://localhost:1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", PASSWORD),
        ("WEIR_MEDIA_HOSTS", "localhost:1"),
        ("WEIR_MEDIA_NETWORKS", "127.0.0.0/8,::1/128"),
    ];
    let media = ground.consumer_with("weir-media", &loud).await.unwrap();
    ground.write(Topic::Messages, WORDS.as_bytes()).await.unwrap();
    let letters = ground.records(Topic::MediaDlq, "the dead letter", |all| all.len() == 1).await.unwrap();
    for (name, value) in &letters[0].headers {
        holds_nothing_secret(&format!("header {name}"), &String::from_utf8_lossy(value));
    }
    for (host, metric) in [
        ("localhost:1", "weir_media_failed_attempts_total"),
        // It may not be followed, and the store does not tell whether it was saved before.
        ("www.example.com", "weir_media_store_errors_total"),
    ] {
        let delivery = PICTURE.replace("lookaside.fbsbx.com", &format!("{host}\\/{WORDS}"));
        assert!(delivery.contains(WORDS));
        assert_eq!(sender.post(delivery.as_bytes()).await.unwrap().status, 200);
        media.until_metric(metric, "", PATIENCE, |count| count > 0.5).await.unwrap();
    }
    says_nothing_secret(&media).await.unwrap();
}

#[tokio::test]
async fn what_a_bug_report_needs_is_in_its_archive_and_nothing_else_is() {
    let mut ground = Ground::prepare().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let spool = folder.path().join("spool");
    std::fs::create_dir(&spool).unwrap();
    let spool = spool.to_str().unwrap();
    let secrets = [("WEIR_APP_SECRET", APP_SECRET), ("WEIR_VERIFY_TOKEN", VERIFY_TOKEN)];
    let late = ["--ack-timeout", "500ms", "--spool-timeout", "4s"];
    let small = [&["--spool-dir", spool, "--spool-max-bytes", "16MiB"], &late[..]].concat();
    let (ingest, sender) = ground.ingest_with(&small, &secrets).await.unwrap();
    let messages = ground.consumer("weir-messages").await.unwrap();
    let delivery = DELIVERY.replace("First", WORDS).replace("A comment", WORDS);
    assert_eq!(sender.post(delivery.as_bytes()).await.unwrap().status, 200);
    ground.records(Topic::Inbox, "the inbox record", |all| !all.is_empty()).await.unwrap();
    ingest.until_kafka_is_seen().await.unwrap();
    ingest.until_spool_is_empty().await.unwrap();

    let properties = folder.path().join("client.properties");
    std::fs::write(&properties, format!("security.protocol=PLAINTEXT\nsasl.password={PASSWORD}\n")).unwrap();
    // As `kubectl exec` in ingest's pod would see its volume.
    let volume = format!("/proc/{}/root{spool}", ingest.process.pid());
    let bootstrap = ground.kafka.bootstrap().to_owned();
    let environment = [
        ("WEIR_BROKERS", bootstrap.as_str()),
        ("WEIR_TOPIC_PREFIX", PREFIX),
        ("WEIR_KAFKA_CONFIG", properties.to_str().unwrap()),
        ("WEIR_SPOOL_DIR", volume.as_str()),
        // Misspelt, and a secret where a folder's name belongs.
        ("WEIR_VERIFY_TOKNE", VERIFY_TOKEN),
        ("WEIR_APP_SECRETS", APP_SECRET),
    ];
    let environment = [&secrets[..], &environment].concat();
    let processes = [&ingest, &messages].map(|service| service.admin.trim_start_matches("http://"));
    let report = support(&processes, &environment).await.unwrap();
    let [of_ingest, of_messages] = processes.map(|process| process.replace(':', "_"));
    for (file, part) in [
        ("settings.txt".to_owned(), "WEIR_VERIFY_TOKEN=(hidden)".to_owned()),
        ("settings.txt".to_owned(), "sasl.password=(hidden)".to_owned()),
        ("settings.txt".to_owned(), format!("WEIR_TOPIC_PREFIX={PREFIX}")),
        ("topics-plan.txt".to_owned(), Topic::Raw.name(PREFIX)),
        ("spool-list.txt".to_owned(), "No delivery waits".to_owned()),
        ("doctor.txt".to_owned(), "weir-messages".to_owned()),
        (format!("{of_ingest}/build.json"), "weir-ingest".to_owned()),
        (format!("{of_messages}/checks.txt"), "[+]kafka ok".to_owned()),
        (format!("{of_messages}/metrics.txt"), "weir_consumer_lag_records".to_owned()),
    ] {
        let text = report.text_of(&file).unwrap();
        assert!(text.contains(&part), "{file} has no {part}: {text}");
    }
    report.holds_nothing_of_customers().unwrap();

    ground.kafka.stop().await.unwrap();
    assert_eq!(sender.post(delivery.as_bytes()).await.unwrap().status, 200);
    let report = support(&processes, &environment).await.unwrap();
    assert!(report.text_of("topics-plan.txt").unwrap().contains("not to be had: "));
    let spool = report.text_of("spool-list.txt").unwrap();
    assert!(spool.contains("waiting") && spool.contains("comment"), "{spool}");
    report.holds_nothing_of_customers().unwrap();
}

/// What `weir support` wrote.
struct Report {
    archive: tempfile::NamedTempFile,
}

/// Runs it, and keeps the archive. Not in a container of its own, which would not have the volume of the ingest that runs.
async fn support(processes: &[&str], environment: &[(&str, &str)]) -> Result<Report> {
    let args = [&["support"], processes].concat();
    let mut tool = Binary::run("weir", &process::built("weir")?, &args, environment)?;
    let status = tool.wait(PATIENCE).await?;
    ensure!(status.success(), "weir support: {status}\n{}", tool.stderr()?);
    let archive = tempfile::NamedTempFile::new()?;
    std::fs::write(archive.path(), tool.stdout()?)?;
    Ok(Report { archive })
}

impl Report {
    fn text_of(&self, file: &str) -> Result<String> {
        self.extracted(&[&format!("weir-support/{file}")])
    }

    fn holds_nothing_of_customers(&self) -> Result<()> {
        let all = self.extracted(&[])?;
        holds_nothing_secret("the archive", &all);
        for customer in CUSTOMERS {
            assert!(!all.contains(customer), "the archive holds {customer}: {all}");
        }
        Ok(())
    }

    /// The text of these files, or of all.
    fn extracted(&self, files: &[&str]) -> Result<String> {
        foreign::run(Command::new("tar").arg("-xOf").arg(self.archive.path()).args(files), "")
    }
}

async fn says_nothing_secret(service: &Service) -> Result<()> {
    let (_, metrics) = http::get(&format!("{}/metrics", service.admin)).await?;
    holds_nothing_secret("metrics", &metrics);
    let (_, checks) = http::get(&format!("{}/readyz?verbose", service.admin)).await?;
    holds_nothing_secret("probes", &checks);
    let log = until("a log", PATIENCE, async || {
        let log = service.process.stderr()? + &service.process.stdout()?;
        Ok(Some(log).filter(|log| !log.is_empty()))
    });
    holds_nothing_secret("log", &log.await?);
    Ok(())
}

fn holds_nothing_secret(what: &str, text: &str) {
    for secret in [WORDS, TOKEN, APP_SECRET, VERIFY_TOKEN, PASSWORD] {
        assert!(!text.contains(secret), "{what} holds {secret}: {text}");
    }
}
