//! One assigned partition, as the polling thread sees it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, mpsc as thread_channel};
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::progress::Progress;
use super::stall::Place;
use super::verdict::Verdict;
use super::window::Window;
use super::work::{Desk, Work};
use super::worker::Worker;
use super::{Handler, Record};

/// Starts the worker of a partition.
pub(super) type Starter = Box<dyn Fn(&str, i32) -> Slot + Send + Sync>;

/// A partition's queue, its worker, and what is known of both.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    pub(super) paused: bool,
    /// The offset after the last record that came.
    next: i64,
    queue: Sender<Record>,
    /// What came while the queue was full; the partition is paused, so it stays at a record or few.
    parked: VecDeque<Record>,
    progress: Arc<Progress>,
    stored: Option<i64>,
    stop: CancellationToken,
    /// Disconnected once the worker has ended, however it did.
    ended: thread_channel::Receiver<Infallible>,
    task: JoinHandle<()>,
}

/// What starts workers for `handler` on the tokio runtime that this runs on; they stop at `end` by themselves.
pub(super) fn starter<H: Handler>(
    handler: Arc<H>,
    work: Arc<Work>,
    verdict: Arc<Verdict>,
    end: CancellationToken,
) -> Starter {
    let runtime = Handle::current();
    Box::new(move |topic, partition| {
        let (sender, queue) = channel(work.options.queue_records.max(1));
        let (alive, ended) = thread_channel::sync_channel::<Infallible>(0);
        let (topic, progress) = (Arc::<str>::from(topic), Arc::new(Progress::new()));
        let stop = end.child_token();
        let worker = Worker {
            handler: Arc::clone(&handler),
            topic: Arc::clone(&topic),
            partition,
            window: Window::new(queue, work.options.look_ahead),
            desk: Desk::new(Arc::clone(&work), stop.clone(), Arc::clone(&progress)),
        };
        let verdict = Arc::clone(&verdict);
        let task = runtime.spawn(async move {
            worker.run(verdict).await;
            drop(alive);
        });
        Slot {
            topic,
            partition,
            paused: false,
            next: 0,
            queue: sender,
            parked: VecDeque::new(),
            progress,
            stored: None,
            stop,
            ended,
            task,
        }
    })
}

impl Slot {
    /// Queues a record behind those that came before it; `false` when the partition should pause.
    pub(super) fn take(&mut self, record: Record) -> bool {
        self.next = record.offset + 1;
        self.parked.push_back(record);
        self.unpark()
    }

    /// Moves what is parked into the queue as far as there is room; `true` when nothing is left.
    pub(super) fn unpark(&mut self) -> bool {
        while let Some(record) = self.parked.pop_front() {
            if let Err(TrySendError::Full(record)) = self.queue.try_send(record) {
                self.parked.push_front(record);
                return false;
            }
        }
        true
    }

    /// Nothing is parked and half of the queue is free, so that pausing does not flutter.
    pub(super) fn has_room(&self) -> bool {
        self.parked.is_empty() && self.queue.capacity() * 2 >= self.queue.max_capacity()
    }

    /// Its name, and how far it has come.
    pub(super) fn watched(&self) -> (Place, Arc<Progress>) {
        ((Arc::clone(&self.topic), self.partition), Arc::clone(&self.progress))
    }

    /// The offset to fetch from after a pause.
    pub(super) const fn next(&self) -> i64 {
        self.next
    }

    /// The offset to store, if there is a newer one than the stored one.
    pub(super) fn unstored(&self) -> Option<i64> {
        self.progress.next().filter(|next| Some(*next) != self.stored)
    }

    pub(super) const fn stored(&mut self, next: i64) {
        self.stored = Some(next);
    }

    /// Asks the worker to finish the record in work and no other.
    pub(super) fn stop(&self) {
        self.stop.cancel();
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
