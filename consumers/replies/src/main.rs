//! The consumer that carries out reply commands.

use std::process::ExitCode;
use weir_replies::{ABOUT, ReplySettings};

fn main() -> ExitCode {
    runtime::process::run_consumer(ABOUT, ReplySettings::declare, ReplySettings::read, weir_replies::run)
}
