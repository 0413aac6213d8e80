//! `weir spool` from its command line to its exit code, over spools that ingest made, beside it and after its end.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test, as it should")]

mod service;

use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use serde_json::Value;
use service::Service;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TEXT: &[u8] = include_bytes!("../../../schemas/fixtures/message/text.json");
const BATCH: &[u8] = include_bytes!("../../../schemas/fixtures/batch/two-entries-four-items.json");

struct Ran {
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: String,
}

impl Ran {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    fn json(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn spool(directory: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.arg("spool").args(arguments).env("WEIR_SPOOL_DIR", directory).env_remove("RUST_LOG");
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    Ran { code: output.status.code(), stdout: output.stdout, stderr }
}

fn contents(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_file()).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// A spool of a text and a batch that wait, after the end of the ingest that made it.
async fn left_behind() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(directory.path()).await;
    service.cluster.broker_down(1).unwrap();
    assert_eq!([TEXT, BATCH].map(|body| service.post(body)), [200, 200]);
    service.stop().await;
    directory
}

/// Changes bytes of the spool's file.
fn patch(directory: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let file = directory.join("spool.db");
    let mut bytes = fs::read(&file).unwrap();
    change(&mut bytes);
    fs::write(&file, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spool_in_use_is_listed_without_a_word_of_people_and_without_a_write() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(directory.path()).await;
    service.cluster.broker_down(1).unwrap();
    assert_eq!([TEXT, BATCH].map(|body| service.post(body)), [200, 200]);
    let before = contents(directory.path());
    let ran = spool(directory.path(), &["list"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let lines: Vec<_> = ran.text().lines().collect();
    assert!(lines[0].starts_with("ID ") && lines[0].contains("STATE"), "{}", ran.text());
    assert!(lines[1].contains("  waiting  message  "), "{}", ran.text());
    assert!(lines[2].contains("  waiting  2 message, "), "{}", ran.text());
    assert!(lines[4].starts_with("2 deliveries wait for Kafka: "), "{}", ran.text());
    assert_eq!(lines[5..], ["None is parked."]);
    let listed = spool(directory.path(), &["list", "--json"]);
    let objects = listed.json();
    assert_eq!(
        (objects.len(), &objects[0]["state"], &objects[0]["events"]["message"]),
        (3, &"waiting".into(), &1.into())
    );
    assert_eq!(objects[2]["summary"]["waiting"]["deliveries"], 2);
    for words in ["Hello", "To the second account"] {
        assert!(!ran.text().contains(words) && !listed.text().contains(words));
    }
    let limited = spool(directory.path(), &["list", "--limit", "1"]);
    assert!(limited.text().contains("\n… and 1 more: --limit 2\n"), "{}", limited.text());
    assert!(contents(directory.path()) == before, "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_is_what_was_received_and_can_be_posted_again() {
    let directory = left_behind().await;
    let before = contents(directory.path());
    let exported = spool(directory.path(), &["export"]);
    assert_eq!((exported.code, exported.stderr.as_str()), (Some(0), ""));
    let deliveries = exported.json();
    let bodies: Vec<_> =
        deliveries.iter().map(|delivery| delivery["body"].as_str().unwrap().as_bytes()).collect();
    assert_eq!(bodies, [TEXT, BATCH]);
    assert!(spool(directory.path(), &["export", "--set-aside"]).stdout.is_empty());
    let id = deliveries[1]["id"].as_str().unwrap();
    assert_eq!(spool(directory.path(), &["show", "--body", id]).stdout, BATCH);
    assert_eq!(spool(directory.path(), &["show", "--json", id]).json(), deliveries[1..]);
    let shown = spool(directory.path(), &["show", &id.to_uppercase()]);
    assert!(shown.text().starts_with(&format!("id        {id}\n")), "{}", shown.text());
    assert!(shown.text().contains("\nstate     waiting\n") && shown.text().contains("To the second account"));
    assert!(contents(directory.path()) == before, "nothing was written or made");

    let other = tempfile::tempdir().unwrap();
    let service = Service::start(other.path()).await;
    for delivery in &deliveries {
        let signature = delivery["headers"]["x-hub-signature-256"].as_str().unwrap();
        assert_eq!(service.post_with(signature, delivery["body"].as_str().unwrap().as_bytes()), 200);
    }
    assert_eq!(service.raw(2).await, [TEXT, BATCH]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_aside_is_sent_by_the_running_ingest_once_it_is_retried() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(directory.path()).await;
    // Each of its two records is refused twice: when it comes, and when it is sent from the disk.
    let refusals = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE; 4];
    service.cluster.request_errors(RDKafkaApiKey::Produce, &refusals);
    assert_eq!(service.post(TEXT), 200);
    service.until_gauge("weir_spool_set_aside", 1.0).await;
    service.cluster.clear_request_errors(RDKafkaApiKey::Produce);
    let listed = spool(directory.path(), &["list", "--set-aside"]);
    assert!(listed.text().contains("  too_large  message "), "{}", listed.text());
    assert!(listed.text().contains("Then: weir spool retry --all --reason too_large\n"), "{}", listed.text());
    let id = spool(directory.path(), &["list", "--json"]).json()[0]["id"].as_str().unwrap().to_owned();

    let plan = spool(directory.path(), &["retry", "--all", "--reason", "too_large"]);
    assert_eq!((plan.code, plan.stderr.as_str()), (Some(0), ""));
    let advised = "Make it so with: weir spool retry --all --reason too_large --apply\n";
    assert!(plan.text().contains(&id) && plan.text().ends_with(advised), "{}", plan.text());
    let plan = spool(directory.path(), &["retry", &id]);
    assert!(plan.text().ends_with(&format!("weir spool retry {id} --apply\n")), "{}", plan.text());
    let other = spool(directory.path(), &["retry", "--all", "--reason", "unknown_topic", "--apply"]);
    assert!(other.text().starts_with("Nothing to retry: "), "{}", other.text());
    assert_eq!(spool(directory.path(), &["export", "--set-aside"]).json().len(), 1, "nothing was changed");

    let applied = spool(directory.path(), &["retry", "--apply", &id]);
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
    assert!(applied.text().starts_with("1 delivery waits for Kafka again.\n"), "{}", applied.text());
    assert!(service.raw(1).await.contains(&TEXT.to_vec()));
    service.until_gauge("weir_spool_set_aside", 0.0).await;
    service.until_gauge("weir_spool_deliveries", 0.0).await;
    service.until_gauge("weir_spool_bytes", 0.0).await;

    let again = spool(directory.path(), &["retry", "--apply", &id]);
    assert_eq!(again.code, Some(3));
    let expected = format!("!  {id} is not there: on Kafka by now, never kept here, or in a damaged file\n");
    assert_eq!(again.text(), expected);
    let empty = spool(directory.path(), &["list"]);
    assert_eq!(empty.text(), "No delivery waits for Kafka.\nNone is parked.\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_was_changed_on_the_disk_is_shown_as_corrupt_and_not_retried() {
    let directory = left_behind().await;
    patch(directory.path(), |bytes| {
        let body = bytes.windows(TEXT.len()).position(|window| window == TEXT).unwrap();
        bytes[body + TEXT.len() / 2] ^= 1;
    });
    let listed = spool(directory.path(), &["list"]);
    assert!(listed.text().lines().nth(1).unwrap().contains("  corrupt  "), "{}", listed.text());
    assert!(
        listed.text().ends_with("1 that is listed as corrupt waits to be parked by ingest.\n"),
        "{}",
        listed.text()
    );
    let corrupt = &spool(directory.path(), &["export"]).json()[0];
    assert_eq!((&corrupt["corrupt"], &corrupt["state"]), (&true.into(), &"waiting".into()));
    let id = corrupt["id"].as_str().unwrap();
    let shown = spool(directory.path(), &["show", id]);
    assert!(shown.text().contains("\nIts digest is wrong: "), "{}", shown.text());
    let retried = spool(directory.path(), &["retry", "--apply", id]);
    assert_eq!(
        (retried.code, retried.text().to_owned()),
        (Some(3), format!("!  {id} is corrupt, so it is never sent\n"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_looked_at_is_told_with_what_to_do() {
    let directory = left_behind().await;
    let parent = tempfile::tempdir().unwrap();
    let missing = spool(&parent.path().join("missing"), &["list"]);
    assert_eq!(missing.code, Some(2));
    assert!(missing.stderr.starts_with("weir: there is no directory "), "{}", missing.stderr);
    let empty = spool(parent.path(), &["retry", "--all", "--apply"]);
    assert_eq!(empty.code, Some(2));
    assert!(empty.stderr.contains("holds no spool.db: give the --spool-dir of ingest"), "{}", empty.stderr);
    assert!(contents(parent.path()).is_empty(), "nothing was made");
    let nothing = spool(directory.path(), &["retry"]);
    assert_eq!(nothing.code, Some(2));
    assert!(nothing.stderr.contains("or --all"), "{}", nothing.stderr);
    let unknown = spool(directory.path(), &["show", "019aa7f0"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stderr.contains("holds no delivery 019aa7f0"), "{}", unknown.stderr);

    // The user version, in the header of the file: https://sqlite.org/fileformat.html, "The Database Header".
    patch(directory.path(), |bytes| {
        bytes[60..64].copy_from_slice(&[0, 0, 0, 9]);
        // And another table, as a later version has.
        let column = bytes.windows(12).position(|text| text == b"cost INTEGER").unwrap();
        bytes[column] = b'C';
    });
    for arguments in [&["list"][..], &["export"], &["retry", "--all"]] {
        let later = spool(directory.path(), arguments);
        assert_eq!(later.code, Some(1));
        assert!(later.stderr.contains("a later version (format 9, known are up to 1)"), "{}", later.stderr);
    }

    fs::rename(directory.path().join("spool.db"), directory.path().join("quarantined-1763755200000.db"))
        .unwrap();
    let aside = spool(directory.path(), &["list"]);
    assert_eq!(aside.code, Some(2));
    assert!(
        aside.text().contains("quarantined-1763755200000.db\n  Damaged, and not yet read."),
        "{}",
        aside.text()
    );
    fs::write(directory.path().join("spool.db"), "no database at all, but with a header ".repeat(50))
        .unwrap();
    let damaged = spool(directory.path(), &["list"]);
    assert_eq!(damaged.code, Some(1));
    assert!(
        damaged.stderr.contains("is damaged (") && damaged.stderr.contains("leave it where it is"),
        "{}",
        damaged.stderr
    );
}
