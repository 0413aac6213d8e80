//! How long a delivery takes from the request to the inbox: posted at a fixed rate, split by weir-ingest, normalised by
//! weir-messages, and read there by a client like any other.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use hdrhistogram::Histogram;
use runtime::consumer::{Read, Record, TopicReader};
use runtime::settings::KafkaSettings;
use schemas::Topic;
use serde_json::Value;
use tokio::task::spawn_blocking;

use super::make_topics;
use crate::consumer::{Consumer, Consuming};
use crate::deliveries::{Shape, requests};
use crate::load::{Answers, Load};
use crate::measure::Quantiles;
use crate::rig::Rig;
use crate::server::Running;

/// Deliveries a second.
pub(crate) const RATE: u32 = 1_000;
pub(crate) const SECONDS: u32 = 30;
const WARM_UP_SECONDS: u32 = 2;
const PREFIX: &str = "inbox";
/// The number of the first delivery that is timed.
const FIRST: usize = 1_000_000;
/// Digits of the number at the end of a message's id.
const DIGITS: usize = 16;
/// After the last request.
const READ_WITHIN: Duration = Duration::from_secs(30);
const WAIT: Duration = Duration::from_millis(100);

/// What was measured; times are from when a request was due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ToInbox {
    /// Requests, and how many of them were answered 200 and read in the inbox.
    pub(crate) posted: u64,
    pub(crate) good: u64,
    pub(crate) read: u64,
    /// To the answer.
    pub(crate) answered: Quantiles,
    /// To the record in the inbox.
    pub(crate) inbox: Quantiles,
}

pub(super) async fn run(rig: &Rig) -> Result<ToInbox> {
    make_topics(rig, PREFIX).await?;
    let ingest = Running::ingest(rig, PREFIX, &[]).await?;
    let messages = Consuming::start(Consumer::Messages, rig, PREFIX, &[]).await?;
    post(&ingest, 0, WARM_UP_SECONDS).await?;

    let brokers = rig.plain.clone();
    let reader = spawn_blocking(move || at_the_end(&brokers)).await.context("the reader stopped")??;
    let reading = spawn_blocking(move || follow(reader));
    let answers = post(&ingest, FIRST, SECONDS).await?;
    let times = reading.await.context("the reader stopped")??;
    messages.end().await?;

    let mut latency = Histogram::<u64>::new_with_bounds(1, 600_000_000, 3).context("a histogram")?;
    for (number, time) in &times {
        let due = answers.began + Duration::from_secs(1) * *number / RATE;
        let micros = time.saturating_duration_since(due).as_micros();
        latency.saturating_record(u64::try_from(micros).unwrap_or(u64::MAX));
    }
    let inbox = ToInbox {
        posted: answers.all(),
        good: answers.good,
        read: latency.len(),
        answered: Quantiles::of(&answers.latency),
        inbox: Quantiles::of(&latency),
    };
    crate::say(&format!("consumers: to the inbox: {inbox:.2?}"));
    Ok(inbox)
}

/// Deliveries from this number on, each posted once.
async fn post(ingest: &Running, first: usize, seconds: u32) -> Result<Answers> {
    let count = usize::try_from(RATE * seconds)?;
    let bodies = (first..first + count).map(|number| Shape::USUAL.body(number));
    let time = Duration::from_secs(seconds.into());
    Load::Open { rate: RATE }.run(ingest.address, &requests(bodies), time).await
}

/// Reads what comes from now on.
fn at_the_end(brokers: &str) -> Result<TopicReader> {
    let topic = Topic::Inbox.name(PREFIX);
    let mut reader = TopicReader::new(&KafkaSettings::plain(brokers), "weir-bench", &topic)?;
    let mut ends = BTreeMap::new();
    for partition in reader.partitions()? {
        ends.insert(partition, reader.ends(partition)?.1);
    }
    reader.start(&ends)?;
    Ok(reader)
}

/// When each delivery, counted from the first that is timed, was read first; until all are, or it takes too long.
fn follow(mut reader: TopicReader) -> Result<BTreeMap<u32, Instant>> {
    let end = Instant::now() + Duration::from_secs(SECONDS.into()) + READ_WITHIN;
    let mut times = BTreeMap::new();
    while times.len() < usize::try_from(RATE * SECONDS)? && Instant::now() < end {
        let Some(Read::Record(record)) = reader.next(WAIT)? else { continue };
        let now = Instant::now();
        if let Some(number) = number(&record) {
            times.entry(number).or_insert(now);
        }
    }
    Ok(times)
}

/// The number of a delivery that is timed.
fn number(record: &Record) -> Option<u32> {
    let value: Value = serde_json::from_slice(record.value.as_deref()?).ok()?;
    let id = value["message"]["id"].as_str()?;
    let digits = id.get(id.len().checked_sub(DIGITS)?..)?;
    let number: usize = digits.parse().ok()?;
    u32::try_from(number.checked_sub(FIRST)?).ok()
}
