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

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;
    use std::sync::mpsc::sync_channel;
    use std::time::Instant;

    use rdkafka::consumer::Consumer as _;
    use rdkafka::mocking::MockCluster;
    use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
    use rdkafka::{ClientConfig, ClientContext, Offset};

    use super::*;
    use crate::kafka::list;

    const DEADLINE: Duration = Duration::from_mins(1);

    /// The bytes of one partition that the client holds, as it says itself.
    #[derive(Clone, Default)]
    struct Held(Arc<AtomicU64>);

    impl ClientContext for Held {
        fn stats_raw(&self, statistics: &[u8]) {
            let said: serde_json::Value = serde_json::from_slice(statistics).unwrap();
            let held = said["topics"]["in"]["partitions"]["0"]["fetchq_size"].as_u64();
            self.0.store(held.unwrap_or_default(), Ordering::Relaxed);
        }
    }

    impl ConsumerContext for Held {}

    #[test]
    fn of_a_partition_that_was_given_back_nothing_stays_in_the_client() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("in", 1, 1).unwrap();
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", cluster.bootstrap_servers());
        let producer: BaseProducer = config.create().unwrap();
        for _ in 0..100 {
            producer
                .send(BaseRecord::<(), _>::to("in").payload(&[0; 1_000]))
                .map_err(|(why, _)| why)
                .unwrap();
        }
        producer.flush(DEADLINE).unwrap();
        config.set("group.id", "test").set("enable.auto.commit", "false").set("statistics.interval.ms", "50");
        let (held, name, (wake, _woken)) = (Held::default(), TopicPartition::new("in", 0), sync_channel(1));
        let consumer = Arc::new(config.create_with_context::<_, BaseConsumer<_>>(held.clone()).unwrap());
        let wait_until = |is_so: fn(u64) -> bool| {
            let begun = Instant::now();
            while !is_so(held.0.load(Ordering::Relaxed)) {
                drop(consumer.poll(Duration::from_millis(10)));
                assert!(begun.elapsed() < DEADLINE);
            }
        };
        let fetched = Fetched::of(&consumer, &name, &wake).unwrap();
        consumer.incremental_assign(&list([&name], Offset::Beginning).unwrap()).unwrap();
        wait_until(|bytes| bytes >= 100_000);
        consumer.unassign().unwrap();
        fetched.discard();
        drop(fetched);
        wait_until(|bytes| bytes == 0);
    }
}
