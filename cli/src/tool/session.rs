//! What a command runs on that waits for others: a runtime, and signals.

use super::{Result, not_started};
use runtime::process::shutdown::Shutdown;
use tokio::runtime::{Builder, Runtime};

/// The runtime of one command, which itself runs on the main thread.
#[derive(Debug)]
pub(crate) struct Session {
    runtime: Runtime,
    stop: Shutdown,
}

impl Session {
    /// Starts the runtime.
    pub(crate) fn start() -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Ok(Self { runtime: runtime.map_err(not_started)?, stop: Shutdown::new() })
    }

    /// Waits for what is asynchronous.
    pub(crate) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// From here on the first Ctrl-C, SIGTERM or SIGHUP only asks to stop, so that what is under way is finished and noted; the
    /// second ends the process.
    pub(crate) fn stop_gently(&self) -> Result<()> {
        let _entered = self.runtime.enter();
        self.stop.obey_signals(|| {}).map(drop).map_err(not_started)
    }

    /// Whether a signal asked to stop.
    pub(crate) fn must_stop(&self) -> bool {
        self.stop.is_requested()
    }
}
