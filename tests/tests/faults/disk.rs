//! The spool's disk is full, fails, or is slow, while Kafka is away.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use weir_tests::pipeline::APP_SECRET;
use weir_tests::process::Binary;

use crate::rig::{ANSWERED_WITHIN, Rig, say};

const RATE: u32 = 100;

/// The binary beside the test's own.
fn weir_ingest() -> Result<String> {
    let test = std::env::current_exe()?;
    let directory = test.ancestors().nth(2).context("the tests are below a directory of binaries")?;
    Ok(directory.join("weir-ingest").display().to_string())
}

/// Runs ingest as the last words of another command line.
fn behind(program: &str, words: &[&str], args: &[String]) -> Result<Binary> {
    let ingest = weir_ingest()?;
    let args: Vec<&str> =
        words.iter().copied().chain([ingest.as_str()]).chain(args.iter().map(String::as_str)).collect();
    Binary::run("weir-ingest", Path::new(program), &args, &[("WEIR_APP_SECRET", APP_SECRET)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_answered_503_and_used_again_when_it_has_space() {
    let mut rig = Rig::start(&["--spool-max-bytes", "32MiB"]).await.unwrap();
    // A disk of 8 MB that goes with the process, for whoever runs the test.
    let mounted = r#"for word; do [ "$seen" = --spool-dir ] && spool=$word; seen=$word; done; mount -t tmpfs -o size=8m none "$spool" && exec "$@""#;
    let words = ["--user", "--map-root-user", "--mount", "sh", "-c", mounted, "sh"];
    rig.replace(|args| behind("unshare", &words, &args)).await.unwrap();
    rig.ground.kafka.pause().unwrap();
    let start = Instant::now();
    let load = rig.oracle.load(&rig.sender, 1_000);
    rig.metric("weir_ingest_unavailable_total", "spool_full", |refused| refused > 200.0).await.unwrap();
    load.stop().await.unwrap();
    rig.ground.kafka.resume().unwrap();
    let lap = rig.oracle.lap(start);
    say(&format!("full disk of 8 MB: {lap}"));
    assert!(lap.answers.keys().all(|status| [200, 503].contains(status)) && lap.unanswered == 0, "{lap}");
    assert!(lap.answers[&200] > 1_000, "{lap}");
    let verdict = rig.verdict().await.unwrap();
    say(&format!("full disk of 8 MB: {verdict:?}"));
    verdict.is_clean(500).unwrap();
    rig.metric("weir_spool_healthy", "", |healthy| healthy > 0.0).await.unwrap();
}

/// Lets system calls fail or wait; the rest is as `strace` finds it.
async fn with_injected(inject: &str, what: &str) -> (Rig, weir_tests::oracle::Lap) {
    let mut rig = Rig::start(&[]).await.unwrap();
    // The tracer beside it, so that the process is ingest itself.
    let words = ["-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,pwrite64", "-e", inject];
    rig.replace(|args| behind("strace", &words, &args)).await.unwrap();
    rig.ground.kafka.pause().unwrap();
    let start = Instant::now();
    let load = rig.oracle.load(&rig.sender, RATE);
    tokio::time::sleep(Duration::from_secs(10)).await;
    load.stop().await.unwrap();
    rig.ground.kafka.resume().unwrap();
    let lap = rig.oracle.lap(start);
    say(&format!("{what}: {lap}"));
    assert!(lap.answers.keys().all(|status| [200, 503].contains(status)) && lap.unanswered == 0, "{lap}");
    assert!(lap.max < ANSWERED_WITHIN * 2, "{lap}");
    (rig, lap)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_whose_fsync_fails_now_and_then_is_put_aside_and_loses_nothing() {
    let (rig, lap) = with_injected("inject=fsync:error=EIO:when=60+200", "fsync that fails").await;
    assert!(lap.answers.contains_key(&200), "{lap}");
    rig.metric("weir_spool_quarantined_total", "", |files| files >= 1.0).await.unwrap();
    let verdict = rig.verdict().await.unwrap();
    say(&format!("fsync that fails: {verdict:?}"));
    verdict.is_clean(verdict.issued).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_without_space_now_and_then_loses_nothing() {
    let (rig, lap) =
        with_injected("inject=pwrite64:error=ENOSPC:when=500+2000", "no space now and then").await;
    assert!(lap.answers.contains_key(&200), "{lap}");
    let verdict = rig.verdict().await.unwrap();
    say(&format!("no space now and then: {verdict:?}"));
    verdict.is_clean(verdict.issued).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_disk_is_answered_503_in_time_and_loses_nothing() {
    let (rig, lap) = with_injected("inject=fsync:delay_enter=1500000:when=20+20", "fsync of 1.5 s").await;
    assert!(lap.answers.contains_key(&503), "{lap}");
    let verdict = rig.verdict().await.unwrap();
    say(&format!("fsync of 1.5 s: {verdict:?}"));
    verdict.is_clean(verdict.issued).unwrap();
}
