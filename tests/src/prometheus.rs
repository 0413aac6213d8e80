//! Prometheus and promtool, of Debian's package or of the path.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::foreign::{self, folder};

const GET_THEM: &str = "run `tests/run`, which gets it";

/// Runs promtool to its end; returns what it printed.
///
/// # Errors
///
/// When it is not there (the message names the command that gets it), or does not like what it was given.
pub fn promtool(args: &[&str], stdin: &str) -> Result<String> {
    foreign::run(Command::new(program("promtool")?).args(args), stdin)
}

/// The file of a program of the package.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    let unpacked = folder("tests/prometheus/target/usr/bin").join(name);
    if unpacked.is_file() {
        return Ok(unpacked);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file());
    found.with_context(|| format!("{name} is not there: {GET_THEM}"))
}
