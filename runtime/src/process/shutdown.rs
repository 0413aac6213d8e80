//! What asks everything to end, as a signal of the system does, and the wait for everything to have ended.

use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A line that takes longer is given up.
const LOGGED_WITHIN: Duration = Duration::from_secs(1);

/// Flows down to everyone who works; the tasks it started are waited for.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    token: CancellationToken,
    /// The token knows it too, but behind a lock, and every request asks.
    is_requested: Arc<AtomicBool>,
    tasks: TaskTracker,
    failure: Arc<OnceLock<&'static str>>,
}

impl Shutdown {
    /// A shutdown that nobody has asked for yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks everything that holds a clone to end; asking twice does no harm.
    pub fn trigger(&self) {
        self.is_requested.store(true, Ordering::Relaxed);
        self.token.cancel();
    }

    /// Is triggered by the first signal that asks for the end; another one ends the process at once, after `finish_log`. From within a
    /// runtime.
    ///
    /// # Errors
    ///
    /// Where the system does not hand over its signals.
    pub fn obey_signals(&self, finish_log: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        // A file that would grow beyond the process' limit (RLIMIT_FSIZE) is an error of the write then, as on a full disk, and not the end.
        drop(signal(SignalKind::from_raw(libc::SIGXFSZ))?);
        // Of a terminal that is closed, unless whoever started the process had that ignored (nohup).
        let mut hangup = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
        let shutdown = self.clone();
        Ok(tokio::spawn(async move {
            loop {
                // 128 and the number of the signal, as shells have it.
                let code = tokio::select! {
                    _ = terminate.recv() => Some(143),
                    _ = interrupt.recv() => Some(130),
                    // A terminal that is closed is told of twice, by its shell and by the kernel: neither is somebody who insists.
                    Some(()) = async { hangup.as_mut()?.recv().await } => None,
                };
                // Whoever reads the log may have stopped to: neither the end nor the next signal waits for that, nor does one of the tool,
                // which writes it itself.
                if shutdown.is_requested() {
                    let Some(code) = code else { continue };
                    let logged = spawn_blocking(|| {
                        tracing::warn!("second signal, exiting at once");
                        finish_log();
                    });
                    let _in_time = timeout(LOGGED_WITHIN, logged).await;
                    std::process::exit(code);
                }
                shutdown.trigger();
                spawn_blocking(|| {
                    tracing::info!("signal received, shutting down; a second one exits at once");
                });
            }
        }))
    }

    /// Runs on this thread what the process cannot go on without. After a panic of it everything is asked to end, and the process ends
    /// with an error, so that it is started anew.
    pub fn trigger_on_panic(&self, what: &'static str, work: impl FnOnce()) {
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            // The first is the reason, if there are several.
            let _known = self.failure.set(what);
            self.trigger();
        }
    }

    /// What panicked, so that the end was asked for.
    pub(crate) fn failure(&self) -> Option<&'static str> {
        self.failure.get().copied()
    }

    /// Whether the end has been asked for.
    pub fn is_requested(&self) -> bool {
        self.is_requested.load(Ordering::Relaxed)
    }

    /// Returns once the end has been asked for.
    pub async fn requested(&self) {
        self.token.cancelled().await;
    }

    /// What `work` comes to; `None` where the end is asked for before it has come to it, which drops it.
    pub async fn run_until_requested<F: Future>(&self, work: F) -> Option<F::Output> {
        self.token.run_until_cancelled(work).await
    }

    /// A token of one's own that the shutdown cancels too.
    pub(crate) fn child(&self) -> CancellationToken {
        self.token.child_token()
    }

    /// Starts a task that [`Self::finished`] waits for.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tasks.spawn(task)
    }

    /// Waits until all tasks have ended; `false` when some still run after `limit`.
    pub async fn finished(&self, limit: Duration) -> bool {
        self.tasks.close();
        timeout(limit, self.tasks.wait()).await.is_ok()
    }
}

/// As Linux tells it; elsewhere nobody does.
fn ignores_hangup() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| is_ignored(&status, SignalKind::hangup()))
}

/// Whether the status of a process has a signal among those that it ignores: a number in hexadecimal digits, of a bit each.
fn is_ignored(status: &str, signal: SignalKind) -> bool {
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).unwrap_or_default();
    mask >> (signal.as_raw_value() - 1) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signals_that_a_process_ignores_are_the_bits_of_a_number() {
        let of = |mask: &str| format!("Name:\tweir\nSigBlk:\t0000000000000001\nSigIgn:\t{mask}\n");
        assert!(is_ignored(&of("0000000000001001"), SignalKind::hangup()));
        assert!(!is_ignored(&of("0000000000001000"), SignalKind::hangup()));
        assert!(is_ignored(&of("0000000000004000"), SignalKind::terminate()));
        assert!(!is_ignored("", SignalKind::hangup()));
    }

    #[tokio::test]
    async fn a_file_that_may_not_grow_ends_no_process() {
        drop(Shutdown::new().obey_signals(|| {}).unwrap());
        let kill = format!("kill -XFSZ {}", std::process::id());
        assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    #[tokio::test]
    async fn a_trigger_reaches_every_clone() {
        let shutdown = Shutdown::new();
        let clone = shutdown.clone();
        assert!(!clone.is_requested());
        shutdown.trigger();
        clone.requested().await;
        assert!(clone.is_requested());
    }

    #[tokio::test]
    async fn work_ends_at_the_latest_when_the_end_is_asked_for() {
        let shutdown = Shutdown::new();
        assert_eq!(shutdown.run_until_requested(async { 5 }).await, Some(5));
        shutdown.trigger();
        assert_eq!(shutdown.run_until_requested(std::future::pending::<()>()).await, None);
    }

    #[test]
    fn a_panic_of_what_is_needed_asks_for_the_end_and_is_kept() {
        let shutdown = Shutdown::new();
        let clone = shutdown.clone();
        clone.trigger_on_panic("the reader", || {});
        assert_eq!((shutdown.failure(), shutdown.is_requested()), (None, false));
        clone.trigger_on_panic("the reader", || panic!("a mistake"));
        assert_eq!((shutdown.failure(), shutdown.is_requested()), (Some("the reader"), true));
    }

    #[tokio::test]
    async fn finished_waits_for_the_tasks() {
        let shutdown = Shutdown::new();
        let inner = shutdown.clone();
        let task = shutdown.spawn(async move { inner.requested().await });
        assert!(!shutdown.finished(Duration::from_millis(1)).await);
        shutdown.trigger();
        assert!(shutdown.finished(Duration::from_mins(1)).await);
        task.await.unwrap();
    }
}
