//! The consumer that enriches comments and mentions.

use std::process::ExitCode;
use weir_lookups::{ABOUT, LookupSettings};

fn main() -> ExitCode {
    runtime::process::run_consumer(ABOUT, LookupSettings::declare, LookupSettings::read, weir_lookups::run)
}
