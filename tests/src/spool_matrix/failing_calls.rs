//! System calls of a running process that fail, by `strace` on every thread of it.

use std::path::Path;

use anyhow::Result;

use crate::process::Binary;

/// Writes of a file.
pub const WRITES: &str = "pwrite64";
/// Reads of a file, and writes: one that fails has the file opened anew, since what SQLite keeps of it in memory would hide that
/// reads fail.
pub const READS_AND_WRITES: &str = "pread64,pwrite64";
/// What brings writes to the medium.
pub const SYNCS: &str = "fsync,fdatasync";
/// What takes space.
pub const ALLOCATIONS: &str = "pwrite64,ftruncate,fallocate";

/// Lets calls fail as `how` says, `error=EIO:when=1+3`, until the tracer is ended; each is written to `trace`.
///
/// # Errors
///
/// When there is no `strace`.
pub fn begin(process: u32, calls: &str, how: &str, trace: &str) -> Result<Binary> {
    let process = process.to_string();
    let (traced, inject) = (format!("trace={calls}"), format!("inject={calls}:{how}"));
    let words = ["-f", "-qq", "-o", trace, "-p", &process, "-e", &traced, "-e", &inject];
    Binary::run("strace", Path::new("strace"), &words, &[])
}
