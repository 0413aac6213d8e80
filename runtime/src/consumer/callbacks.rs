//! What librdkafka calls back while it is polled: rebalances, log lines, errors.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::TopicPartitionList;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};

use super::health::connection::Connection;
use super::health::refused_member::refusal;
use super::partition::assignment::Assignment;
use super::reader::error::is_forbidden;
use super::worker_context::SharedContext;
use crate::mutex::lock;
use crate::throttle::Throttle;

/// Lives in the client and runs on the polling thread.
pub(super) struct Callbacks {
    shared: Arc<SharedContext>,
    assignment: Mutex<Assignment<Self>>,
    /// The client that this lives in.
    consumer: OnceLock<Weak<BaseConsumer<Self>>>,
    was_called: AtomicBool,
    unreadable_log: Throttle,
    forbidden_log: Throttle,
    connection: Arc<Connection>,
}

impl Callbacks {
    pub(super) fn new(
        assignment: Assignment<Self>,
        shared: Arc<SharedContext>,
        connection: Arc<Connection>,
    ) -> Self {
        Self {
            shared,
            assignment: Mutex::new(assignment),
            consumer: OnceLock::new(),
            was_called: AtomicBool::new(false),
            unreadable_log: Throttle::default(),
            forbidden_log: Throttle::default(),
            connection,
        }
    }

    /// Calls come of this client, of which partitions get queues of their own.
    pub(super) fn attach(&self, consumer: &Arc<BaseConsumer<Self>>) {
        let _first = self.consumer.set(Arc::downgrade(consumer));
    }

    /// What was fetched can never be read. librdkafka does not name the partition; `PartitionWatch` finds it if it stalls.
    pub(super) fn cannot_read(&self, error: &KafkaError) {
        self.shared.metrics.fetch_errors.inc();
        if let Some(suppressed) = self.unreadable_log.pass(Instant::now()) {
            tracing::error!(%error, suppressed, "fetched records cannot be read: they are damaged, or in a form that this build does not know");
        }
    }

    /// Anything else, of a connection, the group or a fetch: `error` below has logged it, the client tries again by itself, and
    /// the watch counts the partitions for which it lasts.
    pub(super) fn failed(&self, error: &KafkaError) {
        self.shared.metrics.client_errors.inc();
        if let Some(refusal) = refusal(error) {
            self.shared.group_refusal.set(refusal, Instant::now());
        }
        if is_forbidden(error)
            && let Some(suppressed) = self.forbidden_log.pass(Instant::now())
        {
            tracing::warn!(%error, suppressed, "this user may not read what it consumes: give it the rights, unless a broker has just started; it goes on by itself once it may");
        }
    }

    /// Whether anything was called back since this was asked last.
    pub(super) fn was_called(&self) -> bool {
        self.was_called.swap(false, Ordering::Relaxed)
    }

    fn called(&self) {
        self.was_called.store(true, Ordering::Relaxed);
    }

    /// Never held across a poll of the client, whose rebalances call back into this; a partition's queue has none.
    pub(super) fn assignment(&self) -> MutexGuard<'_, Assignment<Self>> {
        lock(&self.assignment)
    }

    pub(super) fn finish_timeout(&self) -> Duration {
        self.shared.options.bounds.finish_timeout
    }
}

impl ClientContext for Callbacks {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.called();
        self.shared.resets.note(facility, message);
        self.shared.kafka_log.log(level, facility, message);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        self.called();
        self.connection.sample(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.called();
        self.shared.kafka_log.error(error, reason);
    }
}

impl ConsumerContext for Callbacks {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        self.called();
        self.shared.metrics.rebalances.inc();
        match rebalance {
            Rebalance::Assign(partitions) => {
                self.shared.group_refusal.clear();
                // The weak reference is dead while the client closes: start nothing.
                if let Some(consumer) = self.consumer.get().and_then(Weak::upgrade) {
                    self.assignment().add(&consumer, partitions);
                }
            }
            Rebalance::Revoke(partitions) => {
                // Lost partitions have a new owner already: there is nothing to wait for.
                let lost = consumer.assignment_lost();
                let limit = if lost { Duration::ZERO } else { self.finish_timeout() };
                self.assignment().remove(consumer, partitions, limit);
            }
            Rebalance::Error(error) => tracing::warn!(%error, "a rebalance failed, the client tries again"),
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, offsets: &TopicPartitionList) {
        self.called();
        match result {
            Ok(()) => tracing::debug!(?offsets, "offsets committed"),
            Err(error) => tracing::debug!(%error, "offsets not committed, the client tries again"),
        }
    }
}
