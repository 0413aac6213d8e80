//! Log lines to standard error, for people or for machines; spans to a collector of traces where one is set.

mod collector;
mod context;
mod environment;
mod export;
mod limit;
pub mod rust_log;
pub mod spans;
mod traces;
mod writer;

use std::io::{IsTerminal as _, stderr};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{Directive, FilterExt as _};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use limit::LineLimit;

pub use context::{TRACEPARENT, TraceContext};
pub(crate) use export::SpanCounts;
pub use limit::ONE_OF_MANY;
pub(crate) use traces::Traces;
pub(crate) use writer::{FinishLog, LogWriter};

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

/// Installs the subscriber of the whole process; `RUST_LOG` filters log lines, `info` is the default.
///
/// Only the entry of a process calls this; a second call changes nothing. Gives what bounds the lines, which has to be
/// asked to report what it left out.
pub(crate) fn install(format: LogFormat, writer: LogWriter, traces: Option<&Traces>) -> LineLimit {
    let limit = LineLimit::default();
    let lines = lines(format, writer).with_filter(limit.clone().and(filter()));
    let subscriber = tracing_subscriber::registry().with(lines);
    let installed = match traces {
        // That no span is wanted is then known at its place in the code, without asking anybody.
        None => subscriber.try_init(),
        Some(traces) => subscriber.with(traces.layer()).try_init(),
    };
    if let Err(error) = installed {
        tracing::debug!(%error, "somebody else has installed a subscriber");
    }
    limit
}

/// What is logged, which spans of traces are not.
fn filter() -> EnvFilter {
    let wanted = rust_log::from_environment();
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).parse_lossy(wanted);
    let no_spans = format!("{}=off", spans::TARGET).parse::<Directive>();
    filter.add_directive(no_spans.expect("a target of letters and colons is a directive"))
}

fn lines(format: LogFormat, writer: LogWriter) -> Box<dyn Layer<Registry> + Send + Sync> {
    let lines = fmt::layer().with_writer(move || writer.clone());
    if is_json(format, stderr().is_terminal()) {
        lines.json().flatten_event(true).with_current_span(false).boxed()
    } else {
        lines.with_ansi(stderr().is_terminal()).boxed()
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
