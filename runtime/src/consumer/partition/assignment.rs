//! The partitions that this process reads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::KafkaError;

use super::fetched::Fetched;
use super::offsets::PartitionProgress;
use super::{AssignedPartition, StartWorker};
use crate::consumer::metrics::ConsumerMetrics;
use crate::kafka::{TopicPartition, in_one_line};
use crate::mutex::lock;

/// The table of assigned partitions; the polling thread alone touches it, its lock is never contended.
pub(in crate::consumer) struct Assignment<C: ConsumerContext> {
    partitions: Vec<AssignedPartition<C>>,
    start: StartWorker<C>,
    /// Wakes the polling thread.
    wake: SyncSender<()>,
    metrics: ConsumerMetrics,
    registry: Arc<PartitionRegistry>,
    /// Set before the client is closed: nothing new is begun.
    closed: bool,
}

impl<C: ConsumerContext> Assignment<C> {
    pub(in crate::consumer) const fn new(
        start: StartWorker<C>,
        wake: SyncSender<()>,
        metrics: ConsumerMetrics,
        registry: Arc<PartitionRegistry>,
    ) -> Self {
        Self { partitions: Vec::new(), start, wake, metrics, registry, closed: false }
    }

    /// Starts a worker for each partition that is about to be assigned.
    pub(in crate::consumer) fn add(
        &mut self,
        consumer: &Arc<BaseConsumer<C>>,
        partitions: &TopicPartitionList,
    ) {
        if self.closed {
            return;
        }
        let added = partitions.elements();
        for added in &added {
            let name = TopicPartition::new(added.topic(), added.partition());
            if let Some(fetched) = Fetched::of(consumer, &name, &self.wake) {
                self.partitions.push((self.start)(name, fetched));
            }
        }
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
        consumer: &BaseConsumer<C>,
        partitions: &TopicPartitionList,
        limit: Duration,
    ) {
        let leaves = |assigned: &mut AssignedPartition<C>| {
            partitions.find_partition(&assigned.name.topic, assigned.name.partition).is_some()
        };
        let leaving: Vec<AssignedPartition<C>> = self.partitions.extract_if(.., leaves).collect();
        self.register();
        self.end(consumer, leaving, limit);
    }

    /// Ends all workers for good.
    pub(in crate::consumer) fn close(&mut self, consumer: &BaseConsumer<C>, limit: Duration) {
        self.closed = true;
        let leaving = std::mem::take(&mut self.partitions);
        self.register();
        self.end(consumer, leaving, limit);
    }

    /// Moves what is fetched to the workers as far as their queues have room, and gives what the client complained of.
    pub(in crate::consumer) fn fill(&mut self) -> Vec<KafkaError> {
        let mut errors = Vec::new();
        for assigned in &mut self.partitions {
            let was_full = assigned.is_full;
            assigned.fill(&mut errors);
            if assigned.is_full && !was_full {
                self.metrics.pauses.inc();
            }
        }
        self.count();
        errors
    }

    /// Whether a partition waits for room in its queue.
    pub(in crate::consumer) fn is_full(&self) -> bool {
        self.partitions.iter().any(|assigned| assigned.is_full)
    }

    /// Stores what is done.
    pub(in crate::consumer) fn store(&mut self, consumer: &BaseConsumer<C>) {
        for assigned in &mut self.partitions {
            assigned.store(consumer);
        }
    }

    fn end(&self, consumer: &BaseConsumer<C>, mut leaving: Vec<AssignedPartition<C>>, limit: Duration) {
        if leaving.is_empty() {
            return;
        }
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
            assigned.fetched.discard();
        }
        self.count();
    }

    fn register(&self) {
        let known = |assigned: &AssignedPartition<C>| (assigned.name.clone(), Arc::clone(&assigned.progress));
        self.registry.set(self.partitions.iter().map(known).collect());
    }

    fn count(&self) {
        let full = self.partitions.iter().filter(|assigned| assigned.is_full).count();
        self.metrics.paused.set(i64::try_from(full).unwrap_or(i64::MAX));
        self.metrics.assigned.set(i64::try_from(self.partitions.len()).unwrap_or(i64::MAX));
    }
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
