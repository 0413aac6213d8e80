//! Ctrl-C and SIGTERM: the first one asks for an orderly end, the second one ends the process.

use std::io;
use tokio::signal::unix::{SignalKind, signal};

/// At the first signal does `first`; from within a runtime.
pub(crate) fn listen(first: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                // 128 and the number of the signal, as shells have it.
                _ = interrupt.recv() => 130,
                _ = terminate.recv() => 143,
            }
        };
        next().await;
        first();
        std::process::exit(next().await);
    });
    Ok(())
}
