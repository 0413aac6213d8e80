//! The consumer that enriches comments and mentions.

use clap::Args as _;
use std::process::ExitCode;
use weir_lookups::{ABOUT, LookupArgs, LookupSettings};

fn main() -> ExitCode {
    runtime::process::run_consumer(ABOUT, LookupArgs::augment_args, LookupSettings::read, weir_lookups::run)
}
