//! Ingest is killed again and again while deliveries come.

use crate::rig::{PATIENCE, Rig, say};

const KILLS: usize = 20;
/// Deliveries that the drain has on their way at once, and may send again after a kill.
const ROUND: u64 = 256;
const RATE: u32 = 150;

#[tokio::test(flavor = "multi_thread")]
async fn ingest_killed_twenty_times_under_load_loses_nothing_that_was_answered_200() {
    let mut rig = Rig::start(&[]).await.unwrap();
    let load = rig.oracle.load(&rig.sender, RATE);
    for kill in 0..KILLS {
        // Every other time Kafka hangs, so that the spool is what is killed.
        let hangs = kill % 2 == 1;
        if hangs {
            rig.ground.kafka.pause().unwrap();
        } else {
            rig.metric("weir_ingest_deliveries_total", "broker", |deliveries| deliveries > 5.0)
                .await
                .unwrap();
        }
        rig.more_200s(20 + kill * 7 % 40).await.unwrap();
        rig.ingest.process.kill().unwrap();
        if hangs {
            rig.ground.kafka.resume().unwrap();
        }
        rig.restart().await.unwrap();
    }
    load.stop().await.unwrap();
    let verdict = rig.verdict().await.unwrap();
    say(&format!("{KILLS} kills: {verdict:?}"));
    // What is on its way to Kafka at a kill can be there twice; so can what the drain had on its way.
    verdict.is_clean(KILLS as u64 * (ROUND + u64::from(RATE))).unwrap();
    assert!(rig.ingest.process.terminate(PATIENCE).await.unwrap().success());
}
