//! The `weir-messages` process.

use std::process::ExitCode;
use weir_messages::{ABOUT, Settings};

fn main() -> ExitCode {
    runtime::process::run_consumer(ABOUT, Settings::declare, Settings::read, weir_messages::run)
}
