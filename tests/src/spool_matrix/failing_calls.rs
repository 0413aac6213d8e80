//! System calls of a running process that fail, by `strace` on every thread of it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::process::Binary;

/// Reads of a file.
pub const READS: &str = "pread64";
/// Writes of a file.
pub const WRITES: &str = "pwrite64";
/// Reads of a file, and writes: one that fails has the file opened anew, since what SQLite keeps of it in memory would hide that
/// reads fail.
pub const READS_AND_WRITES: &str = "pread64,pwrite64";
/// What brings writes to the medium.
pub const SYNCS: &str = "fsync,fdatasync";
/// What takes space.
pub const ALLOCATIONS: &str = "pwrite64,ftruncate,fallocate";

const TRACE: &str = "trace";

/// Calls that fail until this is ended.
#[derive(Debug)]
pub struct FailingCalls {
    calls: String,
    tracer: Binary,
    /// With the trace: each call and how it ended.
    folder: TempDir,
}

impl FailingCalls {
    /// Lets calls of a process fail as `how` says, `error=EIO:when=1+3`.
    ///
    /// # Errors
    ///
    /// When there is no `strace`.
    pub fn begin(process: u32, calls: &str, how: &str) -> Result<Self> {
        let folder = tempfile::tempdir().context("making a directory")?;
        let (process, trace) = (process.to_string(), folder.path().join(TRACE).display().to_string());
        let (watched, inject) = (format!("trace={calls}"), format!("inject={calls}:{how}"));
        let words = ["-f", "-qq", "-o", &trace, "-p", &process, "-e", &watched, "-e", &inject];
        let tracer = Binary::run("strace", Path::new("strace"), &words, &[])?;
        Ok(Self { calls: calls.to_owned(), tracer, folder })
    }

    /// Lets them succeed again.
    ///
    /// # Errors
    ///
    /// When none of them was made to fail; where reads and writes are, no read.
    pub async fn end(mut self, within: Duration) -> Result<()> {
        ensure!(self.tracer.is_running()?, "strace has ended: {}", self.tracer.stderr()?);
        self.tracer.terminate(within).await?;
        let made = fs::read_to_string(self.folder.path().join(TRACE)).context("reading the trace")?;
        let are_reads = self.are_reads();
        let mut injected = made.lines().filter(|call| call.contains("(INJECTED)"));
        let has_failed = injected.any(|call| !are_reads || call.contains(READS));
        ensure!(has_failed, "{} was never made to fail", self.calls);
        Ok(())
    }

    /// Whether it is reads that have to fail.
    pub fn are_reads(&self) -> bool {
        self.calls.starts_with(READS)
    }
}
