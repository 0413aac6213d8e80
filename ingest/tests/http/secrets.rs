//! Secrets follow their files while ingest is running.

use crate::service::{Service, settings, signed_with, until};
use schemas::Topic;
use std::fs;
use std::path::Path;
use std::time::Duration;
use weir_ingest::Secret;
use weir_ingest::settings::Secrets;

const TEXT: &[u8] = include_bytes!("../../../schemas/fixtures/message/text.json");
const FAILURES: &str = "weir_ingest_secret_reload_failures_total";

/// A service that has read the files of a folder.
async fn service(folder: &Path, files: &[(&str, &str)]) -> Service {
    for (name, secret) in files {
        fs::write(folder.join(name), secret).unwrap();
    }
    let current = files.iter().map(|(name, secret)| Secret::new(name, secret)).collect();
    let app_secrets = Secrets { directory: Some(folder.to_owned()), current, ..Secrets::default() };
    let secrets_refresh = Duration::from_millis(20);
    Service::start(weir_ingest::Settings { app_secrets, secrets_refresh, ..settings() }).await
}

async fn status(service: &Service, secret: &str) -> u16 {
    service.ask(&signed_with(secret, TEXT)).await.status
}

async fn until_status(service: &Service, secret: &str, expected: u16) {
    until("the secret is read", async || status(service, secret).await == expected).await;
}

async fn until_failure(service: &Service) {
    let before = service.metric(FAILURES, "");
    until("what cannot be used is noticed", async || service.metric(FAILURES, "") > before).await;
}

#[tokio::test]
async fn a_new_secret_is_used_without_a_restart_and_an_empty_file_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let service = service(folder.path(), &[("shop", "old secret\n")]).await;
    assert_eq!(status(&service, "old secret").await, 200);
    fs::write(folder.path().join("shop"), "").unwrap();
    until_failure(&service).await;
    assert_eq!(status(&service, "old secret").await, 200);
    fs::write(folder.path().join("shop"), "\u{feff} new secret\r\n\n").unwrap();
    until_status(&service, "new secret", 200).await;
    assert_eq!(status(&service, "old secret").await, 401);
    let raw = service.records(Topic::Raw, 1).await;
    assert_eq!(raw[0].headers["weir_app"], "shop");
}

#[tokio::test]
async fn a_secret_that_is_taken_away_fits_no_longer_be_it_the_last_one() {
    let folder = tempfile::tempdir().unwrap();
    let service = service(folder.path(), &[("old", "one"), ("shop", "two")]).await;
    fs::remove_file(folder.path().join("old")).unwrap();
    until_status(&service, "one", 401).await;
    assert_eq!(status(&service, "two").await, 200);
    fs::remove_file(folder.path().join("shop")).unwrap();
    until_status(&service, "two", 401).await;
    until_failure(&service).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_used_holds_no_other_up_and_not_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let service = service(folder.path(), &[("old", "one"), ("shop", "two")]).await;
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status();
    assert!(made.unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero")).unwrap();
    until_failure(&service).await;
    fs::remove_file(folder.path().join("old")).unwrap();
    fs::write(folder.path().join("shop"), "three").unwrap();
    until_status(&service, "one", 401).await;
    until_status(&service, "three", 200).await;
    service.process.shutdown.trigger();
    service.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_that_is_gone_takes_no_secret_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let service = service(folder.path(), &[("shop", "one")]).await;
    folder.close().unwrap();
    until_failure(&service).await;
    assert_eq!(status(&service, "one").await, 200);
}
