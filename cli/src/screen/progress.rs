//! How far a command is: one line on standard error that replaces itself, on a terminal alone.

use super::takes_orders;
use std::io::{Write as _, stderr};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_millis(200);

/// The line; it is gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    is_shown: bool,
    last: Option<Instant>,
}

impl Progress {
    /// Shows itself where standard error is a terminal that replaces lines, unless it is not `wanted`.
    pub(crate) fn new(wanted: bool) -> Self {
        Self { is_shown: wanted && takes_orders(&stderr()), last: None }
    }

    /// Replaces the line, a few times a second at most.
    pub(crate) fn show(&mut self, text: impl FnOnce() -> String) {
        let is_due = self.last.is_none_or(|last| last.elapsed() >= EVERY);
        if self.is_shown && is_due {
            self.last = Some(Instant::now());
            write(&format!("\r\x1b[2K{}", text()));
        }
    }

    /// Takes the line away, so that something else can be printed.
    pub(crate) fn clear(&mut self) {
        if self.is_shown && self.last.take().is_some() {
            write("\r\x1b[2K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Whoever closed standard error does without.
fn write(text: &str) {
    let mut out = stderr();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).unwrap_or_default();
}
