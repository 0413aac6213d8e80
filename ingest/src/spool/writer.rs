//! The writer thread of the spool: commands that wait together are one transaction with one `fsync`.
//!
//! It is supervised: after a panic it reopens the file and goes on.

use super::database::{Change, StoredRow};
use super::files::{OpenError, is_read_only};
use super::inspect::{InspectError, Request, Response};
use super::store::{Store, StoreParts};
use crate::blocking_work::BlockingWork;
use crate::delivery::Delivery;
use crate::http::response::Unavailable;
use crate::kafka::AccountPermit;
use runtime::process::supervisor::Pauses;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Commands that may wait for the thread.
const COMMANDS: usize = 8192;
/// Bytes of rows that may wait for the thread beside the largest body, so that a slow disk does not fill the memory.
const QUEUE_BYTES: usize = 64 << 20;
/// Maximum of one transaction.
const GROUP_COMMANDS: usize = 256;
const GROUP_BYTES: u64 = 8 << 20;

/// A handle on the thread; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    commands: mpsc::Sender<Command>,
    /// What is left of [`QUEUE_BYTES`] and the largest body.
    queue: Arc<Semaphore>,
    blocking: Arc<BlockingWork>,
}

pub(super) enum Command {
    Write(Write),
    /// Anything else, once the commands before it are written.
    Run(Box<dyn FnOnce(&mut Store) + Send>),
}

/// Changes that are not on the disk yet.
pub(super) struct Write {
    pub(super) changes: Vec<Change>,
    /// What it costs to store a delivery; 0 where none is.
    pub(super) bytes: u64,
    pub(super) done: oneshot::Sender<Result<(), Unavailable>>,
    /// What a delivery takes up of the queue and of its account's part, whether somebody still waits for it or not.
    pub(super) _held: Option<(OwnedSemaphorePermit, Option<AccountPermit>)>,
}

impl Writer {
    /// For bodies of `max_body` bytes at most.
    pub(super) fn start(parts: StoreParts, max_body: usize) -> Result<Self, OpenError> {
        let (commands, queue) = mpsc::channel(COMMANDS);
        let thread = std::thread::Builder::new().name("spool".to_owned());
        thread.spawn(move || supervise(&parts, queue)).map_err(OpenError::Thread)?;
        Ok(Self {
            commands,
            queue: Arc::new(Semaphore::new(QUEUE_BYTES + max_body)),
            blocking: Arc::default(),
        })
    }

    /// Returns once the delivery is on the disk.
    pub(super) async fn store(
        &self,
        delivery: &Delivery,
        permit: Option<AccountPermit>,
    ) -> Result<(), Unavailable> {
        let row = self.blocking.block_in_place(delivery.body.bytes().len(), || delivery.to_row());
        let bytes = row.cost();
        let queued = u32::try_from(bytes).ok();
        let queued = queued.and_then(|bytes| Arc::clone(&self.queue).try_acquire_many_owned(bytes).ok());
        let held = (queued.ok_or(Unavailable::SpoolFailing)?, permit);
        let (done, is_done) = oneshot::channel();
        let write = Write { changes: vec![Change::Insert(row)], bytes, done, _held: Some(held) };
        self.commands.try_send(Command::Write(write)).map_err(|_| Unavailable::SpoolFailing)?;
        is_done.await.unwrap_or(Err(Unavailable::SpoolFailing))
    }

    /// Applies all of the changes; `false` when they could not be written.
    pub(super) async fn change(&self, changes: Vec<Change>) -> bool {
        let written =
            self.request(|done| Command::Write(Write { changes, bytes: 0, done, _held: None })).await;
        written == Some(Ok(()))
    }

    /// Deletes deliveries that are on Kafka.
    pub(super) async fn delete(&self, rows: &[StoredRow]) -> bool {
        self.change(rows.iter().map(|stored| Change::Delete(stored.key())).collect()).await
    }

    /// The first waiting deliveries, in order, and the file that has them.
    pub(super) async fn read(&self, rows: usize, bytes: u64) -> (PathBuf, Vec<StoredRow>) {
        self.run(move |store| (store.file(), store.read(rows, bytes))).await.unwrap_or_default()
    }

    /// Serves a request of `weir spool`; `None` when the spool is closed.
    pub(super) async fn inspect(&self, request: Request) -> Option<Result<Response, InspectError>> {
        self.run(move |store| store.inspect(&request)).await
    }

    /// Closes the file, once all that waits is written, and what comes meanwhile: whoever was woken as the process ends, as by a late
    /// acknowledgement, has its turn before.
    pub(super) async fn close(&self) {
        self.run(|_| ()).await;
        self.run(Store::close).await;
    }

    /// Does the work until the thread has ended.
    pub(super) async fn run_until_closed(&self, work: impl Future<Output = ()>) {
        tokio::select! {
            () = work => {}
            () = self.commands.closed() => {}
        }
    }

    /// What the thread makes of the store, once it comes to it; `None` when it is closed, or panics over it.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> Option<T> {
        self.request(|done| {
            Command::Run(Box::new(move |store: &mut Store| {
                // The caller may be gone.
                let _sent = done.send(work(store));
            }))
        })
        .await
    }

    async fn request<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (done, is_done) = oneshot::channel();
        if self.commands.send(command(done)).await.is_err() {
            tracing::debug!("the spool is closed");
        }
        is_done.await.ok()
    }
}

/// Serves commands until it is closed or every sender is gone; again after a panic, in which the commands at hand are
/// lost: whoever waits for their results gets an error. Panics that follow each other are paused between.
#[expect(clippy::disallowed_methods, reason = "the thread has nothing else to do")]
fn supervise(parts: &StoreParts, mut queue: mpsc::Receiver<Command>) {
    let (mut pauses, mut parts) = (Pauses::default(), parts.clone());
    while catch_unwind(AssertUnwindSafe(|| serve(&parts, &mut queue))).is_err() {
        parts.metrics.panics.inc();
        parts.metrics.healthy.set(0);
        parts.check.fail("its thread panicked and begins again: see the log");
        let pause = pauses.after_panic(Instant::now());
        tracing::error!(
            pause_seconds = pause.as_secs(),
            "the writer thread of the spool panicked, reopening the file"
        );
        std::thread::sleep(pause);
        parts = parts.after_panic();
    }
}

impl StoreParts {
    /// For the next store. A volume that can be written by now has files as any other.
    pub(super) fn after_panic(self) -> Self {
        Self { is_read_only: self.is_read_only && is_read_only(&self.directory), ..self }
    }
}

fn serve(parts: &StoreParts, queue: &mut mpsc::Receiver<Command>) {
    let mut store = Store::new(parts.clone());
    store.maintain();
    let mut group = Vec::new();
    while !store.is_closed()
        && let Some(first) = queue.blocking_recv()
    {
        let mut bytes = first.bytes();
        group.push(first);
        while group.len() < GROUP_COMMANDS && bytes < GROUP_BYTES {
            let Ok(command) = queue.try_recv() else { break };
            bytes += command.bytes();
            group.push(command);
        }
        store.serve(&mut group);
    }
}

impl Command {
    const fn bytes(&self) -> u64 {
        match self {
            Self::Write(write) => write.bytes,
            Self::Run(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Spool;
    use super::*;
    use crate::delivery::sample;
    use crate::settings::Settings;
    use futures_util::FutureExt as _;
    use runtime::process::Process;
    use std::pin::pin;

    #[tokio::test]
    async fn what_is_given_to_it_as_it_begins_to_close_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let settings = Settings::local("secret", "token");
        let spool = Spool::open(directory.path(), &settings, &Process::new("weir-ingest", "0")).unwrap();
        let delivery = sample(b"{}");
        spool.writer.store(&delivery, None).await.unwrap();
        let (_, rows) = spool.writer.read(1, u64::MAX).await;
        let ((), is_deleted) = tokio::join!(spool.writer.close(), spool.writer.delete(&rows));
        assert!(is_deleted && rows.len() == 1);
        assert_eq!(spool.writer.store(&delivery, None).await, Err(Unavailable::SpoolFailing));
    }

    #[tokio::test]
    async fn the_largest_delivery_waits_beside_those_of_others_and_gives_its_place_back() {
        let directory = tempfile::tempdir().unwrap();
        let settings = Settings { max_body: 200 << 10, ..Settings::local("secret", "token") };
        let spool = Spool::open(directory.path(), &settings, &Process::new("weir-ingest", "0")).unwrap();
        let writer = &spool.writer;
        let all = writer.queue.available_permits();
        // The thread does nothing else meanwhile.
        let (resume, is_resumed) = std::sync::mpsc::channel::<()>();
        let mut held = pin!(writer.run(move |_| is_resumed.recv()));
        assert!(held.as_mut().now_or_never().is_none());
        let of_others = Arc::clone(&writer.queue).try_acquire_many_owned((64 << 20) - 512).unwrap();
        let largest = sample(vec![b' '; settings.max_body].leak());
        let mut waiting = Box::pin(writer.store(&largest, None));
        assert_eq!(waiting.as_mut().now_or_never(), None, "it is taken");
        let refused = writer.store(&largest, None).now_or_never();
        assert_eq!(refused, Some(Err(Unavailable::SpoolFailing)), "one more is not");
        // Nobody waits for it any more, but the thread has it still.
        drop((waiting, of_others));
        assert_eq!(writer.queue.available_permits(), QUEUE_BYTES - 512);
        resume.send(()).unwrap();
        assert_eq!(held.await, Some(Ok(())));
        assert!(writer.run(|_| ()).await.is_some());
        assert_eq!(writer.queue.available_permits(), all);
    }
}
