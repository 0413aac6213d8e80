//! `weir-container`: becomes a binary of the workspace, in what the image and `k8s/base` give it and in nothing else.
//!
//! `unshare` starts it with mounts of its own. It never forks, so that its process id and exit status are the binary's.

mod memory;
mod rights;
mod root;
mod volume;

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use clap::Parser;
use root::Root;

/// Runs a binary of Weir as its image does
#[derive(Debug, Parser)]
struct Arguments {
    /// An empty folder, over which the file system is put together
    #[arg(long, value_name = "DIR")]
    root: PathBuf,
    /// Where the binaries were built
    #[arg(long, value_name = "DIR")]
    binaries: PathBuf,
    /// Mounted at its own path, as Kubernetes mounts secrets and settings
    #[arg(long, value_name = "PATH")]
    read: Vec<PathBuf>,
    /// Mounted at its own path, and writable: the spool, or what a store of media lies in
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// Puts a file system of this size there, which outlives the process
    #[arg(long, value_name = "BYTES", requires = "write")]
    volume: Option<u64>,
    /// What the process may have at most, where a control group can be made
    #[arg(long, value_name = "BYTES")]
    memory: Option<u64>,
    /// The binary and its arguments
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

fn main() -> Result<()> {
    let Arguments { root, binaries, mut read, write, volume, memory, command } = Arguments::parse();
    let (name, args) = command.split_first().context("no binary is named")?;
    let group = memory.and_then(memory::limit);
    let root = Root::of_image(root, &binaries)?;
    root.what_every_container_has(group.as_deref())?;
    // What lies in another comes after it.
    read.sort();
    for path in &read {
        root.read_only(path)?;
    }
    match (&write, volume) {
        (Some(folder), Some(bytes)) => volume::mount(folder, bytes, &root.folder(folder)?)?,
        (Some(folder), None) => root.writable(folder)?,
        (None, _) => {}
    }
    root.enter()?;
    rights::give_up()?;
    let program = Path::new(root::BINARIES).join(name);
    Err(Command::new(&program).args(args).exec()).with_context(|| format!("running {}", program.display()))
}
