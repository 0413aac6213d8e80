//! The end of a partition is what the broker says, not the record that was seen last, and what cannot be read is said.

#![cfg(feature = "everything")]

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use schemas::Topic;
use serde_json::json;
use weir_tests::pipeline::{Ground, PATIENCE, PREFIX, Service};
use weir_tests::until::until;
use weir_tests::writer::{self, Outgoing};
use weir_tests::{reader, topics};

const ACCOUNT: &str = "17841405726653026";

fn command(number: usize) -> Outgoing {
    let (id, to) = (format!("c-{number}"), (30_000_000 + number).to_string());
    let value = json!({"id": id, "account": ACCOUNT, "action": "message", "to": to, "text": id});
    Outgoing {
        key: Some(format!("{ACCOUNT}:{to}").into_bytes()),
        value: Some(value.to_string().into_bytes()),
        headers: Vec::new(),
    }
}

/// Waits until these commands are done.
async fn done(ground: &Ground, numbers: impl Iterator<Item = usize>) -> Result<()> {
    let wanted: BTreeSet<String> = numbers.map(|number| format!("c-{number}")).collect();
    let results = ground.records(Topic::RepliesResults, "a result of every command", |all| {
        let is_done = |record: &&reader::Record| record.header("weir_status").is_some_and(|s| s == "done");
        let ended = all.iter().filter(is_done).filter_map(|record| record.json().ok());
        let ended: BTreeSet<_> =
            ended.filter_map(|result| result["id"].as_str().map(str::to_owned)).collect();
        wanted.is_subset(&ended)
    });
    results.await.map(drop)
}

async fn no_lag(consumer: &Service) -> Result<()> {
    until("the end of the lag", PATIENCE, async || {
        let records = consumer.metric("weir_consumer_lag_records", "").await?;
        let seconds = consumer.metric("weir_consumer_lag_seconds", "").await?;
        Ok((records == 0.0 && seconds == 0.0).then_some(()))
    })
    .await
}

#[tokio::test]
async fn markers_of_transactions_and_removed_records_are_no_lag_and_hold_no_command_up() {
    let ground = Ground::prepare().await.unwrap();
    let bootstrap = ground.kafka.bootstrap();
    let (commands, results) = (Topic::Replies.name(PREFIX), Topic::RepliesResults.name(PREFIX));
    // The results end in markers, and in a partition in what is not there any more.
    let stray = |number: usize| Outgoing {
        key: Some(number.to_string().into_bytes()),
        value: Some(b"{}".to_vec()),
        headers: Vec::new(),
    };
    for number in 0..6 {
        writer::transact(bootstrap, &results, stray(number), number % 2 == 0).await.unwrap();
    }
    let last = reader::read(bootstrap, &results).await.unwrap().last().map(|record| record.partition);
    topics::empty(bootstrap, &results, last.unwrap()).await.unwrap();
    writer::transact(bootstrap, &commands, command(1), true).await.unwrap();
    writer::transact(bootstrap, &commands, command(2), false).await.unwrap();
    let replies = ground.consumer_with("weir-replies", &[("WEIR_STALL_TIMEOUT", "10s")]).await.unwrap();
    done(&ground, 1..2).await.unwrap();
    no_lag(&replies).await.unwrap();
    writer::write(bootstrap, &commands, vec![command(3)]).await.unwrap();
    done(&ground, 3..4).await.unwrap();
    assert_eq!(ground.graph.posts().len(), 2, "what was aborted is carried out");
    // What the partition holds is gone before anybody read it.
    drop(replies);
    writer::write(bootstrap, &commands, (4..40).map(command).collect()).await.unwrap();
    for partition in 0..12 {
        topics::empty(bootstrap, &commands, partition).await.unwrap();
    }
    let replies = ground.consumer_with("weir-replies", &[("WEIR_STALL_TIMEOUT", "10s")]).await.unwrap();
    until("its partitions", PATIENCE, async || {
        let assigned = replies.metric("weir_consumer_assigned_partitions", "").await?;
        Ok((assigned >= 12.0).then_some(()))
    })
    .await
    .unwrap();
    no_lag(&replies).await.unwrap();
    assert_eq!(replies.metric("weir_consumer_rebuilt_total", "").await.unwrap().to_string(), "0");
}

#[tokio::test]
async fn commands_are_done_when_the_results_get_more_partitions() {
    let ground = Ground::prepare().await.unwrap();
    let bootstrap = ground.kafka.bootstrap();
    let (commands, results) = (Topic::Replies.name(PREFIX), Topic::RepliesResults.name(PREFIX));
    let envs = [("WEIR_STALL_TIMEOUT", "10s")];
    let _replies = ground.consumer_with("weir-replies", &envs).await.unwrap();
    writer::write(bootstrap, &commands, (0..6).map(command).collect()).await.unwrap();
    done(&ground, 0..6).await.unwrap();
    topics::widen(bootstrap, &results, 24).await.unwrap();
    // Those that write learn of new partitions when their client asks next, so there are some before and some after.
    writer::write(bootstrap, &commands, (6..42).map(command).collect()).await.unwrap();
    done(&ground, 6..42).await.unwrap();
    assert_eq!(ground.graph.posts().len(), 42);
}

#[tokio::test]
async fn a_topic_that_was_deleted_and_made_again_is_read_from_its_beginning() {
    let ground = Ground::prepare().await.unwrap();
    let bootstrap = ground.kafka.bootstrap();
    let commands = Topic::Replies.name(PREFIX);
    let replies = ground.consumer_with("weir-replies", &[("WEIR_STALL_TIMEOUT", "10s")]).await.unwrap();
    writer::write(bootstrap, &commands, (0..24).map(command).collect()).await.unwrap();
    done(&ground, 0..24).await.unwrap();
    topics::delete(bootstrap, &commands).await.unwrap();
    // As long as a person takes; a client gets over shorter and longer times by itself.
    let deleted = Instant::now();
    let is_late = async || Ok((deleted.elapsed() > Duration::from_secs(25)).then_some(()));
    until("somebody who makes it again", PATIENCE, is_late).await.unwrap();
    topics::make_again(bootstrap, PREFIX, Topic::Replies, 1).await.unwrap();
    // Fewer than there were, so that the new log ends before where the consumer stands.
    writer::write(bootstrap, &commands, (24..30).map(command).collect()).await.unwrap();
    done(&ground, 24..30).await.unwrap();
    assert_eq!(ground.graph.posts().len(), 30);
    no_lag(&replies).await.unwrap();
}

/// Flips a byte of the first record in a partition, behind the broker's back.
fn damage(ground: &Ground, topic: &str, partition: i32) -> Result<()> {
    let segment = ground.kafka.segments(topic, partition).join("00000000000000000000.log");
    let mut bytes = fs::read(&segment).with_context(|| segment.display().to_string())?;
    // Behind the head of a batch, which has 61 bytes.
    bytes[70] ^= 0xff;
    Ok(fs::write(&segment, bytes)?)
}

#[tokio::test]
async fn a_partition_that_cannot_be_read_is_named_with_its_offset_and_the_reason() {
    let mut ground = Ground::prepare().await.unwrap();
    let bootstrap = ground.kafka.bootstrap().to_owned();
    let commands = Topic::Replies.name(PREFIX);
    writer::write(&bootstrap, &commands, vec![command(1)]).await.unwrap();
    let partition = reader::read(&bootstrap, &commands).await.unwrap()[0].partition;
    ground.kafka.stop().await.unwrap();
    damage(&ground, &commands, partition).unwrap();
    ground.kafka.start_again().await.unwrap();
    let error = reader::read(&bootstrap, &commands).await.unwrap_err();
    let place = format!("{commands} partition {partition} cannot be read at offset 0");
    assert!(format!("{error:#}").contains(&place), "{error:#}");

    let envs = [("WEIR_STALL_TIMEOUT", "10s")];
    let mut replies = ground.consumer_with("weir-replies", &envs).await.unwrap();
    until("what cannot be read", PATIENCE, async || {
        let unreadable = replies.metric("weir_consumer_unreadable_partitions", "").await?;
        let errors = replies.metric("weir_consumer_fetch_errors_total", "").await?;
        Ok((unreadable > 0.0 && errors > 0.0).then_some(()))
    })
    .await
    .unwrap();
    replies.process.line("the partition", PATIENCE, |line| line.contains(&place)).await.unwrap();
    // The others go on.
    let others: Vec<_> = (2..40).map(command).collect();
    writer::write(&bootstrap, &commands, others).await.unwrap();
    until("most commands", PATIENCE, async || Ok((ground.graph.posts().len() >= 20).then_some(())))
        .await
        .unwrap();
    assert_eq!(replies.metric("weir_consumer_rebuilt_total", "").await.unwrap().to_string(), "0");
}
