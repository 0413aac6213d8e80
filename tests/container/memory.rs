//! A limit of memory, as Kubernetes sets it: a control group of version 1 or 2.

use std::fs;
use std::path::{Path, PathBuf};

const FIRST: &str = "/sys/fs/cgroup/memory";
const SECOND: &str = "/sys/fs/cgroup";
const PREFIX: &str = "weir-tests.";

/// Moves this process into a group of its own; nothing where none can be made, as without root.
pub(crate) fn limit(bytes: u64) -> Option<PathBuf> {
    let (tree, setting) = if Path::new(FIRST).is_dir() {
        (FIRST, "memory.limit_in_bytes")
    } else {
        // Groups below the root have the controllers that it hands on.
        drop(fs::write(Path::new(SECOND).join("cgroup.subtree_control"), "+memory"));
        (SECOND, "memory.max")
    };
    remove_left_over(Path::new(tree));
    let group = Path::new(tree).join(format!("{PREFIX}{}", std::process::id()));
    fs::create_dir_all(&group).ok()?;
    fs::write(group.join(setting), bytes.to_string()).ok()?;
    fs::write(group.join("cgroup.procs"), "0").ok()?;
    Some(group)
}

/// Removes the groups of processes that have ended.
fn remove_left_over(tree: &Path) {
    for entry in fs::read_dir(tree).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            // Somebody else may have been faster.
            drop(fs::remove_dir(entry.path()));
        }
    }
}
