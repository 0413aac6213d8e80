//! The spool's disk is full, fails, or is slow, while Kafka is away.

use std::time::Instant;

use weir_tests::shipped::Container;

use crate::rig::{ANSWERED_WITHIN, Rig, say};

const RATE: u32 = 100;
/// In so many answers each of the faults comes several times.
const ANSWERS: usize = 1_000;
/// Less than the spool may take.
const SMALL: u64 = 12 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_answered_503_and_used_again_when_it_has_space() {
    let container = Container::of("weir-ingest").volume(SMALL);
    let mut rig = Rig::start_in(container, &["--spool-max-bytes", "32MiB"]).await.unwrap();
    rig.ground.kafka.pause().unwrap();
    let start = Instant::now();
    let load = rig.oracle.load(&rig.sender, 1_000);
    rig.metric("weir_ingest_unavailable_total", "spool_full", |refused| refused > 200.0).await.unwrap();
    load.stop().await.unwrap();
    rig.ground.kafka.resume().unwrap();
    let lap = rig.oracle.lap(start);
    say(&format!("full disk of 12 MiB: {lap}"));
    assert!(lap.answers.keys().all(|status| [200, 503].contains(status)) && lap.unanswered == 0, "{lap}");
    assert!(lap.answers[&200] > 1_000, "{lap}");
    let verdict = rig.verdict().await.unwrap();
    say(&format!("full disk of 12 MiB: {verdict:?}"));
    verdict.is_clean(500).unwrap();
    rig.metric("weir_spool_healthy", "", |healthy| healthy > 0.0).await.unwrap();
}

/// Lets system calls fail or wait; the rest is as `strace` finds it. It is outside of the container, whose process it traces
/// from beside it. Deliveries come until a metric says what must come of it, and for [`ANSWERS`] at least, which are enough for those faults
/// of which no metric has to tell.
async fn with_injected(inject: &'static str, what: &str, metric: &str) -> (Rig, weir_tests::oracle::Lap) {
    let mut rig = Rig::start(&[]).await.unwrap();
    let words = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,pwrite64", "-e", inject];
    rig.replace(Container::of("weir-ingest").behind(&words)).await.unwrap();
    rig.ground.kafka.pause().unwrap();
    let start = Instant::now();
    let load = rig.oracle.load(&rig.sender, RATE);
    rig.metric(metric, "", |count| count >= 1.0).await.unwrap();
    rig.answers(start, ANSWERS).await.unwrap();
    load.stop().await.unwrap();
    rig.ground.kafka.resume().unwrap();
    let lap = rig.oracle.lap(start);
    say(&format!("{what}: {lap}"));
    assert!(lap.answers.keys().all(|status| [200, 503].contains(status)) && lap.unanswered == 0, "{lap}");
    assert!(lap.max < ANSWERED_WITHIN, "{lap}");
    (rig, lap)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_whose_fsync_fails_now_and_then_is_put_aside_and_loses_nothing() {
    let fails = "inject=fsync:error=EIO:when=60+200";
    let (rig, lap) = with_injected(fails, "fsync that fails", "weir_spool_quarantined_total").await;
    assert!(lap.answers.contains_key(&200), "{lap}");
    let verdict = rig.verdict().await.unwrap();
    say(&format!("fsync that fails: {verdict:?}"));
    verdict.is_clean(verdict.issued).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_without_space_now_and_then_loses_nothing() {
    let fails = "inject=pwrite64:error=ENOSPC:when=500+2000";
    let (rig, lap) = with_injected(fails, "no space now and then", "weir_ingest_deliveries_total").await;
    assert!(lap.answers.contains_key(&200), "{lap}");
    let verdict = rig.verdict().await.unwrap();
    say(&format!("no space now and then: {verdict:?}"));
    verdict.is_clean(verdict.issued).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_disk_is_answered_503_in_time_and_loses_nothing() {
    let waits = "inject=fsync:delay_enter=1500000:when=20+20";
    let (rig, lap) = with_injected(waits, "fsync of 1.5 s", "weir_ingest_unavailable_total").await;
    assert!(lap.answers.contains_key(&503), "{lap}");
    let verdict = rig.verdict().await.unwrap();
    say(&format!("fsync of 1.5 s: {verdict:?}"));
    verdict.is_clean(verdict.issued).unwrap();
}
