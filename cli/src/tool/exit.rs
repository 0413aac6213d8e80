//! The exit codes of every subcommand.

use std::process::ExitCode;

/// How a subcommand ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done, and everything is as it should be.
    Done = 0,
    /// It failed.
    Failure = 1,
    /// The command line or a setting is wrong.
    Usage = 2,
    /// It was done, and found something that is not as it should be.
    Findings = 3,
    /// What was asked for was never there.
    Absent = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
