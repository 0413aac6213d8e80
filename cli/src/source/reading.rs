//! The records of a range, merged over its partitions by time.
//!
//! Records of one delivery, and of one conversation, may lie in several partitions; what reads them in the order of time
//! comes as near as one can to the order in which they were written. One record a partition is held, and what
//! librdkafka has read ahead.

use super::error::is_passing;
use super::{Place, Range, ReadError, Span};
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, Consumer as _, DefaultConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use runtime::consumer::{Record, read};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long nothing may come while there is more.
const STALLED_AFTER: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);

/// A range on its way in.
pub(crate) struct Reading {
    consumer: Arc<BaseConsumer>,
    topic: Arc<str>,
    brokers: String,
    lanes: Vec<Lane>,
}

/// One partition.
struct Lane {
    span: Span,
    queue: PartitionQueue<DefaultConsumerContext>,
    /// The offset to come next.
    next: i64,
    head: Option<Record>,
}

impl Reading {
    pub(super) fn open(consumer: Arc<BaseConsumer>, range: &Range, brokers: &str) -> Result<Self, ReadError> {
        let request = |error: KafkaError| ReadError::Request {
            brokers: brokers.to_owned(),
            action: "be read from",
            reason: error.to_string(),
        };
        let (mut wanted, mut lanes) = (TopicPartitionList::new(), Vec::new());
        for span in range.spans.iter().filter(|span| span.from < span.to) {
            let from = Offset::Offset(span.from);
            wanted.add_partition_offset(&range.topic, span.partition, from).map_err(request)?;
            let queue = consumer.split_partition_queue(&range.topic, span.partition);
            let queue = queue.ok_or_else(|| request(KafkaError::Canceled))?;
            lanes.push(Lane { span: *span, queue, next: span.from, head: None });
        }
        if !lanes.is_empty() {
            consumer.assign(&wanted).map_err(request)?;
        }
        Ok(Self { consumer, topic: Arc::clone(&range.topic), brokers: brokers.to_owned(), lanes })
    }

    /// The next record in the order of time; `None` at the end of the range.
    pub(crate) fn next(&mut self) -> Result<Option<Record>, ReadError> {
        for lane in &mut self.lanes {
            lane.fill(&self.consumer, &self.topic, &self.brokers)?;
        }
        self.lanes.retain(|lane| lane.head.is_some());
        let heads = self.lanes.iter_mut().filter(|lane| lane.head.is_some());
        let first = heads
            .min_by_key(|lane| (lane.head.as_ref().and_then(|record| record.timestamp), lane.span.partition));
        Ok(first.and_then(|lane| lane.head.take()))
    }
}

impl Lane {
    /// Waits for the next record, unless there is one already, or the end is reached.
    fn fill(&mut self, consumer: &BaseConsumer, topic: &Arc<str>, brokers: &str) -> Result<(), ReadError> {
        let deadline = Instant::now() + STALLED_AFTER;
        let mut reason = None;
        while self.head.is_none() && self.next < self.span.to {
            match self.queue.poll(LOOK) {
                Some(Ok(message)) => {
                    let record = read(&message, Arc::clone(topic));
                    self.next = record.offset + 1;
                    self.head = Some(record).filter(|record| record.offset < self.span.to);
                }
                // What is left of the range was removed, or never was a record.
                Some(Err(KafkaError::PartitionEOF(_))) => self.next = self.span.to,
                Some(Err(error)) => reason = Some(passing(&error, brokers)?),
                None => {
                    if let Some(Err(error)) = consumer.poll(Duration::ZERO) {
                        reason = Some(passing(&error, brokers)?);
                    }
                }
            }
            if self.head.is_none() && self.next < self.span.to && Instant::now() >= deadline {
                let place =
                    Place { topic: topic.to_string(), partition: self.span.partition, offset: self.next };
                return Err(ReadError::Stalled {
                    brokers: brokers.to_owned(),
                    place,
                    within: STALLED_AFTER,
                    reason,
                });
            }
        }
        Ok(())
    }
}

/// Says what goes wrong for now; fails where waiting cannot help.
fn passing(error: &KafkaError, brokers: &str) -> Result<String, ReadError> {
    let reason = error.to_string();
    if is_passing(error) {
        return Ok(reason);
    }
    Err(ReadError::Request { brokers: brokers.to_owned(), action: "be read from", reason })
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Reading").field("topic", &self.topic).finish_non_exhaustive()
    }
}
