//! What becomes of the partitions when members come and go.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use runtime::consumer::{self, Failure, Handler, Output, Record, Waits};
use runtime::process::Process;
use tokio::sync::Semaphore;

use crate::cluster::{Cluster, DEADLINE, eventually, numbered};
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
    let handle = async |record: Record| Ok(vec![echo(&record)]);
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

/// Looks up what never comes, and says when it has begun to.
struct Endless(Arc<Semaphore>);

impl Handler for Endless {
    type State = ();
    type Begun = i64;

    const CAN_BE_DROPPED: bool = true;

    async fn restore(&self, _: &Record) -> Result<(), Failure> {
        Ok(())
    }

    fn expect(&self, record: &Record) -> Option<i64> {
        Some(record.offset)
    }

    async fn handle(
        &self,
        (): &mut (),
        record: &Record,
        begun: &mut Option<i64>,
        _: &Waits,
    ) -> Result<Vec<Output>, Failure> {
        if *begun == Some(record.offset) {
            self.0.add_permits(1);
        }
        std::future::pending().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_can_be_dropped_is_not_waited_for() {
    let cluster = Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)]);
    cluster.fill("in", "a", numbered(1)).await;
    let (kafka, process, begun) =
        (cluster.kafka(), Process::new("weir-test", "0.0.0"), Arc::new(Semaphore::new(0)));
    let (mut options, handler, inner) = (options(), Endless(Arc::clone(&begun)), process.clone());
    options.bounds.finish_timeout = Duration::from_hours(1);
    let running = tokio::spawn(async move { consumer::run(&kafka, options, handler, &inner).await });
    begun.acquire().await.expect("open").forget();
    process.shutdown.trigger();
    tokio::time::timeout(DEADLINE, running).await.expect("the consumer ends").expect("no panic").unwrap();
}
