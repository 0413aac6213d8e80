//! The file system of a spool: as the process sees it, and as it is between two processes.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::foreign::run;

/// What `tests/container/volume.rs` makes in the spool's folder, where this machine allows it.
const FILE: &str = "volume.ext4";
/// A piece of what fills the disk.
const PIECE: usize = 4 << 20;

/// The file system of a spool that no process has open.
#[derive(Debug)]
pub struct Volume {
    folder: PathBuf,
    /// Of the mount; there is none where the spool is a plain folder.
    mounted: Option<TempDir>,
}

impl Volume {
    /// That of the spool in this folder; it is taken off with this.
    ///
    /// # Errors
    ///
    /// When it cannot be mounted.
    pub fn of(spool: &Path) -> Result<Self> {
        let file = spool.join(FILE);
        if !file.exists() {
            return Ok(Self { folder: spool.to_owned(), mounted: None });
        }
        let target = tempfile::tempdir().context("making a directory")?;
        run(Command::new("mount").args(["-t", "ext4", "-o", "loop"]).arg(&file).arg(target.path()), "")?;
        Ok(Self { folder: target.path().to_owned(), mounted: Some(target) })
    }

    /// Fills it with a file of root's.
    ///
    /// # Errors
    ///
    /// Where the spool has no file system of its own.
    pub(super) fn fill(&self, name: &str) -> Result<()> {
        ensure!(self.mounted.is_some(), "the spool has no volume of its own here, which needs root");
        fill(&self.file(name))
    }

    /// Where a file of it is.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        if let Some(target) = &self.mounted {
            drop(run(Command::new("umount").arg(target.path()), ""));
        }
    }
}

/// The spool's folder as the running process sees it.
pub fn inside(folder: &Path, process: u32) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{process}/root"));
    root.join(folder.strip_prefix("/").unwrap_or(folder))
}

/// Writes a file until nothing more fits its file system.
///
/// # Errors
///
/// When it cannot be made.
pub fn fill(file: &Path) -> Result<()> {
    let mut filler = File::create(file).with_context(|| format!("making {}", file.display()))?;
    let piece = vec![1; PIECE];
    for size in [PIECE, 4096] {
        while filler.write_all(piece.get(..size).unwrap_or_default()).is_ok() {}
    }
    Ok(())
}

/// Has the kernel find an error in the file system of the spool in this folder, upon which it allows no more writing.
///
/// # Errors
///
/// Where the spool has no file system of its own.
pub fn fail(folder: &Path) -> Result<()> {
    let file = folder.join(FILE);
    let found = run(
        Command::new("losetup").args(["--noheadings", "--output", "NAME", "--associated"]).arg(&file),
        "",
    )?;
    let device = found.trim().strip_prefix("/dev/").context("the volume has no loop device")?.to_owned();
    let trigger = format!("/sys/fs/ext4/{device}/trigger_fs_error");
    std::fs::write(&trigger, "the test wants an error").with_context(|| format!("writing {trigger}"))
}
