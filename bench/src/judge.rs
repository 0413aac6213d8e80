//! Whether a server does the job: what is signed is on the topics, byte for byte and event for event, before it is answered 200;
//! what is not signed is refused and leaves nothing there. Once more than once is allowed: a late acknowledgement makes a duplicate.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use schemas::Topic;
use serde_json::Value;
use weir_tests::reader::{Record, read_until};
use weir_tests::signed::HEADER;

use crate::deliveries::Shape;
use crate::rig::Rig;
use crate::server::Running;

/// What is acknowledged late comes by way of the spool.
const WITHIN: Duration = Duration::from_mins(1);
const DELIVERIES: usize = 50;
const SHAPE: Shape = Shape { bytes: 1500, items: 3 };

/// Fails where it does not. The floor has no job.
pub(crate) async fn does_its_job(running: &Running, rig: &Rig, number: usize) -> Result<()> {
    let Some(prefix) = &running.prefix else { return Ok(()) };
    let sender = running.sender()?;
    // Bodies of its own: the peers share topics.
    let first = 1_000_000 * (number + 1);
    let bodies: Vec<String> = (first..first + DELIVERIES).map(|number| SHAPE.body(number)).collect();
    let refused = SHAPE.body(first + DELIVERIES);
    for body in &bodies {
        let status = sender.post(body.as_bytes()).await?.status;
        ensure!(status == 200, "a signed delivery was answered {status}");
    }
    for signature in [None, Some("sha256=".to_owned() + &"0".repeat(64)), Some("sha256=zz".to_owned())] {
        let answer = sender.post_with(refused.as_bytes(), |request| match &signature {
            Some(signature) => request.header(HEADER, signature),
            None => request,
        });
        let status = answer.await?.status;
        ensure!(status == 401, "{signature:?} was answered {status}");
    }
    let are_there =
        |records: &[Record]| bodies.iter().all(|body| records.iter().any(|record| is(record, body)));
    let raw = Topic::Raw.name(prefix);
    let raw = read_until(&rig.plain, &raw, "the bytes of each delivery", WITHIN, are_there).await?;
    ensure!(!raw.iter().any(|record| is(record, &refused)), "a refused delivery is on the topic");

    let mut wanted = Vec::new();
    for body in &bodies {
        wanted.extend(items(body)?);
    }
    let are_there = |records: &[Record]| {
        let events: Vec<_> = records.iter().filter_map(event).collect();
        wanted.iter().all(|item| events.contains(item))
    };
    let typed = Topic::Messages.name(prefix);
    read_until(&rig.plain, &typed, "an event of each item", WITHIN, are_there).await?;
    Ok(())
}

fn is(record: &Record, body: &str) -> bool {
    record.value.as_deref() == Some(body.as_bytes())
}

/// Key and item of a typed record.
fn event(record: &Record) -> Option<(String, Value)> {
    Some((record.key_text()?, record.json().ok()?["data"].take()))
}

/// Key and value of each item.
fn items(body: &str) -> Result<Vec<(String, Value)>> {
    let delivery: Value = serde_json::from_str(body).context("a delivery")?;
    let entry = &delivery["entry"][0];
    let account = entry["id"].as_str().unwrap_or_default();
    let items = entry["messaging"].as_array().context("items")?.iter();
    let key = |item: &Value| format!("{account}:{}", item["sender"]["id"].as_str().unwrap_or_default());
    Ok(items.map(|item| (key(item), item.clone())).collect())
}
