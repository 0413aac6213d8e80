//! The one thread that touches the spool's file: what waits together is one transaction with one `fsync`.

mod keeper;

use super::files::OpenError;
use super::metrics::SpoolMetrics;
use super::row::Row;
use super::{SpoolError, files};
use crate::delivery::Delivery;
use crate::settings::SpoolSettings;
use keeper::Keeper;
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
    /// Told when a delivery has been kept.
    kept: Arc<Notify>,
}

#[derive(Debug)]
pub(super) enum Command {
    Store {
        row: Row,
        queued: Queued,
        done: oneshot::Sender<Result<(), SpoolError>>,
    },
    Forget {
        ids: Vec<String>,
        done: oneshot::Sender<bool>,
    },
    SetAside {
        id: String,
        reason: &'static str,
        done: oneshot::Sender<bool>,
    },
    Read {
        rows: usize,
        bytes: u64,
        done: oneshot::Sender<Vec<Row>>,
    },
    /// Time to look after the file: what others wrote, whether a broken disk is back, the gauges.
    Tend,
    /// The file was found to be damaged.
    Condemn {
        why: String,
    },
    Close {
        done: oneshot::Sender<bool>,
    },
}

/// Bytes that are counted as queued for as long as this lives.
#[derive(Debug)]
pub(super) struct Queued {
    bytes: u64,
    total: Arc<AtomicU64>,
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.total.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Writer {
    pub(super) fn start(settings: SpoolSettings, metrics: SpoolMetrics) -> Result<Self, OpenError> {
        let (commands, queue) = mpsc::channel(COMMANDS);
        let kept = Arc::new(Notify::new());
        // What the operator can mend is told at once; what the disk does wrong is tried again.
        let path = files::database(&settings.directory);
        files::make_private(&path)
            .map_err(|source| OpenError::Directory { directory: settings.directory.clone(), source })?;
        let keeper = Keeper::new(settings, metrics, Arc::clone(&kept));
        let thread = std::thread::Builder::new().name("spool".to_owned());
        thread.spawn(move || keep(keeper, queue)).map_err(OpenError::Thread)?;
        Ok(Self { commands, queued: Arc::default(), kept })
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

    /// Deletes deliveries that are on Kafka; `false` when the disk does not let it.
    pub(super) async fn forget(&self, ids: &[Uuid]) -> bool {
        let ids = ids.iter().map(|id| id.hyphenated().to_string()).collect();
        self.ask(|done| Command::Forget { ids, done }).await == Some(true)
    }

    /// Takes a delivery out of the way of those behind it.
    pub(super) async fn set_aside(&self, id: String, reason: &'static str) -> bool {
        self.ask(|done| Command::SetAside { id, reason, done }).await == Some(true)
    }

    /// The first deliveries that wait, in their order.
    pub(super) async fn read(&self, rows: usize, bytes: u64) -> Vec<Row> {
        self.ask(|done| Command::Read { rows, bytes, done }).await.unwrap_or_default()
    }

    pub(super) async fn tend(&self) {
        self.tell(Command::Tend).await;
    }

    /// Has the file put aside, and what can be read of it taken over.
    pub(super) async fn condemn(&self, why: String) {
        self.tell(Command::Condemn { why }).await;
    }

    pub(super) async fn close(&self) {
        self.ask(|done| Command::Close { done }).await;
    }

    /// Returns once a delivery has been kept.
    pub(super) async fn kept(&self) {
        self.kept.notified().await;
    }

    async fn tell(&self, command: Command) {
        if self.commands.send(command).await.is_err() {
            tracing::debug!("the spool has been closed");
        }
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (done, is_done) = oneshot::channel();
        self.tell(command(done)).await;
        is_done.await.ok()
    }
}

/// Serves commands until it is told to close, or nobody is left to give any.
fn keep(mut keeper: Keeper, mut queue: mpsc::Receiver<Command>) {
    keeper.open();
    let mut group = Vec::new();
    while let Some(first) = queue.blocking_recv() {
        let mut bytes = first.bytes();
        group.push(first);
        while group.len() < GROUP_COMMANDS && bytes < GROUP_BYTES {
            let Ok(command) = queue.try_recv() else { break };
            bytes += command.bytes();
            group.push(command);
        }
        if keeper.serve(&mut group).is_break() {
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
