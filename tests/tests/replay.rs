//! `weir replay`: what was received gives the same events again, and nothing else.

#![cfg(feature = "everything")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use schemas::{Millis, Topic};
use serde_json::Value;
use weir_tests::guarded::Signal;
use weir_tests::pipeline::{Ground, PATIENCE, PREFIX};
use weir_tests::reader::{self, Record};
use weir_tests::topics;
use weir_tests::writer::{self, Outgoing};

/// Runs `weir replay …`; its exit code and what it printed.
async fn replay(ground: &Ground, args: &[&str]) -> Result<(Option<i32>, String)> {
    let mut tool = ground.tool(&[&["replay"], args].concat())?;
    let code = tool.wait(PATIENCE).await?.code();
    let (said, complaints) = (tool.stdout()?, tool.stderr()?);
    ensure!(code != Some(1) && code != Some(2), "weir replay {args:?}: {code:?}\n{said}{complaints}");
    Ok((code, said))
}

/// The summary of `weir replay … --json`.
async fn summary(ground: &Ground, args: &[&str]) -> Result<Value> {
    let (_, said) = replay(ground, &[args, &["--json"]].concat()).await?;
    let last = said.lines().last().context("it says nothing")?;
    Ok(serde_json::from_str::<Value>(last)?["summary"].take())
}

/// Every delivery of the fixtures, by its file.
fn fixtures() -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/fixtures");
    let mut bodies = Vec::new();
    for folder in std::fs::read_dir(root)? {
        let folder = folder?.path();
        let files = if folder.is_dir() { Some(std::fs::read_dir(folder)?) } else { None };
        for file in files.into_iter().flatten() {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                bodies.push((path.clone(), std::fs::read(&path)?));
            }
        }
    }
    bodies.sort();
    ensure!(bodies.len() > 50, "only {} fixtures were found", bodies.len());
    Ok(bodies)
}

/// The records of every typed topic.
async fn typed(ground: &Ground) -> Result<BTreeMap<Topic, Vec<Record>>> {
    let mut all = BTreeMap::new();
    for topic in Topic::TYPED {
        all.insert(topic, reader::read(ground.kafka.bootstrap(), &topic.name(PREFIX)).await?);
    }
    Ok(all)
}

/// What makes a record that event: id, key, value, and the partition where there is a key that decides it.
type Essence = (String, Option<Vec<u8>>, Option<Vec<u8>>, Option<i32>);

fn essence(records: &[Record]) -> BTreeSet<Essence> {
    let of = |record: &Record| {
        let id = record.header("ce_id").unwrap_or_default();
        let partition = record.key.as_ref().map(|_| record.partition);
        (id, record.key.clone(), record.value.clone(), partition)
    };
    records.iter().map(of).collect()
}

#[tokio::test]
async fn what_is_missing_is_found_and_published_as_it_was() {
    let ground = Ground::prepare().await.unwrap();
    let (mut ingest, sender) = ground.ingest(&[]).await.unwrap();
    let bodies = fixtures().unwrap();
    for (_, body) in &bodies {
        sender.post_until_accepted(body, PATIENCE).await.unwrap();
    }
    sender.post_until_accepted(b"{", PATIENCE).await.unwrap();
    sender.post_until_accepted(&bodies[0].1, PATIENCE).await.unwrap();
    ingest.process.terminate(PATIENCE).await.unwrap();
    let before = typed(&ground).await.unwrap();

    let (code, said) = replay(&ground, &["--since", "1h"]).await.unwrap();
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("Nothing is missing of what could be split.") && said.contains("refused (not_json)"),
        "{said}"
    );
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    let seen = summary(&ground, &["--since", "1h"]).await.unwrap();
    // More than were posted, where a slow machine made one be answered 503 and posted again.
    let raw = reader::read(ground.kafka.bootstrap(), &Topic::Raw.name(PREFIX)).await.unwrap();
    assert!(raw.len() >= bodies.len() + 2, "{}", raw.len());
    assert_eq!(seen["deliveries"], raw.len());
    let ids: BTreeSet<_> = before.values().flatten().filter_map(|record| record.header("ce_id")).collect();
    assert_eq!(seen["events"], ids.len());
    assert_eq!((&seen["missing"], &seen["extra"]), (&0.into(), &0.into()));

    let bootstrap = ground.kafka.bootstrap();
    topics::delete(bootstrap, &Topic::Messages.name(PREFIX)).await.unwrap();
    topics::make_again(bootstrap, PREFIX, Topic::Messages, 1).await.unwrap();
    let lost: BTreeSet<_> =
        before[&Topic::Messages].iter().filter_map(|record| record.header("ce_id")).collect();
    let seen = summary(&ground, &["--since", "1h"]).await.unwrap();
    assert_eq!((&seen["missing"], &seen["published"]), (&lost.len().into(), &0.into()));
    let (code, said) = replay(&ground, &["--since", "1h"]).await.unwrap();
    assert_eq!(code, Some(3), "{said}");

    let done = summary(&ground, &["--since", "1h", "--missing-only", "--apply"]).await.unwrap();
    assert_eq!(done["published"], lost.len());
    let after = typed(&ground).await.unwrap();
    is_as_it_was(&before, &after).unwrap();
    let written = count(&after);
    in_the_order_of_receipt(&ground, &after[&Topic::Messages]).await.unwrap();
    let run = done["replay"].as_str().map(str::to_owned);
    assert!(after[&Topic::Messages].iter().all(|record| record.header("ce_replay") == run), "{run:?}");
    let again = summary(&ground, &["--since", "1h", "--missing-only", "--apply"]).await.unwrap();
    assert_eq!(again["published"], 0, "nothing is missing any more");

    let all = summary(&ground, &["--since", "1h", "--apply", "--rate", "100000"]).await.unwrap();
    let twice = typed(&ground).await.unwrap();
    assert_eq!(all["published"], count(&twice) - written);
    for topic in Topic::TYPED {
        none_is_altered(&before[&topic], &twice[&topic]).unwrap();
    }
}

fn count(all: &BTreeMap<Topic, Vec<Record>>) -> usize {
    all.values().map(Vec::len).sum()
}

/// What is there now was there before, byte for byte, and every event that was there still is. A delivery that was
/// answered 503 may have left none of its records here, and gives them only now.
fn none_is_altered(before: &[Record], now: &[Record]) -> Result<()> {
    let ids =
        |records: &[Record]| records.iter().map(|record| record.header("ce_id")).collect::<BTreeSet<_>>();
    ensure!(ids(now) == ids(before), "an event is lost or invented");
    let delivery = |record: &Record| Ok(record.json()?["deliveryid"].as_str().map(str::to_owned));
    let known = before.iter().map(delivery).collect::<Result<BTreeSet<_>>>()?;
    let (first, mut compared) = (essence(before), 0);
    for record in now {
        if known.contains(&delivery(record)?) {
            ensure!(essence(std::slice::from_ref(record)).is_subset(&first), "{record} is altered");
            compared += 1;
        }
    }
    ensure!(compared * 10 >= now.len() * 9, "only {compared} of {} records could be compared", now.len());
    Ok(())
}

/// The fresh topic holds each event once, as ingest published it, and no other topic changed.
fn is_as_it_was(before: &BTreeMap<Topic, Vec<Record>>, after: &BTreeMap<Topic, Vec<Record>>) -> Result<()> {
    for (topic, records) in before {
        let id = |record: &Record| record.header("ce_id");
        if *topic == Topic::Messages {
            let ids: BTreeSet<_> = records.iter().filter_map(id).collect();
            ensure!(
                after[topic].len() == ids.len(),
                "{} records of {} events",
                after[topic].len(),
                ids.len()
            );
            none_is_altered(records, &after[topic])?;
        } else {
            ensure!(records == &after[topic], "{topic:?} changed");
        }
    }
    Ok(())
}

/// In every partition the deliveries come in the order in which Kafka got them.
async fn in_the_order_of_receipt(ground: &Ground, records: &[Record]) -> Result<()> {
    let raw = reader::read(ground.kafka.bootstrap(), &Topic::Raw.name(PREFIX)).await?;
    let times: BTreeMap<_, _> = raw.iter().map(|record| (record.header("ce_id"), record.timestamp)).collect();
    let mut latest = BTreeMap::new();
    for record in records {
        let delivery = record.json()?["deliveryid"].as_str().map(str::to_owned);
        let time = times.get(&delivery).with_context(|| format!("{record} is of no delivery"))?;
        let before = latest.insert(record.partition, time);
        ensure!(before.is_none_or(|before| before <= time), "{record} comes too late");
    }
    Ok(())
}

#[tokio::test]
async fn ranges_that_meet_hold_every_delivery_once() {
    let ground = Ground::prepare().await.unwrap();
    let (ingest, sender) = ground.spooling_ingest(&[]).await.unwrap();
    for (_, body) in fixtures().unwrap().iter().take(30) {
        sender.post_until_accepted(body, PATIENCE).await.unwrap();
    }
    // Nothing comes any more while it is looked at.
    ingest.until_spool_is_empty().await.unwrap();
    let raw = reader::read(ground.kafka.bootstrap(), &Topic::Raw.name(PREFIX)).await.unwrap();
    let mut times: Vec<i64> = raw.iter().filter_map(|record| record.timestamp).collect();
    times.sort_unstable();
    let middle = times[12];
    let meeting = Millis::since_epoch(u64::try_from(middle).unwrap()).to_string();

    let count = async |args: &[&str]| {
        summary(&ground, &[args, &["--no-diff"]].concat()).await.unwrap()["deliveries"].as_u64().unwrap()
    };
    let first = count(&["--since", "1h", "--until", &meeting]).await;
    let second = count(&["--since", &meeting]).await;
    assert_eq!(first, times.iter().filter(|time| **time < middle).count() as u64);
    assert_eq!(first + second, times.len() as u64);
    assert_eq!(count(&["--since", "3h", "--until", "2h"]).await, 0);

    let account = "17841405726653026";
    let of_one =
        summary(&ground, &["--since", "1h", "--account", account, "--kind", "message"]).await.unwrap();
    let of_all = summary(&ground, &["--since", "1h"]).await.unwrap();
    assert!(of_one["events"].as_u64() < of_all["events"].as_u64(), "{of_one} {of_all}");
    assert_eq!((&of_one["missing"], &of_one["extra"]), (&0.into(), &0.into()));
}

#[tokio::test]
async fn what_splitting_does_not_give_is_extra_and_a_run_that_is_stopped_says_where_to_go_on() {
    let ground = Ground::prepare().await.unwrap();
    let (ingest, sender) = ground.spooling_ingest(&[]).await.unwrap();
    for (_, body) in fixtures().unwrap().iter().take(30) {
        sender.post_until_accepted(body, PATIENCE).await.unwrap();
    }
    // Nothing comes any more while it is looked at.
    ingest.until_spool_is_empty().await.unwrap();
    let before = typed(&ground).await.unwrap();
    let mut event =
        before[&Topic::Comments].first().or_else(|| before[&Topic::Account].first()).unwrap().clone();
    let mut value = event.json().unwrap();
    value["id"] = "0".repeat(32).into();
    event.headers.retain(|(name, _)| name != "ce_id");
    event.headers.push(("ce_id".to_owned(), "0".repeat(32).into_bytes()));
    let stray =
        Outgoing { key: event.key, value: Some(value.to_string().into_bytes()), headers: event.headers };
    writer::write(ground.kafka.bootstrap(), &event.topic, vec![stray]).await.unwrap();
    let (code, said) = replay(&ground, &["--since", "1h"]).await.unwrap();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains(", 1 extra"), "{said}");

    let all = summary(&ground, &["--since", "1h", "--no-diff"]).await.unwrap()["events"].as_u64().unwrap();
    let slowly = ["replay", "--since", "1h", "--apply", "--rate", "10", "--json"];
    let mut stopped = ground.tool(&slowly).unwrap();
    let published =
        |records: &[Record]| records.iter().filter(|one| one.header("ce_replay").is_some()).count();
    let topic = *before.iter().max_by_key(|(_, records)| records.len()).unwrap().0;
    ground.records(topic, "some events again", |all| published(all) >= 3).await.unwrap();
    stopped.signal(Signal::Terminate).unwrap();
    assert_eq!(stopped.wait(PATIENCE).await.unwrap().code(), Some(1));
    let said = stopped.stdout().unwrap();
    let told: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    let told = &told["summary"];
    assert_eq!(told["stopped"], true);
    let again: usize = typed(&ground).await.unwrap().values().map(|records| published(records)).sum();
    assert_eq!(told["published"], again, "what is told is what is there");

    let (since, until) = (told["reached"].as_str().unwrap(), told["until"].as_str().unwrap());
    let rest = summary(&ground, &["--since", since, "--until", until, "--apply"]).await.unwrap();
    let both = told["published"].as_u64().unwrap() + rest["published"].as_u64().unwrap();
    // The last delivery goes out again, and any of the same millisecond.
    assert!((all..all + 20).contains(&both), "{both} of {all}");
}
