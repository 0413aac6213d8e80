//! The `weir-messages` process.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::process::run_consumer(weir_messages::ABOUT, weir_messages::Settings::read, weir_messages::run)
}
