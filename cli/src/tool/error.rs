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
pub(crate) fn in_words(error: &ToolError) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(error: impl Into<ToolError>) -> (Exit, String) {
        let error = error.into();
        (exit_of(&error), in_words(&error))
    }

    #[test]
    fn what_else_has_to_be_asked_for_is_a_mistake_of_usage_and_all_else_a_failure() {
        let elsewhere = || "elsewhere".into();
        assert_eq!(ends(UsageError("ask".to_owned())), (Exit::Usage, "ask".to_owned()));
        assert_eq!(ends(InspectError::NoSpool(elsewhere())).0, Exit::Usage);
        assert_eq!(ends(InspectError::NoDirectory(elsewhere())).0, Exit::Usage);
        assert_eq!(ends(InspectError::Failed("busy".to_owned())), (Exit::Failure, "busy".to_owned()));
        assert_eq!(ends("it failed"), (Exit::Failure, "it failed".to_owned()));
        let (exit, words) = ends(Problems(Vec::new()));
        assert_eq!((exit, &*words), (Exit::Usage, "the settings cannot be used:\n"));
    }

    #[test]
    fn who_closed_the_pipe_has_seen_enough_unless_all_of_it_is_needed() {
        let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert_eq!(ends(closed()).0, Exit::Done);
        let (exit, words) = ends(cut_off(closed()));
        assert!(exit == Exit::Failure && words.starts_with("the output was cut off"), "{words}");
        let full = ends(io::Error::from(io::ErrorKind::StorageFull));
        assert!(full.0 == Exit::Failure && full.1.starts_with("cannot print: "), "{full:?}");
    }
}
