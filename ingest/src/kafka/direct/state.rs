//! Which records wait for which broker, and what becomes of them: a state machine without input and output.
//!
//! Records wait in batches, one after the other in a partition. A request to a broker takes the first batch of every
//! partition that it leads; a partition has one request under way at most, so that no batch overtakes another. What is
//! not acknowledged is given back at once and never sent again: the spool is the retry (docs/adr/0015).

mod broker;
mod cluster;
mod topic;

#[cfg(test)]
pub(super) mod tests;

use self::broker::{Broker, InFlightBatch, InFlightRequest, SAMPLES};
use self::cluster::UNKNOWN_TOPIC;
pub(super) use self::topic::STALE_METADATA;
use self::topic::{QueuedBatch, Topic};
use super::options::Tuning;
use super::produce::PartitionBatch;
use super::record_batch::max_size;
use kafka_protocol::messages::ProduceResponse;
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use runtime::kafka::partitioner::partition_of;
use runtime::producer::{Outgoing, SendError};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A request gets no further batch beyond this size, far below a broker's `socket.request.max.bytes`.
const REQUEST_BYTES: usize = 8 << 20;

/// What became of the records of a batch.
#[derive(Debug)]
pub(super) struct BatchOutcome<T> {
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    pub(super) tickets: Vec<T>,
    /// A code as librdkafka has them, Kafka's or one below zero; `None` where all of them are acknowledged.
    pub(super) failure: Option<i32>,
}

/// Codes for failures that no broker reports; all but `UNKNOWN`, which is Kafka's too, are librdkafka's own.
pub(super) mod local {
    pub(in super::super) const PURGED: i32 = -152;
    pub(in super::super) const TIMED_OUT: i32 = -192;
    pub(in super::super) const CONNECTION: i32 = -195;
    pub(super) const UNKNOWN: i32 = -1;
}

/// The records, by what they wait for. `T` stands for whoever waits for a record.
#[derive(Debug)]
pub(super) struct State<T> {
    tuning: Tuning,
    topics: Vec<Topic<T>>,
    brokers: BTreeMap<i32, Broker<T>>,
    bytes: usize,
    records: usize,
    is_closed: bool,
}

impl<T> State<T> {
    pub(super) fn new(tuning: Tuning, topics: &[String]) -> Self {
        let topics = topics.iter().map(|name| Topic::new(name)).collect();
        Self { tuning, topics, brokers: BTreeMap::new(), bytes: 0, records: 0, is_closed: false }
    }

    /// Puts a record behind the others of its partition; where it is taken, `ticket` makes the ticket of whoever waits for it.
    /// `millis` is the time of the record, since 1970. Gives Kafka's code where the brokers refuse the topic.
    pub(super) fn accept(
        &mut self,
        record: &Outgoing<'_>,
        ticket: impl FnOnce() -> T,
        now: Instant,
        millis: i64,
    ) -> Result<Option<i32>, SendError> {
        let (size, limit) = (max_size(record), self.tuning.record_bytes);
        if size > limit {
            let bytes = record.key.map_or(0, <[u8]>::len) + record.value.len();
            return Err(SendError::TooLarge { topic: record.topic.to_owned(), bytes, limit });
        }
        if self.bytes + size > self.tuning.queue_bytes || self.records >= self.tuning.queue_records {
            return Err(SendError::QueueFull);
        }
        let is_known = |topic: &Topic<T>| topic.count > 0 || topic.refusal.is_some();
        let known = self.index_of(record.topic).filter(|index| is_known(&self.topics[*index]));
        let Some(index) = known.filter(|_| !self.is_closed) else {
            let reason = if self.is_closed {
                "the producer has ended"
            } else {
                "no broker has said yet where the topic is"
            };
            return Err(SendError::Other { topic: record.topic.to_owned(), reason: reason.to_owned() });
        };
        let topic = &mut self.topics[index];
        if topic.refusal.is_some() {
            return Ok(topic.refusal);
        }
        let is_free = |broker: &Broker<T>| broker.takes_more(now);
        let number = if let Some(key) = record.key {
            usize::try_from(partition_of(key, signed(topic.count))).unwrap_or_default()
        } else {
            let is_one_free = self.brokers.values().any(is_free);
            topic.choose_sticky(|id| is_one_free && self.brokers.get(&id).is_some_and(is_free))
        };
        self.bytes += topic.partitions[number].push(record, ticket(), (now, millis), self.tuning.batch_bytes);
        self.records += 1;
        self.ready(index, number);
        Ok(None)
    }

    /// The next request to this broker, with its correlation: the first batch of each partition in line, up to [`REQUEST_BYTES`];
    /// `None` where the broker takes no more, or nothing waits.
    pub(super) fn next_request(&mut self, id: i32, now: Instant) -> Option<(i32, Vec<PartitionBatch>)> {
        let broker = self.brokers.get_mut(&id).filter(|broker| broker.takes_more(now))?;
        let (mut batches, mut in_flight, mut size) = (Vec::new(), Vec::new(), 0);
        while size < REQUEST_BYTES
            && let Some((index, number)) = broker.ready.pop_front()
        {
            let topic = &mut self.topics[index];
            let Some(QueuedBatch { batch, tickets, .. }) = topic.take(number, id) else { continue };
            size += batch.len();
            in_flight.push(InFlightBatch { topic: index, partition: number, tickets, bytes: batch.memory() });
            batches.push(PartitionBatch { topic: Arc::clone(&topic.name), partition: signed(number), batch });
        }
        if batches.is_empty() {
            return None;
        }
        broker.correlation = broker.correlation.wrapping_add(1);
        let correlation = broker.correlation;
        broker.in_flight.push_back(InFlightRequest { correlation, since: now, batches: in_flight });
        Some((correlation, batches))
    }

    /// A broker has answered its oldest request; `None` where this is no answer to it, so that the connection is of no use.
    pub(super) fn answered(
        &mut self,
        id: i32,
        correlation: i32,
        answer: &ProduceResponse,
        now: Instant,
    ) -> Option<Vec<BatchOutcome<T>>> {
        let broker = self.brokers.get_mut(&id)?;
        let request = broker.in_flight.pop_front_if(|request| request.correlation == correlation)?;
        let throttle = Duration::from_millis(u64::try_from(answer.throttle_time_ms).unwrap_or_default());
        broker.throttled_until = Some(now + throttle);
        broker.longest_throttle = broker.longest_throttle.max(throttle);
        if broker.round_trips.len() < SAMPLES {
            broker.round_trips.push(now.saturating_duration_since(request.since));
        }
        let mut codes = BTreeMap::<_, i32>::new();
        for topic in &answer.responses {
            for response in &topic.partition_responses {
                // Of a partition that is named twice it is written only where both say so.
                let known = codes.entry((topic.name.as_str(), response.index)).or_default();
                if *known == 0 {
                    *known = code(response);
                }
            }
        }
        let ended = request.batches.into_iter().map(|batch| {
            let place = (&*self.topics[batch.topic].name, signed(batch.partition));
            let code = codes.get(&place).copied().unwrap_or(local::UNKNOWN);
            self.end(batch, (code != 0).then_some(code))
        });
        Some(ended.collect())
    }

    /// A connection to the broker is there; it has been asked nothing yet.
    pub(super) fn connected(&mut self, id: i32) {
        if let Some(broker) = self.brokers.get_mut(&id) {
            // What an earlier connection was told to wait for is over.
            (broker.is_connected, broker.throttled_until) = (true, None);
        }
    }

    /// The connection to the broker has ended: nobody knows what became of what it was sent.
    pub(super) fn disconnected(&mut self, id: i32, code: i32) -> Vec<BatchOutcome<T>> {
        let Some(broker) = self.brokers.get_mut(&id) else { return Vec::new() };
        broker.is_connected = false;
        let unanswered: Vec<_> = broker.in_flight.drain(..).flat_map(|request| request.batches).collect();
        unanswered.into_iter().map(|batch| self.end(batch, Some(code))).collect()
    }

    /// Whether the broker has answered every request.
    pub(super) fn is_answered(&self, id: i32) -> bool {
        self.brokers.get(&id).is_none_or(|broker| broker.in_flight.is_empty())
    }

    /// The time that the broker has for an answer, where its oldest request has waited for as long: its connection is of no use then.
    pub(super) fn missed_timeout(&self, id: i32, now: Instant) -> Option<Duration> {
        let (timeout, oldest) = (self.tuning.timeout, self.brokers.get(&id)?.in_flight.front()?);
        (now >= oldest.since + timeout).then_some(timeout)
    }

    /// Gives back what has waited for longer than the timeout.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<BatchOutcome<T>> {
        let timeout = self.tuning.timeout;
        self.give_back(|_, since| (now >= since + timeout).then_some(local::TIMED_OUT))
    }

    /// Gives everything back, and takes nothing any more.
    pub(super) fn close(&mut self) -> Vec<BatchOutcome<T>> {
        self.is_closed = true;
        let brokers: Vec<i32> = self.brokers.keys().copied().collect();
        let mut ended = self.give_back(|_, _| Some(local::PURGED));
        ended.extend(brokers.into_iter().flat_map(|id| self.disconnected(id, local::PURGED)));
        ended
    }

    /// Memory and records of what waits or is on its way.
    pub(super) const fn queued(&self) -> (usize, usize) {
        (self.bytes, self.records)
    }

    /// Takes batches from the front of each partition for as long as `why` gives a code, with which they failed: of the code with which
    /// brokers refuse the partition, if they do, and of the time when the first record of the batch came.
    fn give_back(&mut self, why: impl Fn(Option<i32>, Instant) -> Option<i32>) -> Vec<BatchOutcome<T>> {
        let mut ended = Vec::new();
        for index in 0..self.topics.len() {
            for number in 0..self.topics[index].partitions.len() {
                let topic = &self.topics[index];
                let refused = topic.refusal.or((number >= topic.count).then_some(UNKNOWN_TOPIC));
                let mut code = None;
                while let Some(QueuedBatch { batch, tickets, .. }) =
                    self.topics[index].partitions[number].queue.pop_front_if(|first| {
                        code = why(refused, first.since);
                        code.is_some()
                    })
                {
                    let batch =
                        InFlightBatch { topic: index, partition: number, tickets, bytes: batch.memory() };
                    ended.push(self.settled(batch, code));
                }
            }
        }
        ended
    }

    /// A batch has come to its end; the next of its partition may go.
    fn end(&mut self, batch: InFlightBatch<T>, failure: Option<i32>) -> BatchOutcome<T> {
        let (index, number) = (batch.topic, batch.partition);
        let partition = &mut self.topics[index].partitions[number];
        partition.is_under_way = false;
        if failure.is_some_and(|code| STALE_METADATA.contains(&code)) {
            partition.leader = None;
        }
        self.ready(index, number);
        self.settled(batch, failure)
    }

    /// A batch takes no memory any more.
    fn settled(&mut self, batch: InFlightBatch<T>, failure: Option<i32>) -> BatchOutcome<T> {
        self.bytes -= batch.bytes;
        self.records -= batch.tickets.len();
        let topic = Arc::clone(&self.topics[batch.topic].name);
        BatchOutcome { topic, partition: signed(batch.partition), tickets: batch.tickets, failure }
    }

    /// Puts a partition in line at its leader, if it has something to send and nothing under way.
    fn ready(&mut self, index: usize, number: usize) {
        let partition = &mut self.topics[index].partitions[number];
        let is_due = !partition.queue.is_empty() && !partition.is_under_way && !partition.is_in_line;
        let leader = partition.leader.filter(|_| is_due);
        if let Some(broker) = leader.and_then(|leader| self.brokers.get_mut(&leader)) {
            partition.is_in_line = true;
            broker.ready.push_back((index, number));
        }
    }
}

/// What a broker says of a partition, 0 where the records are written. Whoever has written something knows where: see docs/adr/0013.
fn code(answer: &PartitionProduceResponse) -> i32 {
    if answer.error_code == 0 && answer.base_offset < 0 { local::UNKNOWN } else { answer.error_code.into() }
}

/// A partition's number as Kafka has it.
fn signed(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
