//! What the client has fetched of a partition and nobody has taken yet.
//!
//! The client fetches no more of a partition of which enough waits here (`queued.min.messages`), and drops nothing of it. To pause the
//! partition instead would: librdkafka throws away what it has fetched of it, and fetches all of that once more
//! (2.12, `rd_kafka_toppar_pause_resume`).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::KafkaError;

use crate::consumer::Record;
use crate::consumer::record::read;
use crate::kafka::TopicPartition;

/// The client's queue of one partition.
pub(in crate::consumer) struct Fetched<C: ConsumerContext> {
    queue: PartitionQueue<C>,
    /// Something may be in it.
    is_ready: Arc<AtomicBool>,
}

impl<C: ConsumerContext> Fetched<C> {
    /// Of a partition that is about to be assigned, so that nothing of it goes elsewhere; `wake` is told when something comes.
    pub(in crate::consumer) fn of(
        consumer: &Arc<BaseConsumer<C>>,
        TopicPartition { topic, partition }: &TopicPartition,
        wake: &SyncSender<()>,
    ) -> Option<Self> {
        let mut queue = consumer.split_partition_queue(topic, *partition)?;
        let is_ready = Arc::new(AtomicBool::new(true));
        let (ready, wake) = (Arc::clone(&is_ready), wake.clone());
        queue.set_nonempty_callback(move || {
            ready.store(true, Ordering::Release);
            // Where it was told already and has not looked yet, that is enough.
            let _told = wake.try_send(());
        });
        Some(Self { queue, is_ready })
    }

    /// Whether something may be there.
    pub(in crate::consumer) fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Acquire)
    }

    /// The next record, or error, of what is there.
    pub(in crate::consumer) fn next(&self, topic: &Arc<str>) -> Option<Result<Record, KafkaError>> {
        // Before the look, so that what comes behind it is seen by the next.
        self.is_ready.store(false, Ordering::Release);
        let message = self.queue.poll(Duration::ZERO)?;
        self.is_ready.store(true, Ordering::Release);
        Some(message.map(|message| read(&message, Arc::clone(topic))))
    }

    /// Drops what is there: of a partition that is given back the client keeps it until that is assigned again, or for as long as it lives.
    pub(in crate::consumer) fn discard(&self) {
        while self.queue.poll(Duration::ZERO).is_some() {}
    }
}

impl<C: ConsumerContext> fmt::Debug for Fetched<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Fetched").field("is_ready", &self.is_ready).finish_non_exhaustive()
    }
}
