//! The one thread that writes the spool: what waits together is one transaction with one `fsync`.
//!
//! It is supervised: after a panic the file is opened anew and the thread goes on.

use super::SpoolError;
use super::database::{Change, Key, Placed};
use super::files::OpenError;
use super::inspect::{Answer, InspectError, Request};
use super::row::Row;
use super::store::{Store, StoreParts};
use crate::delivery::Delivery;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Notify, mpsc, oneshot};
use uuid::Uuid;

/// Commands that may wait for the thread.
const COMMANDS: usize = 8192;
/// Bytes of bodies that may wait for the thread: a disk that is too slow must not fill the memory.
const QUEUE_BYTES: u64 = 64 << 20;
/// What one transaction takes at most.
const GROUP_COMMANDS: usize = 256;
const GROUP_BYTES: u64 = 8 << 20;

/// A handle on the thread; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    commands: mpsc::Sender<Command>,
    queued: Arc<AtomicU64>,
    /// Notified when a delivery has been stored, or waits again.
    stored: Arc<Notify>,
}

#[derive(Debug)]
pub(super) enum Command {
    Store {
        row: Row,
        queued: Queued,
        done: oneshot::Sender<Result<(), SpoolError>>,
    },
    Change {
        changes: Vec<Change>,
        done: oneshot::Sender<bool>,
    },
    Read {
        rows: usize,
        bytes: u64,
        done: oneshot::Sender<Vec<Placed>>,
    },
    /// What `weir spool` asks.
    Inspect {
        request: Request,
        done: oneshot::Sender<Result<Answer, InspectError>>,
    },
    /// Time to look after the file: whether a broken disk is back, the gauges.
    Tend,
    Close {
        done: oneshot::Sender<bool>,
    },
    #[cfg(test)]
    Panic,
}

/// Bytes that are counted as queued for as long as this lives.
#[derive(Debug)]
pub(super) struct Queued {
    bytes: u64,
    total: Arc<AtomicU64>,
}

#[cfg(test)]
impl Queued {
    pub(super) fn nothing() -> Self {
        Self { bytes: 0, total: Arc::default() }
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.total.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Writer {
    pub(super) fn start(parts: StoreParts) -> Result<Self, OpenError> {
        let (commands, queue) = mpsc::channel(COMMANDS);
        let stored = Arc::clone(&parts.stored);
        let thread = std::thread::Builder::new().name("spool".to_owned());
        thread.spawn(move || supervise(&parts, queue)).map_err(OpenError::Thread)?;
        Ok(Self { commands, queued: Arc::default(), stored })
    }

    /// Returns once the delivery is on the disk.
    pub(super) async fn store(&self, delivery: &Delivery) -> Result<(), SpoolError> {
        let row = Row::of(delivery);
        let queued = Queued { bytes: row.cost(), total: Arc::clone(&self.queued) };
        let waiting = self.queued.fetch_add(queued.bytes, Ordering::Relaxed);
        if waiting > QUEUE_BYTES {
            return Err(SpoolError::Failing);
        }
        let (done, is_done) = oneshot::channel();
        self.commands.try_send(Command::Store { row, queued, done }).map_err(|_| SpoolError::Failing)?;
        is_done.await.unwrap_or(Err(SpoolError::Failing))
    }

    /// Makes all of the changes; `false` when the disk does not let it.
    pub(super) async fn change(&self, changes: Vec<Change>) -> bool {
        self.ask(|done| Command::Change { changes, done }).await == Some(true)
    }

    /// Deletes deliveries that are on Kafka.
    pub(super) async fn delete(&self, keys: &[Key]) -> bool {
        self.change(keys.iter().cloned().map(Change::Delete).collect()).await
    }

    /// The same of one, wherever it is.
    pub(super) async fn delete_by_id(&self, id: Uuid) -> bool {
        self.change(vec![Change::DeleteById(id.hyphenated().to_string())]).await
    }

    /// The first deliveries that wait, in their order.
    pub(super) async fn read(&self, rows: usize, bytes: u64) -> Vec<Placed> {
        self.ask(|done| Command::Read { rows, bytes, done }).await.unwrap_or_default()
    }

    /// Answers what `weir spool` asks; `None` when the spool is closed.
    pub(super) async fn inspect(&self, request: Request) -> Option<Result<Answer, InspectError>> {
        self.ask(|done| Command::Inspect { request, done }).await
    }

    pub(super) async fn tend(&self) {
        self.give(Command::Tend).await;
    }

    pub(super) async fn close(&self) {
        self.ask(|done| Command::Close { done }).await;
    }

    /// Returns once a delivery has been stored.
    pub(super) async fn stored(&self) {
        self.stored.notified().await;
    }

    #[cfg(test)]
    pub(super) async fn panic(&self) {
        self.give(Command::Panic).await;
    }

    async fn give(&self, command: Command) {
        if self.commands.send(command).await.is_err() {
            tracing::debug!("the spool has been closed");
        }
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (done, is_done) = oneshot::channel();
        self.give(command(done)).await;
        is_done.await.ok()
    }
}

/// Serves commands until it is told to close, or nobody is left to give any; anew after a panic. Those who wait for an
/// answer to the commands that it took along get none, which is an error to each of them.
fn supervise(parts: &StoreParts, mut queue: mpsc::Receiver<Command>) {
    while catch_unwind(AssertUnwindSafe(|| serve(parts, &mut queue))).is_err() {
        parts.metrics.panics.inc();
        parts.metrics.healthy.set(0);
        tracing::error!("the thread of the spool panicked, it opens the file anew and goes on");
    }
}

fn serve(parts: &StoreParts, queue: &mut mpsc::Receiver<Command>) {
    let mut store = Store::new(parts.clone());
    store.open();
    let mut group = Vec::new();
    while let Some(first) = queue.blocking_recv() {
        let mut bytes = first.bytes();
        group.push(first);
        while group.len() < GROUP_COMMANDS && bytes < GROUP_BYTES {
            let Ok(command) = queue.try_recv() else { break };
            bytes += command.bytes();
            group.push(command);
        }
        if store.serve(&mut group).is_break() {
            return;
        }
    }
}

impl Command {
    const fn bytes(&self) -> u64 {
        match self {
            Self::Store { queued, .. } => queued.bytes,
            _ => 0,
        }
    }
}
