//! `weir post` and `weir simulate`: what they post is taken as Meta's is, and they say what was answered.

#![cfg(feature = "everything")]

use anyhow::{Context as _, Result};
use schemas::Topic;
use std::collections::BTreeSet;
use weir_tests::pipeline::{APP_SECRET, Ground, PATIENCE, PREFIX};
use weir_tests::ports;
use weir_tests::process::Binary;
use weir_tests::reader::{self, Record};

const SECRET: [(&str, &str); 1] = [("WEIR_APP_SECRET", APP_SECRET)];

/// Runs the tool; its exit code and what it printed.
async fn weir(args: &[&str], envs: &[(&str, &str)]) -> Result<(Option<i32>, String)> {
    let mut tool = Binary::start("weir", args, envs)?;
    let code = tool.wait(PATIENCE).await?.code();
    Ok((code, tool.stdout()? + &tool.stderr()?))
}

/// The number before a word of what was printed.
fn number(said: &str, before: &str) -> Result<usize> {
    let (start, _) = said.split_once(before).with_context(|| said.to_owned())?;
    let digits = start.rsplit(|character: char| !character.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().with_context(|| said.to_owned())
}

/// How often the table of what was printed has an answer of 200.
fn answered_200(said: &str) -> Result<usize> {
    let row = said.lines().find_map(|line| line.strip_prefix("200 "));
    row.and_then(|row| row.split_whitespace().next()?.parse().ok()).with_context(|| said.to_owned())
}

/// How many different bodies there are.
fn bodies(raw: &[Record]) -> usize {
    raw.iter().map(|record| &record.value).collect::<BTreeSet<_>>().len()
}

#[tokio::test]
async fn what_is_posted_is_taken_as_metas_is_and_every_answer_is_told() {
    let ground = Ground::prepare().await.unwrap();
    let (ingest, sender) = ground.spooling_ingest(&[]).await.unwrap();

    let (code, said) = weir(&["post", "message/text", "--to", sender.url()], &SECRET).await.unwrap();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("200 after ") && said.ends_with(" ms\n"), "{said}");
    let (code, said) =
        weir(&["post", "message/text", "--to", sender.url()], &[("WEIR_APP_SECRET", "another")])
            .await
            .unwrap();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.starts_with("401 after ") && said.lines().count() >= 2, "{said}");

    let args = ["simulate", "--to", sender.url(), "--accounts", "3", "--rate", "40", "--for", "5s"];
    let (code, said) = weir(&args, &SECRET).await.unwrap();
    assert_eq!(code, Some(0), "{said}");
    let deliveries = number(&said, " deliveries answered 200").unwrap();
    // 200 were asked for; a machine that does other things is given its time.
    assert!(deliveries >= 20, "{said}");
    let sent = deliveries + number(&said, " sent again").unwrap();
    let answered = answered_200(&said).unwrap();
    ingest.until_spool_is_empty().await.unwrap();
    // The one of `weir post` beside them.
    let is_there = |all: &[Record]| all.len() > answered && bodies(all) > deliveries;
    ground.records(Topic::Raw, "every delivery", is_there).await.unwrap();
    let raw = reader::read(ground.kafka.bootstrap(), &Topic::Raw.name(PREFIX)).await.unwrap();
    assert_eq!(bodies(&raw), deliveries + 1, "{said}");
    // What no broker acknowledged for sure is sent once more, from the disk.
    let drained = ingest.metric("weir_spool_drained_total", "").await.unwrap();
    let more = u32::try_from(raw.len().saturating_sub(sent + 1)).unwrap();
    assert!(f64::from(more) <= drained, "{more} more than were sent, {drained} of the disk: {said}");
    let is_typed = |all: &[Record]| {
        let accounts = all
            .iter()
            .filter_map(|record| Some(record.key.as_ref()?.split(|byte| *byte == b':').next()?.to_vec()));
        // Those of the simulation, and that of the fixture.
        accounts.collect::<BTreeSet<_>>().len() == 4
    };
    ground.records(Topic::Messages, "messages of all accounts", is_typed).await.unwrap();
}

#[tokio::test]
async fn nobody_who_answers_is_told_with_the_address() {
    let [port] = ports::free().unwrap();
    let to = format!("http://127.0.0.1:{port}/webhook");
    let (code, said) = weir(&["post", "message/text", "--to", &to], &SECRET).await.unwrap();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("{to} does not answer")), "{said}");
    let (code, said) = weir(&["simulate", "--rate", "1", "--for", "1s", "--to", &to], &SECRET).await.unwrap();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains(&format!("{to} does not answer")), "{said}");
    assert!(number(&said, " given up").unwrap() >= 1, "{said}");
}
