//! Reads ranges of topics, without a group: from where to where, in the order of time, and not a record further.

mod period;
mod position;
mod range;
mod reading;

pub(crate) use position::RecordPosition;
pub(crate) use range::{Range, Span};
pub(crate) use reading::Reading;

use crate::kafka::request::RequestError;
use crate::tool::session::Session;
use period::Period;
use runtime::consumer::{self, Record, TopicReader};
use runtime::producer::{Producer, ProducerOptions};
use runtime::settings::KafkaSettings;
use schemas::Millis;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long the first answer may take; a broker that refuses is tried again until then.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const CLIENT_ID: &str = "weir";

/// A bounded memory for what is read ahead of each partition, and a quick end; a file can say otherwise.
const DEFAULTS: [(&str, &str); 2] =
    [("queued.max.messages.kbytes", "1024"), ("fetch.queue.backoff.ms", "20")];

/// Fails where no broker answers, and where one of `topics` is missing. A producer says why it cannot connect, and what makes
/// a missing topic.
pub(crate) async fn reach(kafka: &KafkaSettings, topics: &[String]) -> Result<(), RequestError> {
    let options = ProducerOptions { client_id: CLIENT_ID.to_owned(), ..ProducerOptions::default() };
    Ok(Producer::new(kafka, &options)?.check_topics(topics, CONNECT_WITHIN).await?)
}

/// A cluster to read from.
#[derive(Debug)]
pub(crate) struct Source {
    kafka: KafkaSettings,
}

impl Source {
    /// Connects; fails where no broker answers, and where one of `topics` is missing.
    pub(crate) fn connect(
        session: &Session,
        kafka: &KafkaSettings,
        topics: &[String],
    ) -> Result<Self, RequestError> {
        session.wait(reach(kafka, topics))?;
        let mut kafka = kafka.clone();
        for (name, value) in DEFAULTS {
            kafka.properties.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        Ok(Self { kafka })
    }

    /// What lies on a topic now: in every partition from the first record at or after `since` to the last one before the
    /// first at or after `until`. Ranges that meet in time meet without a gap, and without a record in both. Of brokers
    /// that find no offsets by time it is all, and what is read of it is told by the times of the records.
    pub(crate) fn range(
        &self,
        topic: &str,
        since: Option<Millis>,
        until: Option<Millis>,
    ) -> Result<Range, RequestError> {
        let reader = self.reader(topic)?;
        let partitions = reader.partitions()?;
        let offsets_at = |time: Option<Millis>| match time {
            Some(time) => reader.since(&partitions, i64::try_from(time.as_millis()).unwrap_or(i64::MAX)),
            None => Ok(BTreeMap::new()),
        };
        let (from, to) = (offsets_at(since)?, offsets_at(until)?);
        let span = |&partition: &i32| {
            let (low, high) = reader.ends(partition)?;
            // Nothing at or after `since` means the end; a search for no time means the beginning.
            let start = if since.is_some() { from.get(&partition).copied().unwrap_or(high) } else { low };
            let end = to.get(&partition).copied().unwrap_or(high).min(high);
            Ok(Span { partition, low, high, from: start.clamp(low, high), to: end })
        };
        let spans = partitions.iter().map(span).collect::<Result<_, consumer::ReadError>>()?;
        let mut range = Range { topic: Arc::clone(reader.topic()), spans, period: None };
        let found_none = from.is_empty() && to.is_empty() && (since.is_some() || until.is_some());
        if found_none && finds_no_times(&reader, &range.spans)? {
            range.widen_to(Period { since, until });
        }
        Ok(range)
    }

    pub(crate) fn open(&self, range: &Range) -> Result<Reading, RequestError> {
        Reading::open(self.reader(&range.topic)?, range, &self.kafka.brokers)
    }

    /// The record at a position, if it is still there.
    pub(crate) fn record(&self, position: &RecordPosition) -> Result<Option<Record>, RequestError> {
        let RecordPosition { partition, offset, .. } = *position;
        let mut range = self.range(&position.topic, None, None)?;
        range.spans.retain(|span| span.partition == partition && (span.from..span.to).contains(&offset));
        for span in &mut range.spans {
            (span.from, span.to) = (offset, offset + 1);
        }
        self.open(&range)?.next()
    }

    /// Reads a topic from wherever one likes.
    pub(crate) fn reader(&self, topic: &str) -> Result<TopicReader, RequestError> {
        Ok(TopicReader::new(&self.kafka, CLIENT_ID, topic)?)
    }
}

/// Whether no offset is found for the beginning of time either, although there are records: then brokers do not look, as
/// librdkafka's mock cluster, and that nothing is found says nothing.
fn finds_no_times(reader: &TopicReader, spans: &[Span]) -> Result<bool, consumer::ReadError> {
    let filled: Vec<i32> =
        spans.iter().filter(|span| span.low < span.high).map(|span| span.partition).collect();
    Ok(!filled.is_empty() && reader.since(&filled, 0)?.is_empty())
}
