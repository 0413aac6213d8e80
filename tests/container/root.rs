//! The file system: that of the image (distroless `cc`, `nonroot`) with the binaries, read-only, and what every container is
//! given beside it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rustix::fs::{Gid, chown};
use rustix::mount::{
    MountFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive, mount_remount, unmount,
};
use weir_tests::manual::{OPTIONAL, SERVICES};

use crate::rights;

/// Where the Dockerfile puts the binaries.
pub(crate) const BINARIES: &str = "/usr/local/bin";
/// Home and working directory in the image.
const HOME: &str = "/home/nonroot";
/// As the image has it.
const PASSWD: &str = "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n\
                      nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n";
const GROUP: &str = "root:x:0:\nnobody:x:65534:\ntty:x:5:\nstaff:x:50:\nnonroot:x:65532:\n";
/// Of the packages ca-certificates and tzdata, and what the kubelet writes for every container.
const OF_THE_HOST: [&str; 4] = ["/etc/ssl/certs", "/usr/share/zoneinfo", "/etc/hosts", "/etc/resolv.conf"];
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
/// Of the image's packages: glibc, libgcc, libgomp, OpenSSL and libstdc++.
const LIBRARIES: [&str; 11] = [
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libgcc_s.so.1",
    "libgomp.so.1",
    "libssl.so.3",
    "libcrypto.so.3",
    "libstdc++.so.6",
];
/// Where a dynamic linker is looked for by the name that is in a binary.
const LINKERS: [&str; 2] = ["/lib64", "/lib"];

/// A file system that is being put together.
pub(crate) struct Root(PathBuf);

impl Root {
    /// The image's own part.
    pub(crate) fn of_image(at: PathBuf, binaries: &Path) -> Result<Self> {
        mount("tmpfs", &at, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, c"mode=755,size=4m")
            .with_context(|| format!("mounting a file system over {}", at.display()))?;
        let root = Self(at);
        root.folder(Path::new(HOME))?;
        root.folder(Path::new("/etc"))?;
        root.file("/etc/passwd", PASSWD)?;
        root.file("/etc/group", GROUP)?;
        root.file("/etc/nsswitch.conf", "hosts: files dns\n")?;
        for path in OF_THE_HOST.map(Path::new).into_iter().filter(|path| path.exists()) {
            root.read_only(path)?;
        }
        for library in libraries()? {
            root.read_only(&library)?;
            root.name_linker(&library)?;
        }
        for name in SERVICES.into_iter().chain(OPTIONAL).chain(["weir"]) {
            let (program, at) = (binaries.join(name), Path::new(BINARIES).join(name));
            if program.is_file() {
                root.bind(&program, &at)?;
                root.protect(&at)?;
            }
        }
        Ok(root)
    }

    /// What a container runtime mounts; `group` is the control group of the process.
    pub(crate) fn what_every_container_has(&self, group: Option<&Path>) -> Result<()> {
        let proc = self.folder(Path::new("/proc"))?;
        mount_bind_recursive("/proc", &proc).context("mounting /proc")?;
        for device in DEVICES.map(|name| Path::new("/dev").join(name)) {
            self.bind(&device, &device)?;
        }
        let shared = self.folder(Path::new("/dev/shm"))?;
        mount("shm", &shared, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, c"mode=1777,size=64m")
            .context("mounting /dev/shm")?;
        // Its own group is all that it sees of the tree.
        if let Some(group) = group {
            let of_memory = group.starts_with("/sys/fs/cgroup/memory");
            let seen = Path::new("/sys/fs/cgroup").join(if of_memory { "memory" } else { "" });
            self.folder(&seen)?;
            self.bind(group, &seen)?;
            self.protect(&seen)?;
        }
        Ok(())
    }

    /// Mounts what the host has at the same path, for reading.
    pub(crate) fn read_only(&self, path: &Path) -> Result<()> {
        if rights::is_root() {
            readable(path)?;
        }
        self.bind(path, path)?;
        self.protect(path)
    }

    /// Mounts what the host has at the same path, for reading and writing.
    pub(crate) fn writable(&self, path: &Path) -> Result<()> {
        self.bind(path, path)
    }

    /// Leaves the files of the host.
    pub(crate) fn enter(self) -> Result<()> {
        mount_remount(
            &self.0,
            MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV,
            "",
        )
        .context("making the file system read-only")?;
        std::env::set_current_dir(&self.0).context("entering the file system")?;
        // The old one lies over the new one, and is taken off.
        rustix::process::pivot_root(".", ".").context("changing the file system")?;
        unmount(".", UnmountFlags::DETACH).context("leaving the files of the host")?;
        std::env::set_current_dir(HOME).with_context(|| format!("changing into {HOME}"))
    }

    fn inside(&self, path: &Path) -> PathBuf {
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Makes a folder; its path as long as the host's files are there.
    pub(crate) fn folder(&self, path: &Path) -> Result<PathBuf> {
        let inside = self.inside(path);
        fs::create_dir_all(&inside).with_context(|| format!("making {}", inside.display()))?;
        Ok(inside)
    }

    fn file(&self, path: &str, text: &str) -> Result<()> {
        fs::write(self.inside(Path::new(path)), text).with_context(|| format!("writing {path}"))
    }

    fn bind(&self, source: &Path, path: &Path) -> Result<()> {
        let target = self.inside(path);
        if source.is_dir() {
            self.folder(path)?;
        } else if !target.exists() {
            self.folder(path.parent().context("a file in no folder")?)?;
            fs::write(&target, "").with_context(|| format!("making {}", target.display()))?;
        }
        mount_bind(source, &target)
            .with_context(|| format!("mounting {} at {}", source.display(), path.display()))
    }

    fn protect(&self, path: &Path) -> Result<()> {
        let flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV;
        mount_remount(self.inside(path), flags, "")
            .with_context(|| format!("making {} read-only", path.display()))
    }

    /// Gives the dynamic linker the other name under which the host has it.
    fn name_linker(&self, library: &Path) -> Result<()> {
        let Some(name) = library.file_name() else { return Ok(()) };
        for folder in LINKERS.map(Path::new) {
            let named = folder.join(name);
            if named.exists() && !self.inside(&named).exists() {
                self.folder(folder)?;
                symlink(library, self.inside(&named))
                    .with_context(|| format!("naming {}", named.display()))?;
            }
        }
        Ok(())
    }
}

/// Those of the image, where the host has its own: this program is built as the binaries are, so that what it runs with fits. A
/// binary that needs another library would not start from the image, and does not start here.
fn libraries() -> Result<BTreeSet<PathBuf>> {
    let maps = fs::read_to_string("/proc/self/maps").context("reading /proc/self/maps")?;
    let paths = maps.lines().filter_map(|line| Some(format!("/{}", line.split_once('/')?.1)));
    let mut found: BTreeSet<_> = paths.filter(|path| path.contains(".so")).map(PathBuf::from).collect();
    let folders: BTreeSet<_> = found.iter().filter_map(|path| path.parent()).map(Path::to_owned).collect();
    let named = folders.iter().flat_map(|folder| LIBRARIES.map(|name| folder.join(name)));
    found.extend(named.filter(|path| path.is_file()));
    Ok(found)
}

/// Lets the user of the container read what Kubernetes would give it, which mounts secrets for its group.
fn readable(path: &Path) -> Result<()> {
    let metadata = fs::symlink_metadata(path).with_context(|| format!("looking at {}", path.display()))?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let mode = metadata.permissions().mode();
    if metadata.is_dir() {
        for entry in fs::read_dir(path).with_context(|| format!("reading {}", path.display()))? {
            readable(&entry?.path())?;
        }
    }
    if mode & 0o004 != 0 {
        return Ok(());
    }
    let name = || format!("making {} readable", path.display());
    let mode = mode | if metadata.is_dir() { 0o050 } else { 0o040 };
    chown(path, None, Some(Gid::from_raw(rights::GROUP))).with_context(name)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).with_context(name)
}
