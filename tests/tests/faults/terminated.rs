//! Ingest is asked to end again and again while deliveries come.

use std::time::Duration;

use crate::rig::{PATIENCE, Rig, say};

#[tokio::test(flavor = "multi_thread")]
async fn ten_restarts_in_order_lose_nothing() {
    let mut rig = Rig::start(&[]).await.unwrap();
    let load = rig.oracle.load(&rig.sender, 100);
    for _ in 0..10 {
        rig.more_200s(20).await.unwrap();
        let status = rig.ingest.process.terminate(PATIENCE).await.unwrap();
        assert!(status.success(), "{status}");
        rig.restart().await.unwrap();
    }
    load.stop().await.unwrap();
    let verdict = rig.verdict().await.unwrap();
    say(&format!("10 restarts: {verdict:?}"));
    verdict.is_clean(Duration::from_secs(10).as_secs()).unwrap();
}
