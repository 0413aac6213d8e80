//! How much memory this process may use, as its control group says: version 2 (`memory.max`) or 1
//! (`memory.limit_in_bytes`).

use std::fs;
use std::path::{Path, PathBuf};

/// Beyond this there is no limit; version 1 has a number for it.
const UNLIMITED: u64 = 1 << 60;

/// The smallest limit of the process's control group and those above it, and the file that has it.
pub fn of_this_process() -> Option<(u64, PathBuf)> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    smallest(Path::new("/sys/fs/cgroup"), &groups)
}

/// `groups` has a line a hierarchy: number, controllers, path. In a container the path may be that of the host, while
/// what is mounted begins at the container's own group: then the limit is at the root of the mount.
fn smallest(mount: &Path, groups: &str) -> Option<(u64, PathBuf)> {
    let files = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let (root, file) = match controllers {
            "" => (mount.to_owned(), "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                (mount.join("memory"), "memory.limit_in_bytes")
            }
            _ => return None,
        };
        let own = root.join(path.trim_start_matches('/'));
        let up = own.ancestors().take_while(|group| group.starts_with(&root));
        Some(up.map(|group| group.join(file)).collect::<Vec<_>>())
    });
    let limit = |file: PathBuf| {
        let bytes: u64 = fs::read_to_string(&file).ok()?.trim().parse().ok()?;
        (bytes < UNLIMITED).then_some((bytes, file))
    };
    files.flatten().filter_map(limit).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 where there is no limit.
    fn found(files: &[(&str, &str)], groups: &str) -> u64 {
        let mount = tempfile::tempdir().unwrap();
        for (file, content) in files {
            let file = mount.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
        smallest(mount.path(), groups).map_or(0, |(bytes, _)| bytes)
    }

    #[test]
    fn the_smallest_limit_up_to_the_root_counts() {
        let files = [("a/memory.max", "900\n"), ("a/b/memory.max", "max\n"), ("memory.max", "max\n")];
        assert_eq!(found(&files, "0::/a/b\n"), 900);
        assert_eq!(found(&files, "0::/\n"), 0);
    }

    #[test]
    fn version_1_has_a_hierarchy_for_memory() {
        let unlimited = "9223372036854771712\n";
        let files = [
            ("memory/memory.limit_in_bytes", unlimited),
            ("memory/pod/memory.limit_in_bytes", "805306368\n"),
            ("cpu/memory.limit_in_bytes", "1\n"),
        ];
        assert_eq!(found(&files, "9:cpu:/\n4:memory:/pod\n0::/\n"), 805_306_368);
        assert_eq!(found(&files, "4:memory:/\n"), 0);
    }

    #[test]
    fn the_path_may_be_that_of_the_host() {
        assert_eq!(found(&[("memory.max", "700\n")], "0::/kubepods/pod17/c3\n"), 700);
    }
}
