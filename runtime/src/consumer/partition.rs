//! One assigned partition, as the polling thread sees it: its queue and its worker.
//!
//! [`assignment`] is the table of them, [`fetched`] what the client has for it, [`prefetch_queue`] the queue as its worker sees it, [`worker`] what works it off, and [`offsets`] how
//! far that has come.

pub(super) mod assignment;
pub(super) mod fetched;
pub(super) mod offsets;
mod prefetch_queue;
mod worker;

use std::convert::Infallible;
use std::sync::{Arc, mpsc as thread_channel};
use std::time::Instant;

use rdkafka::Offset;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::fetched::Fetched;
use self::offsets::PartitionProgress;
use self::prefetch_queue::PrefetchQueue;
use self::worker::Worker;
use super::error::FirstError;
use super::wait::Activity;
use super::worker_context::{SharedContext, WorkerContext};
use super::{Handler, Record};
use crate::kafka::{TopicPartition, list};

/// Starts the worker of a partition.
pub(super) type StartWorker<C> =
    Box<dyn Fn(TopicPartition, Fetched<C>) -> AssignedPartition<C> + Send + Sync>;

/// A partition's queue, its worker, and what is known of both.
#[derive(Debug)]
pub(super) struct AssignedPartition<C: ConsumerContext> {
    name: TopicPartition,
    fetched: Fetched<C>,
    queue: Sender<Record>,
    /// There was no room for all that is fetched.
    is_full: bool,
    progress: Arc<PartitionProgress>,
    /// The offset that was stored last.
    stored: Option<i64>,
    /// Asks the worker to finish the record in work and no other.
    stop: CancellationToken,
    /// Disconnected once the worker has ended, however it did.
    ended: thread_channel::Receiver<Infallible>,
    task: JoinHandle<()>,
}

/// What starts workers for `handler` on the tokio runtime that this runs on; they stop at `end` by themselves.
pub(super) fn starter<H: Handler, C: ConsumerContext>(
    handler: Arc<H>,
    shared: Arc<SharedContext>,
    first_error: Arc<FirstError>,
    end: CancellationToken,
) -> StartWorker<C> {
    let runtime = Handle::current();
    Box::new(move |name, fetched| {
        let (sender, queue) = channel(shared.options.bounds.partition_queue.max(1));
        let (alive, ended) = thread_channel::sync_channel::<Infallible>(0);
        let progress = Arc::new(PartitionProgress::new());
        let stop = end.child_token();
        let worker = Worker {
            handler: Arc::clone(&handler),
            name: name.clone(),
            prefetch_queue: PrefetchQueue::new(queue, shared.options.look_ahead),
            context: Arc::new(WorkerContext::new(
                Arc::clone(&shared),
                &name.topic,
                stop.clone(),
                Arc::clone(&progress),
            )),
        };
        let first_error = Arc::clone(&first_error);
        let task = runtime.spawn(async move {
            worker.run(first_error).await;
            drop(alive);
        });
        AssignedPartition {
            name,
            fetched,
            queue: sender,
            is_full: false,
            progress,
            stored: None,
            stop,
            ended,
            task,
        }
    })
}

impl<C: ConsumerContext> AssignedPartition<C> {
    /// Moves what is fetched into the queue as far as there is room, and what the client has to complain of to `errors`.
    fn fill(&mut self, errors: &mut Vec<KafkaError>) {
        self.is_full = false;
        while self.fetched.is_ready() && !self.is_full {
            match self.queue.try_reserve().map(|place| (place, self.fetched.next(&self.name.topic))) {
                Ok((place, Some(Ok(record)))) => place.send(record),
                Ok((_, Some(Err(error)))) => errors.push(error),
                Ok((_, None)) => {}
                Err(_) => self.is_full = true,
            }
        }
    }

    /// Stores how far the worker has come, if that is farther than before, for the client to commit in its own time.
    fn store(&mut self, consumer: &BaseConsumer<C>) {
        let Some(next) = self.progress.next() else { return };
        // A client that was sent back within a log that was cut tells nobody.
        let is_back = self.progress.is_back_at(next) || self.stored.is_some_and(|stored| next < stored);
        if Some(next) == self.stored && !is_back {
            return;
        }
        let stored = list([&self.name], Offset::Offset(next)).and_then(|offsets| {
            consumer.store_offsets(&offsets)?;
            // By itself the client commits nothing before what the group had committed of a log that is no more.
            if is_back { consumer.commit(&offsets, CommitMode::Async) } else { Ok(()) }
        });
        // A partition that was lost meanwhile cannot be stored; its next owner does the work again.
        match stored {
            Ok(()) => self.stored = Some(next),
            Err(error) => tracing::debug!(%error, topic = &*self.name.topic, "an offset cannot be stored"),
        }
    }

    /// Waits for the stopped worker until `deadline`, then cuts it off; `true` when a record was in work.
    pub(super) fn join(&self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        if self.ended.recv_timeout(left) != Err(thread_channel::RecvTimeoutError::Timeout) {
            return false;
        }
        self.task.abort();
        self.progress.activity() != Activity::Idle
    }
}
