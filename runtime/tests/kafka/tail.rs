//! Reading a topic back.

use std::collections::BTreeMap;

use runtime::consumer::{OffsetRange, Read, Tail, TopicReader};
use runtime::kafka::credentials::Credentials;

use crate::cluster::{Cluster, DEADLINE, numbered};

/// Reads a range of partition 0 of the topic `in` back: the values, and whether there are older ones.
async fn read(cluster: &Cluster, most: u64, before: Option<i64>) -> (Vec<String>, bool) {
    let tail = Tail::new(cluster.kafka(), Credentials::default(), "weir-test");
    let read = tail.read(move |reader| {
        let mut values = Vec::new();
        let range = OffsetRange { topic: "in", partitions: &[0], most, before };
        let has_more = reader.each(&range, |record| {
            values.push(String::from_utf8(record.value.clone().unwrap_or_default()).expect("UTF-8"));
        })?;
        Ok((values, has_more))
    });
    read.await.expect("the topic is read")
}

#[tokio::test]
async fn the_newest_records_are_read_in_their_order_up_to_the_end() {
    let cluster = Cluster::with_topics(&[("in", 1)]);
    assert_eq!(read(&cluster, 10, None).await, (Vec::new(), false));
    let all = numbered(100);
    cluster.fill("in", "key", all.clone()).await;
    assert_eq!(read(&cluster, 100, None).await, (all.clone(), false));
    assert_eq!(read(&cluster, 10, None).await, (all[90..].to_vec(), true));
    assert_eq!(read(&cluster, 10, Some(50)).await, (all[40..50].to_vec(), true));
    assert_eq!(read(&cluster, 10, Some(5)).await, (all[..5].to_vec(), false));
    assert_eq!(read(&cluster, 10, Some(0)).await, (Vec::new(), false));
    assert_eq!(read(&cluster, u64::MAX, Some(i64::MAX)).await, (all, false));
}

#[tokio::test]
async fn all_partitions_that_are_asked_for_are_read_and_no_others() {
    let cluster = Cluster::with_topics(&[("in", 3)]);
    let records = (0..300).map(|number| (format!("key {number}"), number.to_string()));
    cluster.fill_all("in", records).await;
    let tail = Tail::new(cluster.kafka(), Credentials::default(), "weir-test");
    let read = |partitions: Vec<i32>| {
        tail.read(move |reader| {
            assert_eq!(reader.partitions("in")?, 3);
            let mut found = BTreeMap::<i32, usize>::new();
            let range = OffsetRange { topic: "in", partitions: &partitions, most: 1_000, before: None };
            reader.each(&range, |record| *found.entry(record.partition).or_default() += 1)?;
            Ok(found)
        })
    };
    let all = read(vec![0, 1, 2]).await.expect("all are read");
    assert_eq!((all.len(), all.values().sum::<usize>()), (3, 300));
    let one = read(vec![1]).await.expect("one is read");
    assert_eq!(one.into_iter().collect::<Vec<_>>(), [(1, all[&1])]);
}

#[tokio::test]
async fn a_topic_that_is_not_there_is_an_error_that_names_it() {
    let cluster = Cluster::with_topics(&[("in", 1)]);
    cluster
        .mock
        .topic_error("elsewhere", rdkafka::types::RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        .expect("the topic is made to be unknown");
    let tail = Tail::new(cluster.kafka(), Credentials::default(), "weir-test");
    let error = tail.read(|reader| reader.partitions("elsewhere")).await.expect_err("there is none");
    assert!(error.to_string().contains("elsewhere"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_partition_is_read_to_its_end_whatever_others_have() {
    let cluster = Cluster::with_topics(&[("in", 2)]);
    let records = (0..100).map(|number| (format!("key {number}"), number.to_string()));
    cluster.fill_all("in", records).await;
    let kafka = cluster.kafka();
    let read = move || {
        let mut reader = TopicReader::new(&kafka, "weir-test", "in").expect("a client");
        reader.start(&BTreeMap::from([(0, 0), (1, 0)])).expect("it begins");
        for partition in [1, 0] {
            let (_, end) = reader.ends(partition).expect("an answer");
            assert!(end > 0);
            for offset in 0..end {
                let next = reader.next_of(partition, DEADLINE).expect("no error");
                let Some(Read::Record(record)) = next else { panic!("{next:?} at {offset}") };
                assert_eq!((record.partition, record.offset), (partition, offset));
            }
            let next = reader.next_of(partition, DEADLINE).expect("no error");
            assert_eq!(next, Some(Read::End(partition)));
        }
    };
    tokio::task::spawn_blocking(read).await.expect("no panic");
}
