//! Reads ranges of topics, without a group: from where to where, in the order of time, and not a record further.

mod position;
mod range;
mod reading;

pub(crate) use position::RecordPosition;
pub(crate) use range::{Range, Span};
pub(crate) use reading::Reading;

use crate::kafka::brokers::with_silence;
use crate::tool::{Result, Session, ToolError};
use range::{Elsewhere, Period};
use runtime::consumer::{self, Record, TopicReader};
use runtime::producer::{Producer, ProducerOptions, TopicsError};
use runtime::settings::KafkaSettings;
use schemas::{Millis, Topic};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long the first answer may take; a broker that refuses is tried again until then.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const CLIENT_ID: &str = "weir";

/// So many records of each partition tell whether any lies elsewhere than its key says.
const FIRST_RECORDS: i64 = 10;

/// A bounded memory for what is read ahead of each partition, and a quick end; a file can say otherwise.
const DEFAULTS: [(&str, &str); 2] =
    [("queued.max.messages.kbytes", "1024"), ("fetch.queue.backoff.ms", "20")];

/// Fails where no broker answers, and where one of `topics` is missing. A producer says why it cannot connect, and what makes
/// a missing topic.
pub(crate) async fn reach(kafka: &KafkaSettings, topics: &[String]) -> Result<()> {
    let options = ProducerOptions { client_id: CLIENT_ID.to_owned(), ..ProducerOptions::default() };
    let checked = Producer::new(kafka, &options)?.check_topics(topics, CONNECT_WITHIN).await;
    checked.map_err(|error| with_flags(error, kafka))
}

/// The command that makes missing topics gets the flags of this one, and the prefix that the table of topics tells: by a few
/// names alone, `meta.inbox.receipts.v1` could be one of the prefix `meta.inbox`, or of any. Of other names it makes none.
fn with_flags(error: TopicsError, kafka: &KafkaSettings) -> ToolError {
    let TopicsError::Missing { topics, .. } = error else { return error.into() };
    let Some(prefix) = topics.iter().find_map(|name| prefix_of(name)) else {
        let names = topics.join(", ");
        return format!("topics are missing (or hidden by an access control list): {names}").into();
    };
    let file = kafka.file.as_ref().map(|file| format!(" --kafka-config {}", file.display()));
    let (brokers, file) = (&kafka.brokers, file.unwrap_or_default());
    let command = format!("weir topics apply --brokers {brokers} --topic-prefix {prefix}{file}");
    TopicsError::Missing { topics, command }.into()
}

/// What stands before the longest name of the table that a topic's name ends with.
fn prefix_of(name: &str) -> Option<&str> {
    let before = |topic: Topic| name.strip_suffix(topic.spec().suffix)?.strip_suffix('.');
    Topic::ALL.into_iter().filter_map(before).min_by_key(|prefix| prefix.len())
}

/// A cluster to read from.
#[derive(Debug)]
pub(crate) struct Source {
    kafka: KafkaSettings,
}

impl Source {
    /// Connects; fails where no broker answers, and where one of `topics` is missing.
    pub(crate) fn connect(session: &Session, kafka: &KafkaSettings, topics: &[String]) -> Result<Self> {
        session.wait(reach(kafka, topics))?;
        let mut kafka = kafka.clone();
        for (name, value) in DEFAULTS {
            kafka.properties.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        Ok(Self { kafka })
    }

    /// What lies on a topic now: in every partition from the first record at or after `since` to the last one before the
    /// first at or after `until`. Ranges that meet in time meet without a gap, and without a record in both. Of brokers
    /// that find no offsets by time it is all, and what is read of it is told by the times of the records. What an open transaction
    /// hides is in it too, though it cannot be read: [`Reading`] tells.
    pub(crate) fn range(&self, topic: &str, since: Option<Millis>, until: Option<Millis>) -> Result<Range> {
        self.range_of(topic, since, until).map_err(|error| with_silence(&self.kafka, error))
    }

    fn range_of(&self, topic: &str, since: Option<Millis>, until: Option<Millis>) -> Result<Range> {
        let reader = self.uncommitted(topic)?;
        let partitions = reader.partitions()?;
        let offsets_at = |time: Option<Millis>| match time {
            Some(time) => reader.since(&partitions, i64::try_from(time.as_millis()).unwrap_or(i64::MAX)),
            None => Ok(BTreeMap::new()),
        };
        let from = offsets_at(since)?;
        let ends = partitions.iter().map(|partition| Ok((*partition, reader.ends(*partition)?)));
        let ends = ends.collect::<Result<Vec<_>, consumer::ReadError>>()?;
        // After the ends, so that a record before them that was written at or after `until` is found.
        let to = offsets_at(until)?;
        let found_none = from.is_empty() && to.is_empty() && (since.is_some() || until.is_some());
        let by_records = found_none && finds_no_times(&reader, &ends)?;
        let span = |(partition, (low, high)): (i32, (i64, i64))| {
            // Nothing at or after `since` means the end; a search for no time means the beginning.
            let is_all = since.is_none() || by_records;
            let start = if is_all { low } else { from.get(&partition).copied().unwrap_or(high) };
            let end = to.get(&partition).copied().unwrap_or(high).min(high);
            Span { partition, low, high, from: start.clamp(low, high), to: end }
        };
        let spans = ends.into_iter().map(span).collect();
        let period = by_records.then_some(Period { since, until });
        Ok(Range { topic: Arc::clone(reader.topic()), spans, period })
    }

    /// Which of the first records of a range lie in other partitions than their keys say.
    pub(crate) fn elsewhere(&self, range: &Range) -> Result<Vec<Elsewhere>> {
        let mut first = self.open(&range.beginning(FIRST_RECORDS))?;
        // What is there can be told by the others.
        first.leave_out_hidden();
        let mut elsewhere = Vec::new();
        while let Some(record) = first.next()? {
            if range.has_elsewhere(&record) {
                let (key, partition) = (record.key.unwrap_or_default(), record.partition);
                elsewhere.push(Elsewhere { key, partition });
            }
        }
        Ok(elsewhere)
    }

    pub(crate) fn open(&self, range: &Range) -> Result<Reading> {
        let opened = Reading::open(self.reader(&range.topic)?, range, &self.kafka);
        opened.map_err(|error| with_silence(&self.kafka, error))
    }

    /// The record at a position, if it is still there.
    pub(crate) fn record(&self, position: &RecordPosition) -> Result<Option<Record>> {
        let RecordPosition { partition, offset, .. } = *position;
        let mut range = self.range(&position.topic, None, None)?;
        range.spans.retain(|span| span.partition == partition && (span.from..span.to).contains(&offset));
        for span in &mut range.spans {
            (span.from, span.to) = (offset, offset + 1);
        }
        self.open(&range)?.next()
    }

    /// Reads what comes after a range.
    pub(crate) fn after(&self, range: &Range) -> Result<TopicReader> {
        let mut reader = self.reader(&range.topic)?;
        reader.start(&range.spans.iter().map(|span| (span.partition, span.high)).collect())?;
        Ok(reader)
    }

    /// A reader to which a topic ends behind its last record, not before the first of an open transaction.
    fn uncommitted(&self, topic: &str) -> Result<TopicReader> {
        let mut kafka = self.kafka.clone();
        kafka.properties.insert("isolation.level".to_owned(), "read_uncommitted".to_owned());
        Ok(TopicReader::new(&kafka, CLIENT_ID, topic)?)
    }

    fn reader(&self, topic: &str) -> Result<TopicReader> {
        Ok(TopicReader::new(&self.kafka, CLIENT_ID, topic)?)
    }
}

/// Whether no offset is found for the beginning of time either, although there are records: then brokers do not look, as
/// librdkafka's mock cluster, and that nothing is found says nothing.
fn finds_no_times(reader: &TopicReader, ends: &[(i32, (i64, i64))]) -> Result<bool, consumer::ReadError> {
    let filled: Vec<i32> =
        ends.iter().filter(|(_, (low, high))| low < high).map(|(partition, _)| *partition).collect();
    Ok(!filled.is_empty() && reader.since(&filled, 0)?.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_makes_missing_topics_has_their_prefix_and_the_file_for_kafka() {
        let plain = KafkaSettings::plain("kafka:9092");
        for (names, prefix) in [
            (&["meta.inbox.receipts.v1", "meta.inbox.comments.v1"][..], "meta"),
            (&["meta.replies.results.v1", "meta.replies.dlq.v1"][..], "meta"),
            (&["acme.meta.messages.dlq.v1"][..], "acme.meta"),
        ] {
            let topics: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let error = TopicsError::missing(topics.clone(), &topics, "kafka:9092");
            let command = format!("weir topics apply --brokers kafka:9092 --topic-prefix {prefix}");
            let told = TopicsError::Missing { topics, command: command.clone() }.to_string();
            assert_eq!(with_flags(error.clone(), &plain).to_string(), told);
            let of_file = KafkaSettings { file: Some("client.properties".into()), ..plain.clone() };
            let command = format!("`{command} --kafka-config client.properties`");
            assert!(with_flags(error, &of_file).to_string().ends_with(&command));
        }
        let topics = vec!["somebody's".to_owned()];
        let said =
            with_flags(TopicsError::missing(topics.clone(), &topics, "kafka:9092"), &plain).to_string();
        assert!(said.ends_with(": somebody's") && !said.contains("weir topics apply"), "{said}");
    }
}
