//! Finds records on the pipeline's topics: within a time, and in one partition where the key is known.

use super::question::Period;
use crate::kafka::{Group, Range, Source};
use crate::tool::{Result, Session};
use runtime::consumer::Record;
use runtime::settings::KafkaSettings;
use schemas::{Millis, Topic};
use std::cell::Cell;

/// A cluster with the pipeline's topics.
pub(super) struct Search<'a> {
    source: Source,
    kafka: &'a KafkaSettings,
    pub(super) topic_prefix: &'a str,
    read: Cell<u64>,
}

/// Where to look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    pub(super) topic: Topic,
    /// In all partitions where none is given.
    pub(super) key: Option<&'a str>,
    pub(super) period: Period,
}

impl<'a> Search<'a> {
    /// Connects, and checks that the topics exist.
    pub(super) fn connect(
        session: &Session,
        kafka: &'a KafkaSettings,
        topic_prefix: &'a str,
    ) -> Result<Self> {
        let topics = Topic::ALL.map(|topic| topic.name(topic_prefix));
        let source = Source::connect(session, kafka, &topics)?;
        Ok(Self { source, kafka, topic_prefix, read: Cell::new(0) })
    }

    /// How many records were read so far.
    pub(super) const fn read(&self) -> u64 {
        self.read.get()
    }

    /// The first record that fits.
    pub(super) fn first(&self, scope: Scope<'_>, fits: impl Fn(&Record) -> bool) -> Result<Option<Record>> {
        Ok(self.most(scope, 1, fits)?.pop())
    }

    /// The first records that fit, so many at most, in the order of time. Where a key's own partition has too few of them, those are
    /// read too that the key had since the partitions were raised, as far as records tell that lie elsewhere than their keys say; all
    /// of them where it cannot be told.
    pub(super) fn most(
        &self,
        scope: Scope<'_>,
        most: usize,
        fits: impl Fn(&Record) -> bool,
    ) -> Result<Vec<Record>> {
        let name = scope.topic.name(self.topic_prefix);
        let mut range = self.source.range(&name, Some(scope.period.since), scope.period.until)?;
        let Some(key) = scope.key else { return self.all(&range, most, fits) };
        let mut own = range.clone();
        own.narrow_to(key);
        let found = self.all(&own, most, &fits)?;
        if found.len() >= most || own.at_most() >= range.at_most() {
            return Ok(found);
        }
        let elsewhere = self.source.elsewhere(&range)?;
        if elsewhere.is_empty() {
            return Ok(found);
        }
        if let Some(former) = range.former_partitions(&elsewhere) {
            range.narrow_to_since(key, former);
        }
        self.all(&range, most, fits)
    }

    fn all(&self, range: &Range, most: usize, fits: impl Fn(&Record) -> bool) -> Result<Vec<Record>> {
        let mut found = Vec::new();
        if range.at_most() == 0 {
            return Ok(found);
        }
        let mut reading = self.source.open(range)?.showing("records", true);
        while found.len() < most
            && let Some(record) = reading.next()?
        {
            self.read.set(self.read.get() + 1);
            if fits(&record) {
                found.push(record);
            }
        }
        Ok(found)
    }

    /// Up to when records of a topic may be gone: the time of the first that is there, of the partition where that is latest, and
    /// later than any where a partition has none left.
    pub(super) fn lost_until(&self, topic: Topic) -> Result<Option<Millis>> {
        let mut range = self.source.range(&topic.name(self.topic_prefix), None, None)?;
        range.spans.retain(|span| span.low > 0);
        if range.spans.iter().any(|span| span.low >= span.high) {
            return Ok(Some(Millis::since_epoch(u64::MAX)));
        }
        for span in &mut range.spans {
            span.to = span.from + 1;
        }
        let (mut first, mut latest) = (self.source.open(&range)?, None);
        while let Some(record) = first.next()? {
            latest = latest.max(Some(written(&record)));
        }
        Ok(latest)
    }

    /// Whether a consumer ever handled anything of the topic of a record.
    pub(super) fn has_ever_read(&self, consumer: &str, record: &Record) -> Result<bool> {
        let spans = self.source.range(&record.topic, None, None)?.spans;
        let partitions: Vec<i32> = spans.iter().map(|span| span.partition).collect();
        Ok(!Group::open(self.kafka, consumer)?.committed(&record.topic, &partitions)?.is_empty())
    }

    /// The offset that a consumer handles next in the partition of a record.
    pub(super) fn committed_offset(&self, consumer: &str, record: &Record) -> Result<i64> {
        let group = Group::open(self.kafka, consumer)?;
        let committed = group.committed(&record.topic, &[record.partition])?;
        Ok(committed.get(&record.partition).map_or(0, |(offset, _)| *offset))
    }
}

/// How many records a group with this committed offset has left up to this one, which counts; none where it is past it.
pub(super) fn lag(committed: i64, record: &Record) -> Option<i64> {
    (committed <= record.offset).then_some(record.offset + 1 - committed)
}

/// When a record was written.
pub(super) fn written(record: &Record) -> Millis {
    record.timestamp.map_or_else(|| Millis::since_epoch(0), Millis::of)
}

/// Whether it has this `ce_id`.
pub(super) fn has_id(record: &Record, id: &str) -> bool {
    record.header("ce_id") == Some(id.as_bytes())
}

/// Whether bytes of JSON hold this string.
pub(super) fn holds(value: &[u8], text: &str) -> bool {
    memchr::memmem::find(value, format!("\"{text}\"").as_bytes()).is_some()
}
