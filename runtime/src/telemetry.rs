//! Log lines to standard error, for people or for machines.

use std::io::{IsTerminal as _, stderr};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Pretty on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// One readable line an event.
    Pretty,
    /// One JSON object an event.
    Json,
}

/// Installs the subscriber of the whole process; `RUST_LOG` filters, `info` is the default.
///
/// Only the entry of a process calls this; a second call changes nothing and returns `false`.
pub fn install(format: LogFormat) -> bool {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    if is_json(format, stderr().is_terminal()) {
        builder.json().flatten_event(true).with_current_span(false).try_init().is_ok()
    } else {
        builder.with_ansi(stderr().is_terminal()).try_init().is_ok()
    }
}

const fn is_json(format: LogFormat, terminal: bool) -> bool {
    match format {
        LogFormat::Auto => !terminal,
        LogFormat::Pretty => false,
        LogFormat::Json => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_is_pretty_on_a_terminal_only() {
        assert!(!is_json(LogFormat::Auto, true));
        assert!(is_json(LogFormat::Auto, false));
    }

    #[test]
    fn a_named_format_does_not_look_at_the_terminal() {
        assert!(!is_json(LogFormat::Pretty, false));
        assert!(is_json(LogFormat::Json, true));
    }
}
