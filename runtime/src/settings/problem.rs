//! What is wrong with a setting, said so that it can be fixed without reading anything else.

use std::fmt;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The command line.
    Flag,
    /// The command line, without a flag.
    Argument,
    /// The environment variable of this name.
    Environment(String),
    /// The default that `--help` shows.
    Default,
    /// A line of a file, as `path:line`.
    File(String),
    /// Nobody gave a value.
    NotSet,
}

/// One setting that cannot be used as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The flag, such as `--ack-timeout`.
    pub setting: String,
    /// Where the value came from.
    pub source: Source,
    /// The value, a stand-in where it is a secret, or of a line in a file its name; empty when nothing was set.
    pub found: String,
    /// The form that is expected, with an example where that helps.
    pub expected: String,
}

/// Everything that is wrong, in the order in which it was read; `Display` gives one line each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => formatter.write_str("flag"),
            Self::Argument => formatter.write_str("argument"),
            Self::Environment(name) => write!(formatter, "environment {name}"),
            Self::Default => formatter.write_str("default"),
            Self::File(place) => formatter.write_str(place),
            Self::NotSet => formatter.write_str("not set"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { setting, source, found, expected } = self;
        if found.is_empty() {
            write!(formatter, "{setting} ({source}): expected {expected}")
        } else {
            write!(formatter, "{setting} ({source}): found {found}, expected {expected}")
        }
    }
}
