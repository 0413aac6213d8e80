//! Each event is in the inbox exactly once, whatever happens to the consumers and however often Meta delivers it.

#![cfg(feature = "everything")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use schemas::Topic;
use serde_json::json;
use tokio::task::JoinSet;
use weir_tests::pipeline::{Ground, Service};
use weir_tests::signed::Sender;
use weir_tests::until::until;

/// How many senders post side by side.
const SENDERS: usize = 8;
const USERS: usize = 300;
/// Deliveries between one and its repetition, beside the one that is repeated at once.
const LATER: usize = 40;
/// How often a member is killed, with another that joins, and one that leaves in good order.
const ROUNDS: usize = 4;
/// Far longer than it should take, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_mins(4);

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_in_the_inbox_once_after_kills_and_rebalances_and_doubled_deliveries() {
    let ground = Ground::prepare().await.unwrap();
    let (_ingest, sender) = ground.ingest(&[]).await.unwrap();
    let sender = Arc::new(sender);
    let is_stopped = Arc::new(AtomicBool::new(false));
    let load = load(&sender, &is_stopped);
    let duplicates = storm(&ground).await.unwrap();
    is_stopped.store(true, Ordering::Relaxed);
    let (mut expected, deliveries) = ids_of(load).await.unwrap();

    let _last = ground.consumer("weir-messages").await.unwrap();
    // What is behind everything else in its partition shows that everything else was handled.
    let behind = post_behind(&sender).await.unwrap();
    let records = inbox_ids(&ground, &behind).await.unwrap();
    expected.extend(behind);

    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for id in records {
        *found.entry(id).or_default() += 1;
    }
    let twice = found.values().filter(|count| **count > 1).count();
    say(&format!(
        "{deliveries} deliveries of {} events, {ROUNDS} kills; {} in the inbox, {twice} of them more than once; \
         {duplicates} duplicates counted by members that left in good order",
        expected.len(),
        found.len()
    ));
    assert!(found.keys().eq(&expected), "every event is there, and nothing else");
    assert_eq!(twice, 0, "no event is there twice");
    assert!(duplicates > 0.0, "nothing was left out as a duplicate, so nothing was tried");
}

/// Members come, are killed, and leave; the duplicates that those counted which left in good order.
async fn storm(ground: &Ground) -> Result<f64> {
    let mut duplicates = 0.0;
    let mut staying = ground.consumer("weir-messages").await?;
    for _ in 0..ROUNDS {
        has_handled(&staying).await?;
        let joins = ground.consumer("weir-messages").await?;
        has_handled(&joins).await?;
        staying.process.kill()?;
        let next = ground.consumer("weir-messages").await?;
        has_handled(&next).await?;
        duplicates += leave(joins).await?;
        staying = next;
    }
    has_handled(&staying).await?;
    Ok(duplicates + leave(staying).await?)
}

async fn has_handled(consumer: &Service) -> Result<()> {
    until("some handled records", PATIENCE, async || {
        Ok((consumer.metric("weir_consumer_records_total", "").await? > 100.0).then_some(()))
    })
    .await
}

async fn leave(mut consumer: Service) -> Result<f64> {
    let duplicates = consumer.metric("weir_messages_duplicates_total", "").await?;
    let status = consumer.process.terminate(PATIENCE).await?;
    ensure!(status.success(), "a member ended with {status}");
    Ok(duplicates)
}

type Load = JoinSet<Result<(BTreeSet<String>, usize)>>;

/// Posts deliveries until it is stopped: each once, every second one again at once, and every third one later.
fn load(sender: &Arc<Sender>, is_stopped: &Arc<AtomicBool>) -> Load {
    let mut senders = JoinSet::new();
    for first in 0..SENDERS {
        let (sender, is_stopped) = (Arc::clone(sender), Arc::clone(is_stopped));
        senders.spawn(async move {
            let (mut ids, mut deliveries) = (BTreeSet::new(), 0);
            for number in (first..).step_by(SENDERS) {
                if is_stopped.load(Ordering::Relaxed) {
                    break;
                }
                let body = body(&format!("mid-{number}"), number % USERS)?;
                let mut bodies = vec![&body; 1 + usize::from(number % 2 == 0)];
                let earlier = number.checked_sub(LATER * SENDERS).filter(|earlier| earlier % 3 == 0);
                let earlier =
                    earlier.map(|number| self::body(&format!("mid-{number}"), number % USERS)).transpose()?;
                bodies.extend(&earlier);
                for body in bodies {
                    sender.post_until_accepted(body, PATIENCE).await?;
                    deliveries += 1;
                }
                ids.extend(events(&body));
                // Enough to keep every member busy, little enough for a machine that does other things too.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Ok((ids, deliveries))
        });
    }
    senders
}

async fn ids_of(mut load: Load) -> Result<(BTreeSet<String>, usize)> {
    let (mut ids, mut deliveries) = (BTreeSet::new(), 0);
    while let Some(posted) = load.join_next().await {
        let (more, posted) = posted??;
        ids.extend(more);
        deliveries += posted;
    }
    Ok((ids, deliveries))
}

async fn post_behind(sender: &Sender) -> Result<BTreeSet<String>> {
    let mut ids = BTreeSet::new();
    for user in 0..USERS {
        let body = body(&format!("behind-{user}"), user)?;
        sender.post_until_accepted(&body, PATIENCE).await?;
        ids.extend(events(&body));
    }
    Ok(ids)
}

/// A message to the account, and one of the same id on the standby channel, which is another event.
fn body(mid: &str, user: usize) -> Result<Vec<u8>> {
    let user = (10_000_000 + user).to_string();
    let item = json!({"sender": {"id": user}, "recipient": {"id": "17841405726653026"},
        "timestamp": 1_752_834_910_447_u64, "message": {"mid": mid, "text": "Hello"}});
    Ok(serde_json::to_vec(&json!({"object": "instagram", "entry": [{
        "id": "17841405726653026", "time": 1_752_834_911_447_u64, "messaging": [item], "standby": [item],
    }]}))?)
}

fn events(body: &[u8]) -> Vec<String> {
    schemas::split(body, 10).events.iter().map(|event| event.id.to_string()).collect()
}

/// The ids of all inbox records, once `awaited` are among them.
async fn inbox_ids(ground: &Ground, awaited: &BTreeSet<String>) -> Result<Vec<String>> {
    let name = Topic::Inbox.name(weir_tests::pipeline::PREFIX);
    let what = "what is behind everything else";
    let bootstrap = ground.kafka.bootstrap();
    let records = weir_tests::reader::read_until(bootstrap, &name, what, PATIENCE, |all| {
        let found: BTreeSet<_> = all.iter().rev().filter_map(|record| record.header("ce_id")).collect();
        awaited.is_subset(&found)
    })
    .await?;
    Ok(records.iter().filter_map(|record| record.header("ce_id")).collect())
}

#[expect(clippy::print_stdout, reason = "a measurement, for whoever runs the test with --nocapture")]
fn say(what: &str) {
    println!("{what}");
}
