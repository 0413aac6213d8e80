//! Why a subcommand did not do what it was asked to, in words and as an exit code.

use super::Exit;
use runtime::process::chain;
use runtime::settings::Problems;
use std::error::Error;
use std::fmt::Display;
use std::io;
use weir_ingest::spool::inspect::InspectError;

/// Whatever it is. One of input and output is of printing alone: any other is said in words.
pub(crate) type ToolError = Box<dyn Error + Send + Sync>;

/// What a subcommand, or a part of it, comes to.
pub(crate) type Result<T, E = ToolError> = std::result::Result<T, E>;

/// Something else has to be asked for, or a file be corrected that is named, as the words say.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UsageError(pub(crate) String);

/// Of output that is useless unless complete.
pub(crate) fn cut_off(error: impl Display) -> String {
    format!("the output was cut off, and is useless unless complete: {error}")
}

/// The system gives no threads, or no signals.
pub(crate) fn not_started(error: impl Display) -> ToolError {
    format!("cannot start: {error}").into()
}

/// An error in words.
pub(crate) fn said(error: &ToolError) -> String {
    let words = chain(&**error);
    if error.is::<Problems>() {
        return format!("the settings cannot be used:\n{words}");
    }
    if error.is::<io::Error>() { format!("cannot print: {words}") } else { words }
}

/// How a subcommand ends with it.
pub(crate) fn exit_of(error: &ToolError) -> Exit {
    // Whoever closed the pipe, as `head` does, has seen enough.
    if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        return Exit::Done;
    }
    // Another --spool-dir would help.
    let has_no_spool =
        matches!(error.downcast_ref(), Some(InspectError::NoDirectory(_) | InspectError::NoSpool(_)));
    let is_usage = has_no_spool || error.is::<Problems>() || error.is::<UsageError>();
    if is_usage { Exit::Usage } else { Exit::Failure }
}
