//! The consumer that carries out commands to answer.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::process::run_consumer(weir_replies::ABOUT, weir_replies::ReplySettings::read, weir_replies::run)
}
