//! Says where a panic happened, and not what was in it: its message can hold people's words.

use std::panic::{self, PanicHookInfo};

/// Reports every panic of the process through the log; replaces the standard report on stderr.
pub(crate) fn report() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a panic: {}", fixed_message(panic));
    }));
}

/// A message that was written down as it is holds no data; one that was put together may.
fn fixed_message(panic: &PanicHookInfo<'_>) -> &'static str {
    panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(its message may hold data)")
}
