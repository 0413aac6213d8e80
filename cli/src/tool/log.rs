//! Log lines of what runs inside the tool: on standard error, and only those that somebody must see.

use crate::screen::takes_orders;
use runtime::telemetry::rust_log;
use std::io::stderr;
use tracing_subscriber::EnvFilter;

/// What is shown where `RUST_LOG` does not say otherwise. librdkafka remarks on what its mock cluster cannot do, and
/// what it has to say of a real one stands in the tool's own errors; whoever presses Ctrl-C twice knows what comes of it; the demo
/// sends a wrong signature on purpose.
const QUIET: &str = "warn,weir_runtime::kafka::log=off,weir_runtime::process::shutdown=off,weir_ingest=error";

/// Installs the subscriber of the process.
pub(crate) fn install(colour: bool) {
    let wanted = rust_log::from_environment();
    let filter = EnvFilter::new(if wanted.is_empty() { QUIET } else { &wanted });
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    // Of a line that nobody takes it would print another, and panic where that is not taken either.
    let subscriber = subscriber.log_internal_errors(false);
    // It fails where a test has installed one already, which then shows the lines.
    subscriber.with_ansi(colour && takes_orders(&stderr())).try_init().unwrap_or_default();
}
