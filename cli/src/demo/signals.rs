//! Ctrl-C: the first one asks for an orderly end, the second one ends at once.

use runtime::process::shutdown::Shutdown;
use std::io;
use tokio::signal::unix::{SignalKind, signal};

/// Triggers `end` at the first SIGINT or SIGTERM.
pub(super) fn obey(end: Shutdown) -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        loop {
            let code = tokio::select! {
                _ = interrupt.recv() => 130,
                _ = terminate.recv() => 143,
            };
            if end.is_requested() {
                std::process::exit(code);
            }
            end.trigger();
        }
    });
    Ok(())
}
