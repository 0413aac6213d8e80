//! What becomes of the partitions when members come and go.

use std::collections::HashSet;

use crate::cluster::{Cluster, eventually, numbered};
use crate::handler::{Running, echo, options, start};

fn assigned(running: &Running) -> i64 {
    running.metric("weir_consumer_assigned_partitions")
}

/// 50 values of each of eight keys, all of them different.
fn records(what: &str) -> Vec<(String, String)> {
    let keys = ["a", "b", "c", "d", "e", "f", "g", "h"].into_iter().cycle();
    let record = |(key, number): (&str, String)| (key.to_owned(), format!("{what} {key} {number}"));
    keys.zip(numbered(400)).map(record).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_member_takes_its_share_and_nothing_is_skipped() {
    let cluster = Cluster::with_topics(&[("in", 4), ("out", 1), ("dlq", 1)]);
    let handle = async |record: runtime::consumer::Record| Ok(vec![echo(&record)]);
    let first = start(cluster.kafka(), options(), handle);
    eventually("the first member's assignment", || assigned(&first) == 4).await;
    cluster.fill_all("in", records("before")).await;
    let second = start(cluster.kafka(), options(), handle);
    eventually("a share for both", || assigned(&first) == 2 && assigned(&second) == 2).await;
    cluster.fill_all("in", records("after")).await;
    eventually("every record", || {
        let seen: HashSet<String> = first.values().into_iter().chain(second.values()).collect();
        seen.len() == 800
    })
    .await;
    assert!(!second.values().is_empty());
    // What was in work at the handover is done again where its commit came too late; nothing that came after it is.
    let after = first.values().into_iter().chain(second.values()).filter(|value| value.starts_with("after"));
    assert_eq!(after.count(), 400);
    let (first, second) = tokio::join!(first.end(), second.end());
    first.unwrap();
    second.unwrap();
}
