//! The broker dies, hangs, and is too slow for what comes.

use std::time::{Duration, Instant};

use crate::rig::{ANSWERED_WITHIN, PATIENT_DISK, Rig, say};

const RATE: u32 = 100;
/// Longer than any timeout of the producer: 30 s for a record, 10 s for a request.
const OUTAGE: Duration = Duration::from_secs(35);
/// Shorter than any of them, so that nothing is sent to the broker twice.
const PAUSE: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_killed_for_longer_than_every_timeout_is_not_noticed_by_meta() {
    let mut rig = Rig::start(&PATIENT_DISK).await.unwrap();
    let load = rig.oracle.load(&rig.sender, RATE);
    rig.more_200s(50).await.unwrap();
    let start = Instant::now();
    rig.ground.kafka.kill().unwrap();
    rig.metric("weir_ingest_breaker_open", "", |open| open > 0.0).await.unwrap();
    let after_breaker = Instant::now();
    tokio::time::sleep_until((start + OUTAGE).into()).await;
    let outage = rig.oracle.lap(start);
    say(&format!("killed broker: {outage}; after the breaker opened: {}", rig.oracle.lap(after_breaker)));
    rig.ground.kafka.start_again().await.unwrap();
    rig.metric("weir_ingest_breaker_open", "", |open| open < 1.0).await.unwrap();
    load.stop().await.unwrap();
    assert!(rig.oracle.lap(start).is_all_200(), "{}", rig.oracle.lap(start));
    assert!(outage.max < ANSWERED_WITHIN, "{outage}");
    let verdict = rig.verdict().await.unwrap();
    say(&format!("killed broker: {verdict:?}"));
    verdict.is_clean(u64::from(RATE) * 2).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_hangs_is_answered_from_the_disk_within_seconds() {
    let mut rig = Rig::start(&PATIENT_DISK).await.unwrap();
    let load = rig.oracle.load(&rig.sender, RATE);
    rig.more_200s(50).await.unwrap();
    let start = Instant::now();
    rig.ground.kafka.pause().unwrap();
    rig.metric("weir_ingest_breaker_open", "", |open| open > 0.0).await.unwrap();
    tokio::time::sleep_until((start + Duration::from_secs(15)).into()).await;
    rig.ground.kafka.resume().unwrap();
    let resumed = Instant::now();
    rig.metric("weir_ingest_breaker_open", "", |open| open < 1.0).await.unwrap();
    say(&format!("hung broker: acknowledged again {:.1?} after it went on", resumed.elapsed()));
    load.stop().await.unwrap();
    let lap = rig.oracle.lap(start);
    say(&format!("hung broker: {lap}"));
    assert!(lap.is_all_200() && lap.max < ANSWERED_WITHIN, "{lap}");
    let verdict = rig.verdict().await.unwrap();
    say(&format!("hung broker: {verdict:?}"));
    verdict.is_clean(u64::from(RATE) * 2).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_goes_to_the_disk() {
    let mut rig =
        Rig::start(&[&["--queue-bytes", "1MiB", "--breaker-misses", "10000"][..], &PATIENT_DISK].concat())
            .await
            .unwrap();
    rig.ground.kafka.pause().unwrap();
    let start = Instant::now();
    let load = rig.oracle.load(&rig.sender, 600);
    rig.more_200s(1_500).await.unwrap();
    rig.ground.kafka.resume().unwrap();
    load.stop().await.unwrap();
    let lap = rig.oracle.lap(start);
    say(&format!("full queue: {lap}"));
    assert!(lap.is_all_200(), "{lap}");
    let verdict = rig.verdict().await.unwrap();
    say(&format!("full queue: {verdict:?}"));
    // A delivery whose first record fits and whose second does not is there twice.
    verdict.is_clean(verdict.issued).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_spool_there_are_only_503s_in_time_and_nothing_is_lost() {
    let mut rig = Rig::start(&[]).await.unwrap();
    rig.without_spool().await.unwrap();
    let load = rig.oracle.load(&rig.sender, RATE);
    rig.more_200s(50).await.unwrap();
    rig.ground.kafka.pause().unwrap();
    let paused = Instant::now();
    tokio::time::sleep(PAUSE).await;
    let lap = rig.oracle.lap(paused);
    rig.ground.kafka.resume().unwrap();
    rig.metric("weir_ingest_breaker_open", "", |open| open < 1.0).await.unwrap();
    load.stop().await.unwrap();
    say(&format!("without a spool, broker hung: {lap}"));
    assert!(lap.answers.get(&503).is_some_and(|refused| *refused > 100), "{lap}");
    assert!(lap.unanswered == 0 && lap.answers.keys().all(|status| [200, 503].contains(status)), "{lap}");
    assert!(lap.max < ANSWERED_WITHIN, "{lap}");
    let verdict = rig.verdict().await.unwrap();
    say(&format!("without a spool: {verdict:?}"));
    verdict.is_clean(0).unwrap();
}
