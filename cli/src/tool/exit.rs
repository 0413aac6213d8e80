//! The exit codes of every subcommand.

use std::process::ExitCode;

/// How a subcommand ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and everything is as it should be.
    Done,
    /// It failed.
    Failure,
    /// The command line or a setting is wrong.
    Usage,
    /// Something differs from what is desired.
    Drift,
    /// What was asked for was never there.
    Absent,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failure => 1,
            Exit::Usage => 2,
            Exit::Drift => 3,
            Exit::Absent => 4,
        })
    }
}
