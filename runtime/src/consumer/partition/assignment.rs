//! The partitions that this process reads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use super::offsets::PartitionProgress;
use super::{AssignedPartition, StartWorker};
use crate::consumer::metrics::ConsumerMetrics;
use crate::consumer::record::read;
use crate::kafka::{TopicPartition, in_one_line, list};
use crate::mutex::lock;

/// The table of assigned partitions; the polling thread alone touches it, its lock is never contended.
pub(in crate::consumer) struct Assignment {
    partitions: Vec<AssignedPartition>,
    start: StartWorker,
    metrics: ConsumerMetrics,
    registry: Arc<PartitionRegistry>,
    /// Set before the client is closed: nothing new is begun.
    closed: bool,
}

impl Assignment {
    pub(in crate::consumer) const fn new(
        start: StartWorker,
        metrics: ConsumerMetrics,
        registry: Arc<PartitionRegistry>,
    ) -> Self {
        Self { partitions: Vec::new(), start, metrics, registry, closed: false }
    }

    /// Starts a worker for each partition that was added.
    pub(in crate::consumer) fn add(&mut self, partitions: &TopicPartitionList) {
        if self.closed {
            return;
        }
        for added in partitions.elements() {
            self.partitions.push((self.start)(added.topic(), added.partition()));
        }
        let added = partitions.elements();
        let named = in_one_line(added.iter().map(|added| (added.topic(), added.partition())));
        tracing::info!(partitions = named, "partitions assigned");
        self.count();
        self.register();
    }

    /// Ends the workers of partitions that are taken away, and stores how far they came.
    ///
    /// librdkafka commits what is stored before it lets the partitions go.
    pub(in crate::consumer) fn remove(
        &mut self,
        consumer: &BaseConsumer<impl ConsumerContext>,
        partitions: &TopicPartitionList,
        limit: Duration,
    ) {
        let leaves = |assigned: &mut AssignedPartition| {
            partitions.find_partition(&assigned.name.topic, assigned.name.partition).is_some()
        };
        let leaving: Vec<AssignedPartition> = self.partitions.extract_if(.., leaves).collect();
        self.register();
        self.end(consumer, leaving, limit);
    }

    /// Ends all workers for good.
    pub(in crate::consumer) fn close(
        &mut self,
        consumer: &BaseConsumer<impl ConsumerContext>,
        limit: Duration,
    ) {
        self.closed = true;
        let leaving = std::mem::take(&mut self.partitions);
        self.register();
        self.end(consumer, leaving, limit);
    }

    /// Gives a record to its partition's worker, and pauses the partition when its queue is full;
    /// `true` when it has.
    pub(in crate::consumer) fn dispatch(
        &mut self,
        consumer: &BaseConsumer<impl ConsumerContext>,
        message: &BorrowedMessage<'_>,
    ) -> bool {
        let (topic, partition) = (message.topic(), message.partition());
        let found = self
            .partitions
            .iter_mut()
            .find(|assigned| assigned.name.partition == partition && *assigned.name.topic == *topic);
        // A partition that is not there was taken away meanwhile, and the record is its next owner's.
        let Some(assigned) = found else { return false };
        let record = read(message, Arc::clone(&assigned.name.topic));
        if assigned.enqueue(record) || assigned.paused {
            return false;
        }
        let paused = list([&assigned.name], Offset::Invalid).and_then(|list| consumer.pause(&list));
        assigned.paused = is_ok_or_logged(&paused, "pause");
        self.metrics.pauses.inc();
        self.count();
        true
    }

    /// Whether a partition waits for room in its queue.
    pub(in crate::consumer) fn is_waiting(&self) -> bool {
        self.partitions.iter().any(|assigned| assigned.paused)
    }

    /// Resumes what has room again, and stores what is done.
    pub(in crate::consumer) fn resume_and_store(&mut self, consumer: &BaseConsumer<impl ConsumerContext>) {
        for assigned in self.partitions.iter_mut().filter(|assigned| assigned.paused) {
            if assigned.flush_overflow() && assigned.has_room() {
                assigned.paused = !resume(consumer, assigned);
            }
        }
        self.count();
        for assigned in &mut self.partitions {
            assigned.store(consumer);
        }
    }

    fn end(
        &self,
        consumer: &BaseConsumer<impl ConsumerContext>,
        mut leaving: Vec<AssignedPartition>,
        limit: Duration,
    ) {
        if leaving.is_empty() {
            return;
        }
        // A partition that comes back later would still be paused.
        let paused = leaving.iter().filter(|assigned| assigned.paused).map(|assigned| &assigned.name);
        let resumed = list(paused, Offset::Invalid).and_then(|list| consumer.resume(&list));
        is_ok_or_logged(&resumed, "resume");
        for assigned in &leaving {
            assigned.stop.cancel();
        }
        let deadline = Instant::now() + limit;
        self.registry.is_held_up.store(true, Ordering::Relaxed);
        let cut_off = leaving.iter().filter(|assigned| assigned.join(deadline)).count();
        self.registry.is_held_up.store(false, Ordering::Relaxed);
        if cut_off > 0 {
            tracing::warn!(records = cut_off, "records in progress were aborted, they will be read again");
        }
        let named =
            in_one_line(leaving.iter().map(|assigned| (&*assigned.name.topic, assigned.name.partition)));
        tracing::info!(partitions = named, "partitions revoked");
        for assigned in &mut leaving {
            assigned.store(consumer);
        }
        self.count();
    }

    fn register(&self) {
        let known = |assigned: &AssignedPartition| (assigned.name.clone(), Arc::clone(&assigned.progress));
        self.registry.set(self.partitions.iter().map(known).collect());
    }

    fn count(&self) {
        let paused = self.partitions.iter().filter(|assigned| assigned.paused).count();
        self.metrics.paused.set(i64::try_from(paused).unwrap_or(i64::MAX));
        self.metrics.assigned.set(i64::try_from(self.partitions.len()).unwrap_or(i64::MAX));
    }
}

/// Resumes a partition, and asks for its next record at once.
///
/// A resume alone leaves librdkafka's broker thread asleep for up to a second (2.12,
/// `rd_kafka_toppar_pause_resume`); a seek to where the partition stands anyway wakes it.
fn resume(consumer: &BaseConsumer<impl ConsumerContext>, assigned: &AssignedPartition) -> bool {
    let resumed = list([&assigned.name], Offset::Invalid).and_then(|list| consumer.resume(&list));
    let is_resumed = is_ok_or_logged(&resumed, "resume");
    if is_resumed {
        let (TopicPartition { topic, partition }, next) = (&assigned.name, Offset::Offset(assigned.next));
        is_ok_or_logged(&consumer.seek(topic, *partition, next, Duration::ZERO), "seek");
    }
    is_resumed
}

/// Whether it worked; what did not is tried again with the next record or round.
fn is_ok_or_logged(result: &Result<(), KafkaError>, what: &str) -> bool {
    if let Err(error) = result {
        tracing::warn!(%error, what, "failed to pause, resume or seek a partition");
    }
    result.is_ok()
}

/// The partitions that this process reads and how far each has come, for who watches them. Kept by the polling thread.
#[derive(Debug, Default)]
pub(in crate::consumer) struct PartitionRegistry {
    partitions: Mutex<Vec<(TopicPartition, Arc<PartitionProgress>)>>,
    is_held_up: AtomicBool,
}

impl PartitionRegistry {
    fn set(&self, partitions: Vec<(TopicPartition, Arc<PartitionProgress>)>) {
        *lock(&self.partitions) = partitions;
    }

    pub(in crate::consumer) fn partitions(&self) -> Vec<(TopicPartition, Arc<PartitionProgress>)> {
        lock(&self.partitions).clone()
    }

    /// Whether the polling thread waits for the workers of partitions that leave, and gives nothing to those of others meanwhile.
    pub(in crate::consumer) fn is_held_up(&self) -> bool {
        self.is_held_up.load(Ordering::Relaxed)
    }
}
