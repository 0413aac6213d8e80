//! Members that come and go all the time: every record's effect is there, and nothing is committed before it.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use runtime::consumer::{Output, Record};

use crate::cluster::{Cluster, DEADLINE, eventually};
use crate::handler::{Answer, Running, echo, options, start};

const PARTITIONS: i32 = 6;
const RECORDS: usize = 3_000;
const KEYS: usize = 40;
/// How often a member comes and goes again.
const COMINGS: usize = 6;

/// The offsets of each partition whose effect is done, over all members.
type Done = Arc<Mutex<BTreeMap<i32, HashSet<i64>>>>;

fn member(cluster: &Cluster, done: &Done) -> Running {
    let done = Arc::clone(done);
    start(cluster.kafka(), options(), move |record| work(record, Arc::clone(&done)))
}

/// Takes a moment that differs from record to record.
async fn work(record: Record, done: Done) -> Answer {
    let value = record.value.as_deref().unwrap_or_default();
    let mixed = value.iter().fold(record.offset.unsigned_abs(), |sum, byte| sum * 31 + u64::from(*byte));
    tokio::time::sleep(Duration::from_micros(mixed % 4_000)).await;
    done.lock().expect("no poison").entry(record.partition).or_default().insert(record.offset);
    Ok(vec![Output { ..echo(&record) }])
}

/// Asserts that all before a committed offset is done; the offsets are asked for first.
async fn check(cluster: &Cluster, done: &Done) -> i64 {
    let committed = cluster.all_committed("weir-test", "in", PARTITIONS).await;
    let done = done.lock().expect("no poison");
    for (partition, offset) in &committed {
        let of_partition = done.get(partition).cloned().unwrap_or_default();
        let open = (0..*offset).find(|before| !of_partition.contains(before));
        assert_eq!(open, None, "partition {partition} is committed up to {offset}");
    }
    committed.values().sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_storm_of_rebalances_each_effect_is_there_and_nothing_is_committed_before_it() {
    let cluster = Cluster::with_topics(&[("in", PARTITIONS), ("out", 1), ("dlq", 1)]);
    let values: Vec<(String, String)> =
        (0..RECORDS).map(|number| (format!("key {}", number % KEYS), format!("{number:05}"))).collect();
    let done = Done::default();
    let staying = member(&cluster, &done);
    let mut left: Vec<Running> = Vec::new();
    for part in values.chunks(RECORDS / COMINGS) {
        cluster.fill_all("in", part.iter().cloned()).await;
        let coming = member(&cluster, &done);
        // It goes in the middle of its work.
        coming.wait_for_calls(20).await;
        check(&cluster, &done).await;
        coming.process.shutdown.trigger();
        left.push(coming);
    }
    for member in left {
        member.ended().await.unwrap();
    }
    let records = i64::try_from(RECORDS).unwrap();
    let begin = std::time::Instant::now();
    while check(&cluster, &done).await < records {
        assert!(begin.elapsed() < DEADLINE, "the rest is never committed");
    }
    let effects: HashSet<String> =
        cluster.read_all("out").await.iter().map(crate::cluster::Stored::text).collect();
    let missing: Vec<&String> =
        values.iter().map(|(_, value)| value).filter(|value| !effects.contains(*value)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(cluster.read_all("dlq").await.len(), 0);
    eventually("rebalances counted", || {
        staying.metric("weir_consumer_rebalances_total") >= i64::try_from(COMINGS).unwrap()
    })
    .await;
    staying.end().await.unwrap();
}
