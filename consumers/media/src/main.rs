//! The consumer that saves what attachments lead to.

use std::process::ExitCode;
use weir_media::{ABOUT, MediaSettings};

fn main() -> ExitCode {
    runtime::process::run_consumer(ABOUT, MediaSettings::declare, MediaSettings::read, weir_media::run)
}
