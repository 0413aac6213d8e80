//! Reads ranges of topics, without a group: from where to where, in the order of time, and not a record further.

mod error;
mod place;
mod range;
mod reading;

pub use error::ReadError;
pub use place::Place;
pub(crate) use range::{Range, Span};
pub(crate) use reading::Reading;

use crate::session::Session;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaResult;
use rdkafka::metadata::{MetadataPartition, MetadataTopic};
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use runtime::consumer::{Record, TopicReader};
use runtime::producer::{Producer, ProducerOptions};
use runtime::settings::KafkaSettings;
use schemas::Millis;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the first answer may take; a broker that refuses is tried again until then.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long a broker may take to answer.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// How long to wait before the same is asked again.
const AGAIN_AFTER: Duration = Duration::from_millis(200);
/// The group that offsets are committed for; nobody ever joins it.
pub(crate) const GROUP: &str = "weir-redrive";

/// A bounded memory for what is read ahead of each partition, and a quick end; a file can say otherwise.
const DEFAULTS: [(&str, &str); 3] =
    [("queued.max.messages.kbytes", "1024"), ("fetch.wait.max.ms", "50"), ("fetch.queue.backoff.ms", "20")];

/// What no file can change: nothing is committed but by hand.
const OWNED: [(&str, &str); 5] = [
    ("group.id", GROUP),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "earliest"),
    ("allow.auto.create.topics", "false"),
];

/// A cluster to read from.
pub(crate) struct Source {
    config: ClientConfig,
    brokers: String,
    client: BaseConsumer,
}

impl Source {
    /// Connects; fails where no broker answers, and where one of `topics` is missing.
    pub(crate) fn connect(
        session: &Session,
        kafka: &KafkaSettings,
        topics: &[String],
    ) -> Result<Self, ReadError> {
        // A producer says why it cannot connect, and what makes a missing topic.
        let options = ProducerOptions { client_id: "weir".to_owned(), ..ProducerOptions::default() };
        let producer = Producer::new(kafka, &options)?;
        session.wait(producer.check_topics(topics, CONNECT_WITHIN))?;
        let mut config = kafka.client_config("weir");
        for (name, value) in DEFAULTS.iter().filter(|(name, _)| !kafka.properties.contains_key(*name)) {
            config.set(*name, *value);
        }
        for (name, value) in OWNED {
            config.set(name, value);
        }
        let client = config.create().map_err(ReadError::Client)?;
        Ok(Self { config, brokers: kafka.brokers.clone(), client })
    }

    /// The names of all topics.
    pub(crate) fn topics(&self) -> Result<BTreeSet<String>, ReadError> {
        let metadata = self.ask("list its topics", |client| client.fetch_metadata(None, ANSWER_WITHIN))?;
        let topics = metadata.topics().iter().filter(|topic| topic.error().is_none());
        Ok(topics.map(|topic| topic.name().to_owned()).collect())
    }

    /// What lies on a topic now: in every partition from the first record at or after `since` to the last one before the
    /// first at or after `until`. Ranges that meet in time meet without a gap, and without a record in both.
    pub(crate) fn range(
        &self,
        topic: &str,
        since: Option<Millis>,
        until: Option<Millis>,
    ) -> Result<Range, ReadError> {
        let partitions = self.partitions(topic)?;
        let from = self.offsets_at(topic, &partitions, since)?;
        let to = self.offsets_at(topic, &partitions, until)?;
        let mut spans = Vec::with_capacity(partitions.len());
        for partition in partitions {
            let (low, high) = self.ask("tell the ends of a topic", |client| {
                client.fetch_watermarks(topic, partition, ANSWER_WITHIN)
            })?;
            // Nothing at or after `since` means the end; a search for no time means the beginning.
            let start = if since.is_some() { from.get(&partition).copied().unwrap_or(high) } else { low };
            let end = to.get(&partition).copied().unwrap_or(high).min(high);
            spans.push(Span { partition, low, high, from: start.clamp(low, high), to: end });
        }
        Ok(Range { topic: Arc::from(topic), spans })
    }

    /// Reads a range.
    pub(crate) fn open(&self, range: &Range) -> Result<Reading, ReadError> {
        let reader = TopicReader::of(self.config.clone(), &range.topic)?;
        Reading::open(reader, range, &self.brokers)
    }

    /// The record at a place, if it is still there.
    pub(crate) fn record(&self, place: &Place) -> Result<Option<Record>, ReadError> {
        let mut range = self.range(&place.topic, None, None)?;
        range
            .spans
            .retain(|span| span.partition == place.partition && (span.from..span.to).contains(&place.offset));
        for span in &mut range.spans {
            (span.from, span.to) = (place.offset, place.offset + 1);
        }
        self.open(&range)?.next()
    }

    /// Asks the cluster to `action`; what fails for now is asked again for a while.
    pub(crate) fn ask<T>(
        &self,
        action: &'static str,
        request: impl Fn(&BaseConsumer) -> KafkaResult<T>,
    ) -> Result<T, ReadError> {
        let deadline = Instant::now() + ANSWER_WITHIN;
        loop {
            match request(&self.client) {
                Ok(answer) => return Ok(answer),
                Err(error) if error::is_passing(&error) && Instant::now() < deadline => {
                    // It waits, and serves what the client has to say.
                    drop(self.client.poll(AGAIN_AFTER));
                }
                Err(error) => {
                    let (brokers, reason) = (self.brokers.clone(), error.to_string());
                    return Err(ReadError::Request { brokers, action, reason });
                }
            }
        }
    }

    fn partitions(&self, topic: &str) -> Result<Vec<i32>, ReadError> {
        let describe = |client: &BaseConsumer| client.fetch_metadata(Some(topic), ANSWER_WITHIN);
        let metadata = self.ask("describe a topic", describe)?;
        let partitions = metadata.topics().first().map(MetadataTopic::partitions).unwrap_or_default();
        Ok(partitions.iter().map(MetadataPartition::id).collect())
    }

    /// Of each partition the offset of the first record at or after `time`, where there is one.
    fn offsets_at(
        &self,
        topic: &str,
        partitions: &[i32],
        time: Option<Millis>,
    ) -> Result<BTreeMap<i32, i64>, ReadError> {
        let Some(time) = time else { return Ok(BTreeMap::new()) };
        let at = Offset::Offset(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
        let found = self.ask("find records by time", |client| {
            let mut wanted = TopicPartitionList::new();
            for partition in partitions {
                wanted.add_partition_offset(topic, *partition, at)?;
            }
            whole(client.offsets_for_times(wanted, ANSWER_WITHIN)?)
        })?;
        let offset = |element: &TopicPartitionListElem<'_>| match element.offset() {
            Offset::Offset(offset) => Some((element.partition(), offset)),
            _ => None,
        };
        Ok(found.elements().iter().filter_map(offset).collect())
    }
}

/// An answer that holds no error of a single partition.
pub(crate) fn whole(answer: TopicPartitionList) -> KafkaResult<TopicPartitionList> {
    answer.elements().iter().try_for_each(TopicPartitionListElem::error)?;
    Ok(answer)
}

impl std::fmt::Debug for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Source").field("brokers", &self.brokers).finish_non_exhaustive()
    }
}
