//! The partitions that this process reads.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use super::board::Board;
use super::context::Context;
use super::metrics::ConsumerMetrics;
use super::read::read;
use super::slot::{Slot, Starter};
use super::spans::spans;

/// The table of slots; the polling thread alone touches it, its lock is never contended.
pub(super) struct Assignment {
    slots: Vec<Slot>,
    start: Starter,
    metrics: ConsumerMetrics,
    board: Arc<Board>,
    /// Set before the client is closed: nothing new is begun.
    closed: bool,
}

impl Assignment {
    pub(super) const fn new(start: Starter, metrics: ConsumerMetrics, board: Arc<Board>) -> Self {
        Self { slots: Vec::new(), start, metrics, board, closed: false }
    }

    /// Starts a worker for each partition that was added.
    pub(super) fn add(&mut self, partitions: &TopicPartitionList) {
        if self.closed {
            return;
        }
        for added in partitions.elements() {
            self.slots.push((self.start)(added.topic(), added.partition()));
        }
        let added = partitions.elements();
        let named = spans(added.iter().map(|added| (added.topic(), added.partition())));
        tracing::info!(partitions = named, "partitions assigned");
        self.count();
        self.show();
    }

    /// Ends the workers of partitions that are taken away, and stores how far they came.
    ///
    /// librdkafka commits what is stored before it lets the partitions go.
    pub(super) fn remove(
        &mut self,
        consumer: &BaseConsumer<Context>,
        partitions: &TopicPartitionList,
        limit: Duration,
    ) {
        let leaves = |slot: &mut Slot| partitions.find_partition(&slot.topic, slot.partition).is_some();
        let leaving: Vec<Slot> = self.slots.extract_if(.., leaves).collect();
        self.show();
        self.end(consumer, leaving, limit);
    }

    /// Ends all workers for good.
    pub(super) fn close(&mut self, consumer: &BaseConsumer<Context>, limit: Duration) {
        self.closed = true;
        let leaving = std::mem::take(&mut self.slots);
        self.show();
        self.end(consumer, leaving, limit);
    }

    /// Gives a record to its partition's worker, and pauses the partition when its queue is full;
    /// `true` when it has.
    pub(super) fn dispatch(
        &mut self,
        consumer: &BaseConsumer<Context>,
        message: &BorrowedMessage<'_>,
    ) -> bool {
        let (topic, partition) = (message.topic(), message.partition());
        let found = self.slots.iter_mut().find(|slot| slot.partition == partition && *slot.topic == *topic);
        // Without a slot the partition was taken away meanwhile, and the record is its next owner's.
        let Some(slot) = found else { return false };
        let record = read(message, Arc::clone(&slot.topic));
        if slot.take(record) || slot.paused {
            return false;
        }
        slot.paused = said(&consumer.pause(&list(&[&*slot])), "pause");
        self.metrics.pauses.inc();
        self.count();
        true
    }

    /// Whether a partition waits for room in its queue.
    pub(super) fn is_waiting(&self) -> bool {
        self.slots.iter().any(|slot| slot.paused)
    }

    /// Resumes what has room again, and stores what is done.
    pub(super) fn tidy(&mut self, consumer: &BaseConsumer<Context>) {
        for slot in self.slots.iter_mut().filter(|slot| slot.paused) {
            if slot.unpark() && slot.has_room() {
                slot.paused = !resume(consumer, slot);
            }
        }
        self.count();
        store(consumer, &mut self.slots);
    }

    fn end(&self, consumer: &BaseConsumer<Context>, mut leaving: Vec<Slot>, limit: Duration) {
        if leaving.is_empty() {
            return;
        }
        // A partition that comes back later would still be paused.
        let paused: Vec<&Slot> = leaving.iter().filter(|slot| slot.paused).collect();
        if !paused.is_empty() {
            said(&consumer.resume(&list(&paused)), "resume");
        }
        for slot in &leaving {
            slot.stop();
        }
        let deadline = Instant::now() + limit;
        let cut_off = leaving.iter().filter(|slot| slot.join(deadline)).count();
        if cut_off > 0 {
            tracing::warn!(records = cut_off, "records in work were cut off, they will come again");
        }
        let named = spans(leaving.iter().map(|slot| (&*slot.topic, slot.partition)));
        tracing::info!(partitions = named, "partitions given back");
        store(consumer, &mut leaving);
        self.count();
    }

    fn show(&self) {
        self.board.show(self.slots.iter().map(Slot::watched).collect());
    }

    fn count(&self) {
        let paused = self.slots.iter().filter(|slot| slot.paused).count();
        self.metrics.paused.set(i64::try_from(paused).unwrap_or(i64::MAX));
        self.metrics.assigned.set(i64::try_from(self.slots.len()).unwrap_or(i64::MAX));
    }
}

/// Resumes a partition, and asks for its next record at once.
///
/// A resume alone leaves librdkafka's broker thread asleep for up to a second (2.12,
/// `rd_kafka_toppar_pause_resume`); a seek to where the partition stands anyway wakes it.
fn resume(consumer: &BaseConsumer<Context>, slot: &Slot) -> bool {
    let resumed = said(&consumer.resume(&list(&[slot])), "resume");
    if resumed {
        let next = Offset::Offset(slot.next());
        said(&consumer.seek(&slot.topic, slot.partition, next, Duration::ZERO), "seek");
    }
    resumed
}

/// Stores how far the workers have come, for the client to commit in its own time.
fn store(consumer: &BaseConsumer<Context>, slots: &mut [Slot]) {
    for slot in slots {
        let Some(next) = slot.unstored() else { continue };
        let mut offsets = TopicPartitionList::with_capacity(1);
        let added = offsets.add_partition_offset(&slot.topic, slot.partition, Offset::Offset(next));
        // A partition that was lost meanwhile cannot be stored; its next owner does the work again.
        match added.and_then(|()| consumer.store_offsets(&offsets)) {
            Ok(()) => slot.stored(next),
            Err(error) => tracing::debug!(%error, topic = &*slot.topic, "an offset cannot be stored"),
        }
    }
}

fn list(slots: &[&Slot]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(slots.len());
    for slot in slots {
        list.add_partition(&slot.topic, slot.partition);
    }
    list
}

/// Whether it worked; what did not is tried again with the next record or round.
fn said(result: &Result<(), KafkaError>, what: &str) -> bool {
    if let Err(error) = result {
        tracing::warn!(%error, what, "a partition does not obey");
    }
    result.is_ok()
}
