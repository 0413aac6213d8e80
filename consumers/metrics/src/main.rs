//! The consumer that counts events.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::process::run_consumer(
        weir_metrics::ABOUT,
        weir_metrics::MetricsSettings::declare,
        weir_metrics::MetricsSettings::read,
        weir_metrics::run,
    )
}
