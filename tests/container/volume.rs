//! A volume of its own for the spool: a file system in a file of the folder that it is mounted over, so that it outlives
//! the process.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use rustix::fs::{Gid, chown};

use crate::rights::GROUP;

const FILE: &str = "volume.ext4";
/// No thread of the kernel that initialises it in the background; no blocks kept for root, as drivers of Kubernetes make it; read-only
/// upon an error, as most distributions mount.
const MAKE: [&str; 8] =
    ["-q", "-F", "-m", "0", "-e", "remount-ro", "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard"];

/// Mounts the volume of `folder`, which is made where there is none, at `target`.
pub(crate) fn mount(folder: &Path, bytes: u64, target: &Path) -> Result<()> {
    let file = folder.join(FILE);
    let is_new = !file.exists();
    if is_new {
        let made = File::create(&file).and_then(|made| made.set_len(bytes));
        made.with_context(|| format!("making {}", file.display()))?;
        run(Command::new("mkfs.ext4").args(MAKE).arg(&file))?;
    }
    run(Command::new("mount").args(["-t", "ext4", "-o", "loop,noinit_itable"]).arg(&file).arg(target))?;
    if is_new { give_to_group(target) } else { Ok(()) }
}

/// What the kubelet does where a pod has an `fsGroup`: the group owns everything and may write.
fn give_to_group(path: &Path) -> Result<()> {
    let is_folder = path.is_dir();
    if is_folder {
        for entry in fs::read_dir(path).with_context(|| format!("reading {}", path.display()))? {
            give_to_group(&entry?.path())?;
        }
    }
    let name = || format!("giving {} to the group", path.display());
    chown(path, None, Some(Gid::from_raw(GROUP))).with_context(name)?;
    let mode = fs::metadata(path).with_context(name)?.permissions().mode();
    let mode = mode | if is_folder { 0o2770 } else { 0o660 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).with_context(name)
}

fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.output().with_context(|| format!("running {name}"))?;
    ensure!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}
