//! The consumer that enriches comments and mentions.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::process::run_consumer(weir_lookups::ABOUT, weir_lookups::LookupSettings::read, weir_lookups::run)
}
