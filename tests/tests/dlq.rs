//! `weir dlq`: a record that could not be handled is found, looked at, and put back once.

#![cfg(feature = "everything")]

use anyhow::{Context as _, Result, ensure};
use schemas::{Topic, split};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use weir_tests::guarded::Signal;
use weir_tests::pipeline::{Ground, PATIENCE, PREFIX};
use weir_tests::reader::{self, Record};
use weir_tests::writer::{self, Outgoing};

const POISON: &str = r#"{"hello":"a secret word"}"#;
/// Four events of two accounts.
const DELIVERY: &[u8] =
    include_bytes!("../../schemas/fixtures/batch/conversation-and-comments-of-two-accounts.json");

/// Runs `weir dlq …`; its exit code and what it printed.
async fn dlq(ground: &Ground, args: &[&str]) -> Result<(Option<i32>, String)> {
    let mut tool = ground.tool(&[&["dlq"], args].concat())?;
    let code = tool.wait(PATIENCE).await?.code();
    let (said, complaints) = (tool.stdout()?, tool.stderr()?);
    ensure!(code != Some(1) && code != Some(2), "weir dlq {args:?}: {code:?}\n{said}{complaints}");
    Ok((code, said))
}

/// The JSON objects of `weir dlq … --json`.
async fn objects(ground: &Ground, args: &[&str]) -> Result<Vec<Value>> {
    let (_, said) = dlq(ground, &[args, &["--json"]].concat()).await?;
    said.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
}

async fn all(ground: &Ground, topic: Topic) -> Result<Vec<Record>> {
    reader::read(ground.kafka.bootstrap(), &topic.name(PREFIX)).await
}

fn poison() -> Vec<Outgoing> {
    let headers = vec![("ce_id".to_owned(), b"7".to_vec())];
    let key = Some(b"17:42".to_vec());
    let text = Outgoing { key: key.clone(), value: Some(POISON.into()), headers: headers.clone() };
    vec![text, Outgoing { key, value: None, headers }]
}

#[tokio::test]
async fn a_dead_letter_is_listed_shown_put_back_once_and_counts_on_when_it_dies_again() {
    let ground = Ground::prepare().await.unwrap();
    let mut consumer = ground.consumer("weir-messages").await.unwrap();
    let messages = Topic::Messages.name(PREFIX);
    writer::write(ground.kafka.bootstrap(), &messages, poison()).await.unwrap();
    let letters = ground.records(Topic::MessagesDlq, "two letters", |all| all.len() == 2).await.unwrap();
    consumer.process.terminate(PATIENCE).await.unwrap();

    is_listed(&ground, &letters).await.unwrap();
    is_shown(&ground, &letters[0]).await.unwrap();

    let (code, said) = dlq(&ground, &["redrive"]).await.unwrap();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&format!("2  not_an_event  would go back to {messages}")), "{said}");
    assert!(said.contains("2 would be put back") && said.contains("dry run"), "{said}");
    assert_eq!(all(&ground, Topic::Messages).await.unwrap().len(), 2, "a dry run writes nothing");

    let (code, said) = dlq(&ground, &["redrive", "--apply"]).await.unwrap();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("2 put back"), "{said}");
    went_back(&ground, &letters).await.unwrap();
    let (code, said) = dlq(&ground, &["redrive", "--apply"]).await.unwrap();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("0 put back, 2 put back before"), "{said}");
    assert_eq!(all(&ground, Topic::Messages).await.unwrap().len(), 4, "a second run puts nothing back");

    let _consumer = ground.consumer("weir-messages").await.unwrap();
    died_again(&ground, &letters).await.unwrap();
    let (code, said) = dlq(&ground, &["redrive", "--max-attempts", "2", "--apply"]).await.unwrap();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("stay: tried 2 times or more"), "{said}");
}

#[tokio::test]
async fn a_record_that_two_consumers_gave_up_goes_back_once() {
    let ground = Ground::prepare().await.unwrap();
    let of_messages = ground.consumer("weir-messages").await.unwrap();
    let of_metrics = ground.consumer("weir-metrics").await.unwrap();
    let poison = poison().into_iter().take(1).collect();
    writer::write(ground.kafka.bootstrap(), &Topic::Messages.name(PREFIX), poison).await.unwrap();
    for topic in [Topic::MessagesDlq, Topic::MetricsDlq] {
        ground.records(topic, "a letter", |all| all.len() == 1).await.unwrap();
    }
    for mut consumer in [of_messages, of_metrics] {
        consumer.process.terminate(PATIENCE).await.unwrap();
    }
    let (_, said) = dlq(&ground, &["redrive"]).await.unwrap();
    assert!(said.contains("1 would be put back, 1 of a record that goes back already"), "{said}");
    let listed = objects(&ground, &["list"]).await.unwrap();
    assert!(listed.iter().all(|letter| letter["back"] == false), "a dry run marks nothing: {listed:?}");
    let (_, said) = dlq(&ground, &["redrive", "--apply"]).await.unwrap();
    assert!(said.contains("1 put back, 1 of a record that goes back already"), "{said}");
    assert_eq!(
        all(&ground, Topic::Messages).await.unwrap().len(),
        2,
        "each of them would read another again"
    );
    let (_, said) = dlq(&ground, &["redrive", "--apply"]).await.unwrap();
    assert!(said.contains("0 put back, 2 put back before"), "{said}");
}

/// Both are dead letters anew, and count on. A consumer may write one of the first letters again when it is started anew.
async fn died_again(ground: &Ground, letters: &[Record]) -> Result<()> {
    let is_second = |letter: &&Record| letter.header("weir_dlq_attempts").as_deref() == Some("2");
    let enough = |all: &[Record]| {
        let values: BTreeSet<_> = all.iter().filter(is_second).map(|letter| letter.value.clone()).collect();
        values.len() == 2
    };
    let all = ground.records(Topic::MessagesDlq, "both letters a second time", enough).await?;
    for again in all.iter().filter(is_second) {
        let first =
            letters.iter().find(|letter| letter.value == again.value).context("it is of no letter")?;
        ensure!(again.header("weir_dlq_first_failed") == first.header("weir_dlq_first_failed"), "{again}");
        let counts = again.headers.iter().filter(|(name, _)| name == "weir_dlq_attempts").count();
        ensure!(counts == 1, "{again} says {counts} times how often it was tried");
    }
    Ok(())
}

async fn is_listed(ground: &Ground, letters: &[Record]) -> Result<()> {
    let (code, said) = dlq(ground, &["list"]).await?;
    ensure!(code == Some(0), "{said}");
    for fact in ["not_an_event", "weir-messages", "2 dead letters", "the value is no typed event"] {
        ensure!(said.contains(fact), "{fact}: {said}");
    }
    ensure!(!said.contains("secret word"), "people's words are listed: {said}");
    let listed = objects(ground, &["list", "--consumer", "weir-messages", "--since", "1h"]).await?;
    let offsets: Vec<_> = listed.iter().map(|letter| letter["offset"].as_i64()).collect();
    ensure!(offsets == letters.iter().map(|letter| Some(letter.offset)).collect::<Vec<_>>(), "{listed:?}");
    ensure!(listed[0]["origin"]["topic"] == Topic::Messages.name(PREFIX), "{listed:?}");
    ensure!(listed[0]["attempts"] == 1 && listed[0]["back"] == false, "{listed:?}");
    for none in [["--consumer", "weir-lookups"], ["--reason", "other"], ["--until", "1h"]] {
        ensure!(objects(ground, &[&["list"], &none[..]].concat()).await?.is_empty(), "{none:?}");
    }
    Ok(())
}

async fn is_shown(ground: &Ground, letter: &Record) -> Result<()> {
    let (partition, offset) = (letter.partition.to_string(), letter.offset.to_string());
    let (_, said) = dlq(ground, &["show", &letter.topic, &partition, &offset]).await?;
    ensure!(said.contains("17:42") && said.contains("weir_dlq_reason"), "{said}");
    ensure!(!said.contains("secret word"), "people's words go to a file: {said}");
    let place = format!("{}/{partition}/{offset}", letter.topic);
    let shown = objects(ground, &["show", &place]).await?;
    ensure!(shown[0]["value"] == POISON, "{shown:?}");
    Ok(())
}

/// The records are on their topic again, as they were.
async fn went_back(ground: &Ground, letters: &[Record]) -> Result<()> {
    let records = all(ground, Topic::Messages).await?;
    ensure!(records.len() == 4, "{} records", records.len());
    for ((first, again), letter) in records.iter().zip(&records[2..]).zip(letters) {
        ensure!((&again.key, &again.value) == (&first.key, &first.value), "{again}");
        ensure!(again.partition == first.partition, "{again}");
        let names: Vec<&str> = again.headers.iter().map(|(name, _)| name.as_str()).collect();
        let expected = [
            "ce_id",
            "weir_dlq_consumer",
            "weir_dlq_first_written",
            "weir_dlq_attempts",
            "weir_dlq_first_failed",
        ];
        ensure!(names == expected, "{names:?}");
        ensure!(again.header("weir_dlq_attempts").as_deref() == Some("1"), "{again}");
        ensure!(again.header("weir_dlq_first_failed") == letter.header("weir_dlq_first_failed"), "{again}");
    }
    let listed = objects(ground, &["list"]).await?;
    ensure!(listed.iter().all(|letter| letter["back"] == true), "{listed:?}");
    Ok(())
}

#[tokio::test]
async fn letters_of_one_reason_go_back_first_and_the_rest_once_and_a_limit_holds() {
    let ground = Ground::prepare().await.unwrap();
    let comments = Topic::Comments.name(PREFIX);
    let letters: Vec<_> = (0..40).map(|number| letter(&comments, number)).collect();
    writer::write(ground.kafka.bootstrap(), &Topic::LookupsDlq.name(PREFIX), letters).await.unwrap();

    let odd = ["redrive", "--consumer", "weir-lookups", "--reason", "odd", "--apply"];
    let (code, said) = dlq(&ground, &[&odd[..], &["--limit", "15"]].concat()).await.unwrap();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("15 put back, 5 left for another run"), "{said}");
    assert_eq!(counted(&ground).await.unwrap().len(), 15);
    dlq(&ground, &odd).await.unwrap();
    assert!(counted(&ground).await.unwrap().keys().all(|number| number % 2 == 1));
    let all = objects(&ground, &["redrive", "--apply", "--rate", "1000"]).await.unwrap();
    let (summary, lines) = all.split_last().unwrap();
    assert_eq!(summary["summary"]["back"], 20);
    assert_eq!(summary["summary"]["before"], 20);
    assert_eq!(lines.iter().filter(|line| line["applied"] == true && line["to"] == comments).count(), 20);
    let counts = counted(&ground).await.unwrap();
    assert_eq!(counts, (0..40).map(|number| (number, 1)).collect(), "each once");
    dlq(&ground, &["redrive", "--apply", "--again", "--reason", "even"]).await.unwrap();
    assert_eq!(counted(&ground).await.unwrap()[&2], 2, "unless it is asked for");
    a_letter_stays_that_says_it_is_from_elsewhere(&ground).await.unwrap();
}

/// A right to write dead letters is no right to command.
async fn a_letter_stays_that_says_it_is_from_elsewhere(ground: &Ground) -> Result<()> {
    let forged = [Topic::Replies, Topic::Raw, Topic::Insights].map(|topic| letter(&topic.name(PREFIX), 1));
    writer::write(ground.kafka.bootstrap(), &Topic::MessagesDlq.name(PREFIX), forged.into()).await?;
    let (code, said) = dlq(ground, &["redrive", "--consumer", "weir-messages", "--apply"]).await?;
    ensure!(code == Some(3) && said.contains("0 put back, 3 stay"), "{code:?}: {said}");
    for topic in [Topic::Replies, Topic::Raw] {
        ensure!(all(ground, topic).await?.is_empty(), "{topic:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_run_that_is_stopped_or_killed_loses_no_letter_and_the_next_goes_on() {
    let ground = Ground::prepare().await.unwrap();
    let comments = Topic::Comments.name(PREFIX);
    let letters: Vec<_> = (0..200).map(|number| letter(&comments, number)).collect();
    writer::write(ground.kafka.bootstrap(), &Topic::LookupsDlq.name(PREFIX), letters).await.unwrap();
    let slowly = ["dlq", "redrive", "--consumer", "weir-lookups", "--apply", "--rate", "10"];

    let mut stopped = ground.tool(&slowly).unwrap();
    some_are_back(&ground, 5).await.unwrap();
    stopped.signal(Signal::Interrupt).unwrap();
    assert_eq!(stopped.wait(PATIENCE).await.unwrap().code(), Some(1));
    let said = stopped.stdout().unwrap();
    assert!(said.contains("Stopped; the next run goes on with the rest."), "{said}");
    let counts = counted(&ground).await.unwrap();
    assert!(said.contains(&format!("{} put back", counts.len())), "{said}");

    let mut killed = ground.tool(&slowly).unwrap();
    some_are_back(&ground, counts.len() + 30).await.unwrap();
    killed.kill().unwrap();
    killed.wait(PATIENCE).await.unwrap();
    let back: usize = counted(&ground).await.unwrap().values().sum();
    assert_eq!(back, counted(&ground).await.unwrap().len(), "what was stopped is not put back again");

    dlq(&ground, &["redrive", "--apply", "--rate", "1000"]).await.unwrap();
    let counts = counted(&ground).await.unwrap();
    assert_eq!(counts.len(), 200, "none is lost");
    let repeated = counts.values().filter(|count| **count > 1).count();
    assert!(counts.values().all(|count| *count <= 2), "{counts:?}");
    // A second's letters, and some more on a machine that is busy.
    assert!(repeated <= back - 20, "{repeated} of {back} were put back again after the kill");
}

async fn some_are_back(ground: &Ground, count: usize) -> Result<()> {
    ground.records(Topic::Comments, "some letters", |all| all.len() >= count).await.map(drop)
}

/// A letter of the lookups; some conversations, and so some partitions.
fn letter(topic: &str, number: usize) -> Outgoing {
    let reason = if number.is_multiple_of(2) { "even" } else { "odd" };
    let partition = "0".to_owned();
    let headers = [
        ("weir_dlq_reason", reason.to_owned()),
        ("weir_dlq_consumer", "weir-lookups".to_owned()),
        ("weir_dlq_topic", topic.to_owned()),
        ("weir_dlq_partition", partition),
        ("weir_dlq_offset", number.to_string()),
        ("weir_dlq_attempts", "5".to_owned()),
    ];
    Outgoing {
        key: Some(format!("17:{}", number % 7).into_bytes()),
        value: Some(number.to_string().into_bytes()),
        headers: headers.map(|(name, value)| (name.to_owned(), value.into_bytes())).into(),
    }
}

/// How often each number is on the topic of comments.
async fn counted(ground: &Ground) -> Result<BTreeMap<usize, usize>> {
    let mut counts = BTreeMap::new();
    for record in all(ground, Topic::Comments).await? {
        let number = String::from_utf8(record.value.unwrap_or_default())?.parse()?;
        *counts.entry(number).or_default() += 1;
    }
    Ok(counts)
}

#[tokio::test]
async fn a_body_that_can_be_read_by_now_gives_its_events_once_and_another_stays() {
    let ground = Ground::prepare().await.unwrap();
    let (_ingest, sender) = ground.ingest(&["--max-events", "3"]).await.unwrap();
    for body in [DELIVERY, b"{"] {
        sender.post_until_accepted(body, PATIENCE).await.unwrap();
    }
    let is_it = |letter: &&Record| letter.value.as_deref() == Some(DELIVERY);
    let both =
        |all: &[Record]| all.iter().any(|letter| is_it(&letter)) && !all.iter().all(|letter| is_it(&letter));
    let letters = ground.records(Topic::IngestDlq, "two letters", both).await.unwrap();
    // One, unless a slow machine made it be posted again.
    let deliveries: BTreeSet<_> = letters.iter().filter(is_it).map(|letter| letter.header("ce_id")).collect();

    for _ in 0..2 {
        let (code, said) = dlq(&ground, &["redrive", "--consumer", "weir-ingest", "--apply"]).await.unwrap();
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("stay: a body that still cannot be read (not_json)"), "{said}");
    }
    for event in split(DELIVERY, 10).events {
        let id = event.id.to_string();
        let records = all(&ground, event.topic()).await.unwrap();
        let found: Vec<_> =
            records.iter().filter(|record| record.header("ce_id").as_ref() == Some(&id)).collect();
        let of = |record: &&Record| record.json().unwrap()["deliveryid"].as_str().map(str::to_owned);
        let each: BTreeSet<_> = found.iter().map(of).collect();
        assert_eq!((found.len(), &each), (deliveries.len(), &deliveries), "{id} is published once for each");
        assert!(found[0].header("ce_replay").is_some());
        assert_eq!(found[0].key_text(), event.key);
    }
}
