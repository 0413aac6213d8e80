//! What a command runs on that waits for others: a runtime, and signals.

use crate::ToolError;
use crate::tool::signals;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::runtime::{Builder, Runtime};

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

    /// From here on the first Ctrl-C or SIGTERM only asks to stop, so that what is under way is finished and noted; the
    /// second ends the process.
    pub(crate) fn stop_gently(&self) -> Result<(), ToolError> {
        let stop = Arc::clone(&self.stop);
        let _entered = self.runtime.enter();
        signals::listen(move || stop.store(true, Ordering::Relaxed)).map_err(ToolError::Runtime)
    }

    /// Whether a signal asked to stop.
    pub(crate) fn must_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
