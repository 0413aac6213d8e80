//! What a command that reads and writes Kafka runs on: a runtime for what waits, and Ctrl-C.

use crate::ToolError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::runtime::{Builder, Runtime};

/// The exit code of a process that Ctrl-C ended: 128 and the number of SIGINT.
const INTERRUPTED: i32 = 130;

/// The runtime of one command, which itself runs on the main thread.
#[derive(Debug)]
pub(crate) struct Session {
    runtime: Runtime,
    stop: Arc<AtomicBool>,
}

impl Session {
    /// Starts the runtime.
    pub(crate) fn start() -> Result<Self, ToolError> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Ok(Self { runtime: runtime.map_err(ToolError::Runtime)?, stop: Arc::default() })
    }

    /// Waits for what is asynchronous.
    pub(crate) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// From here on the first Ctrl-C only asks to stop, so that what is under way is finished and noted; the second ends
    /// the process.
    pub(crate) fn stop_gently(&self) {
        let stop = Arc::clone(&self.stop);
        self.runtime.spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                stop.store(true, Ordering::Relaxed);
                if tokio::signal::ctrl_c().await.is_ok() {
                    std::process::exit(INTERRUPTED);
                }
            }
        });
    }

    /// Whether Ctrl-C asked to stop.
    pub(crate) fn must_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
