//! The consumer that carries out commands to answer.

use clap::Args as _;
use std::process::ExitCode;
use weir_replies::{ABOUT, ReplyArgs, ReplySettings};

fn main() -> ExitCode {
    runtime::process::run_consumer(ABOUT, ReplyArgs::augment_args, ReplySettings::read, weir_replies::run)
}
