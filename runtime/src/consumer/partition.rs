//! One assigned partition, as the polling thread sees it: its queue and its worker.
//!
//! [`assignment`] is the table of them, [`window`] the queue as its worker sees it, [`worker`] what works it off, and [`offsets`] how
//! far that has come.

pub(super) mod assignment;
pub(super) mod offsets;
mod window;
mod worker;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, mpsc as thread_channel};
use std::time::Instant;

use rdkafka::Offset;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::offsets::PartitionProgress;
use self::window::Window;
use self::worker::Worker;
use super::error::FirstError;
use super::worker_context::{SharedContext, WorkerContext};
use super::{Handler, Record};
use crate::kafka::{TopicPartition, list};

/// Starts the worker of a partition.
pub(super) type StartWorker = Box<dyn Fn(&str, i32) -> AssignedPartition + Send + Sync>;

/// A partition's queue, its worker, and what is known of both.
#[derive(Debug)]
pub(super) struct AssignedPartition {
    name: TopicPartition,
    pub(super) paused: bool,
    /// The offset after the last record that came, to fetch from after a pause.
    next: i64,
    queue: Sender<Record>,
    /// What came while the queue was full; the partition is paused, so it stays at a record or few.
    overflow: VecDeque<Record>,
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
pub(super) fn starter<H: Handler>(
    handler: Arc<H>,
    shared: Arc<SharedContext>,
    first_error: Arc<FirstError>,
    end: CancellationToken,
) -> StartWorker {
    let runtime = Handle::current();
    Box::new(move |topic, partition| {
        let (sender, queue) = channel(shared.options.bounds.partition_queue.max(1));
        let (alive, ended) = thread_channel::sync_channel::<Infallible>(0);
        let (name, progress) = (TopicPartition::new(topic, partition), Arc::new(PartitionProgress::new()));
        let stop = end.child_token();
        let worker = Worker {
            handler: Arc::clone(&handler),
            name: name.clone(),
            window: Window::new(queue, shared.options.look_ahead),
            context: Arc::new(WorkerContext::new(Arc::clone(&shared), stop.clone(), Arc::clone(&progress))),
        };
        let first_error = Arc::clone(&first_error);
        let task = runtime.spawn(async move {
            worker.run(first_error).await;
            drop(alive);
        });
        AssignedPartition {
            name,
            paused: false,
            next: 0,
            queue: sender,
            overflow: VecDeque::new(),
            progress,
            stored: None,
            stop,
            ended,
            task,
        }
    })
}

impl AssignedPartition {
    /// Queues a record behind those that came before it; `false` when the partition should pause.
    pub(super) fn enqueue(&mut self, record: Record) -> bool {
        self.next = record.offset + 1;
        self.overflow.push_back(record);
        self.flush_overflow()
    }

    /// Moves the overflow into the queue as far as there is room; `true` when nothing is left.
    pub(super) fn flush_overflow(&mut self) -> bool {
        while let Some(record) = self.overflow.pop_front() {
            if let Err(TrySendError::Full(record)) = self.queue.try_send(record) {
                self.overflow.push_front(record);
                return false;
            }
        }
        true
    }

    /// There is no overflow and half of the queue is free, so that pausing does not flutter.
    pub(super) fn has_room(&self) -> bool {
        self.overflow.is_empty() && self.queue.capacity() * 2 >= self.queue.max_capacity()
    }

    /// Stores how far the worker has come, if that is farther than before, for the client to commit in its own time.
    fn store(&mut self, consumer: &BaseConsumer<impl ConsumerContext>) {
        let Some(next) = self.progress.next().filter(|next| Some(*next) != self.stored) else { return };
        let offsets = list([&self.name], Offset::Offset(next));
        // A partition that was lost meanwhile cannot be stored; its next owner does the work again.
        match offsets.and_then(|offsets| consumer.store_offsets(&offsets)) {
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
        self.progress.in_work() >= self.progress.next().unwrap_or(0)
    }
}
