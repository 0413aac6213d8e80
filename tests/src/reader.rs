//! Reading topics back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, bail, ensure};
use runtime::consumer::{self, Read, TopicReader};
use runtime::settings::KafkaSettings;

const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);
/// How many records are taken before somebody looks at them.
const TAKE: usize = 1_000;

/// One record as it lies on a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The topic it was read from.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset in the partition.
    pub offset: i64,
    /// Milliseconds since 1970, as the producer or the broker set them.
    pub timestamp: Option<i64>,
    /// The key; `None` is Kafka's null.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is Kafka's null.
    pub value: Option<Vec<u8>>,
    /// The headers in their order; a null value reads as empty.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Record {
    /// The first header of that name, as text.
    pub fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(key, _)| key == name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// The key as text.
    pub fn key_text(&self) -> Option<String> {
        self.key.as_ref().map(|key| String::from_utf8_lossy(key).into_owned())
    }

    /// The value as JSON.
    ///
    /// # Errors
    ///
    /// When the value is null or no JSON.
    pub fn json(&self) -> Result<serde_json::Value> {
        let value = self.value.as_deref().with_context(|| format!("{self} has no value"))?;
        serde_json::from_slice(value).with_context(|| format!("{self} is no JSON"))
    }
}

impl std::fmt::Display for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { topic, partition, offset, .. } = self;
        let key = self.key_text().unwrap_or_else(|| "null".to_owned());
        write!(f, "{topic} partition {partition} offset {offset} key {key}")
    }
}

/// All records that lie on the topic now, in the order of partition and offset.
///
/// # Errors
///
/// When there is no such topic or the broker does not answer.
pub async fn read(bootstrap: &str, topic: &str) -> Result<Vec<Record>> {
    let mut reading = Reading::open(bootstrap, topic).await?;
    let deadline = Instant::now() + ANSWER_TIMEOUT;
    while reading.ended.len() < reading.partitions {
        ensure!(Instant::now() < deadline, "{topic} was not read to its end within {ANSWER_TIMEOUT:?}");
        reading = reading.take().await?;
    }
    Ok(reading.sorted())
}

/// Reads the topic from its beginning, and on as records come, until `enough` holds for those read so far;
/// returns them in the order of partition and offset.
///
/// # Errors
///
/// As [`read`]; and when `within` passes before: the message names `what` and shows the last records that were there.
pub async fn read_until(
    bootstrap: &str,
    topic: &str,
    what: &str,
    within: Duration,
    enough: impl Fn(&[Record]) -> bool,
) -> Result<Vec<Record>> {
    let deadline = Instant::now() + within;
    let mut reading = Reading::open(bootstrap, topic).await?;
    while !enough(&reading.records) {
        if Instant::now() >= deadline {
            bail!("waited {within:?} in vain for {what} on {topic}; {}", reading.summary());
        }
        reading = reading.take().await?;
    }
    Ok(reading.sorted())
}

/// All partitions from their beginnings, and what was read of them.
struct Reading {
    reader: TopicReader,
    partitions: usize,
    ended: BTreeSet<i32>,
    records: Vec<Record>,
}

impl Reading {
    async fn open(bootstrap: &str, topic: &str) -> Result<Self> {
        let (kafka, topic) = (KafkaSettings::plain(bootstrap), topic.to_owned());
        let opened = tokio::task::spawn_blocking(move || {
            let mut reader = TopicReader::new(&kafka, "weir-tests-reader", &topic)?;
            let mut begin = BTreeMap::new();
            for partition in reader.partitions()? {
                begin.insert(partition, reader.ends(partition)?.0);
            }
            reader.start(&begin)?;
            Ok(Self { reader, partitions: begin.len(), ended: BTreeSet::new(), records: Vec::new() })
        });
        opened.await.context("a reader stopped")?
    }

    /// Takes what is there, or waits a moment for something to come.
    async fn take(mut self) -> Result<Self> {
        let taken = tokio::task::spawn_blocking(move || {
            let mut wait = Duration::from_millis(100);
            for _ in 0..TAKE {
                match self.reader.next(wait).context("reading")? {
                    Some(Read::Record(record)) => self.records.push(copy(record)),
                    Some(Read::End(partition)) => drop(self.ended.insert(partition)),
                    None => break,
                }
                wait = Duration::ZERO;
            }
            Ok(self)
        });
        taken.await.context("a reader stopped")?
    }

    fn sorted(mut self) -> Vec<Record> {
        self.records.sort_by_key(|record| (record.partition, record.offset));
        self.records
    }

    fn summary(&self) -> String {
        let last = self.records.iter().rev().take(5).map(|record| {
            let value = String::from_utf8_lossy(record.value.as_deref().unwrap_or_default());
            let start: String = value.chars().take(300).collect();
            format!("\n{record}: {start}")
        });
        std::iter::once(format!("{} records are there", self.records.len())).chain(last).collect()
    }
}

fn copy(record: consumer::Record) -> Record {
    let since = record.timestamp.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    Record {
        topic: record.topic.to_string(),
        partition: record.partition,
        offset: record.offset,
        timestamp: since.and_then(|since| i64::try_from(since.as_millis()).ok()),
        key: record.key,
        value: record.value,
        headers: record
            .headers
            .iter()
            .map(|(name, value)| (name.to_owned(), value.unwrap_or_default().to_vec()))
            .collect(),
    }
}
