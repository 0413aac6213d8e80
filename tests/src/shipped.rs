//! A binary as it is deployed: the files of the image and nothing else, read-only, with no `/tmp` to write to; the image's user without a
//! right; the limit of memory of `k8s/base`; the spool on a volume of its own.
//!
//! Root is enough (mounts, the real user, control groups, loop devices), or else namespaces of users, which have neither the limit
//! nor the volume. Where there is neither, nothing starts, unless [`UNCONFINED`] says that it may.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::foreign::folder;
use crate::process::{self, Binary};

/// Set to `1`, binaries run as any other program where they cannot run as the image does.
pub const UNCONFINED: &str = "TESTS_UNCONFINED";

/// Which producer ingest has in a run of the tests, where they do not say.
const PRODUCER: &str = "WEIR_PRODUCER";

/// `CAP_SYS_ADMIN` in the sets of `/proc/self/status`.
const MOUNTS: u64 = 1 << 21;
/// Where a spool has no `--spool-max-bytes`: its default.
const SPOOL: u64 = 1 << 30;
/// What a small file system needs for itself, which is next to nothing of a large one.
const OF_THE_FILE_SYSTEM: u64 = 8 << 20;
/// The environment of the image.
const IMAGE: [(&str, &str); 3] = [
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ("HOME", "/home/nonroot"),
    ("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"),
];

/// How a binary is going to run.
#[derive(Clone, Debug)]
pub struct Container {
    name: String,
    behind: Vec<String>,
    volume: Option<u64>,
}

/// What this machine allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Means {
    /// Mounts, control groups, loop devices, users.
    Root,
    /// Mounts, of a namespace in which nobody else is.
    Namespace,
    Nothing,
}

impl Container {
    /// As it is deployed.
    pub fn of(name: &str) -> Self {
        Self { name: name.to_owned(), behind: Vec::new(), volume: None }
    }

    /// Started by the last words of another command line, outside of the container.
    #[must_use]
    pub fn behind(self, words: &[&str]) -> Self {
        Self { behind: words.iter().map(ToString::to_string).collect(), ..self }
    }

    /// With a volume of this size, instead of one in the proportion of `k8s/base` to `--spool-max-bytes`.
    #[must_use]
    pub fn volume(self, bytes: u64) -> Self {
        Self { volume: Some(bytes), ..self }
    }

    /// Starts it. What arguments and variables name of the host's files is mounted, for reading; the spool's folder for
    /// writing, and the one above a store of media.
    ///
    /// # Errors
    ///
    /// When it is not built, or this machine does not allow a container; the message says what is missing.
    pub fn start(&self, args: &[&str], envs: &[(&str, &str)]) -> Result<Binary> {
        let program = process::built(&self.name)?;
        let means = Means::of_this_machine()?;
        let mut words = self.behind.clone();
        words.extend(means.unshare().iter().map(ToString::to_string));
        let dir = tempfile::Builder::new().prefix(&self.name).tempdir().context("making a directory")?;
        if means == Means::Nothing {
            words.push(text(&program)?);
        } else {
            let root = dir.path().join("root");
            std::fs::create_dir(&root).context("making a directory")?;
            words.extend(self.container(means, &root, &program, args, envs)?);
        }
        words.extend(args.iter().map(ToString::to_string));
        let (first, rest) = words.split_first().context("no word")?;
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        let producer =
            std::env::var_os(PRODUCER).and_then(|name| name.into_string().ok()).unwrap_or_default();
        let envs = [&IMAGE, &[(PRODUCER, producer.as_str())][..], envs].concat();
        Binary::run_in(dir, &self.name, Path::new(first), &rest, &envs)
    }

    /// The words of `weir-container` before the binary's arguments.
    fn container(
        &self,
        means: Means,
        root: &Path,
        program: &Path,
        args: &[&str],
        envs: &[(&str, &str)],
    ) -> Result<Vec<String>> {
        let binaries = program.parent().context("a program in no directory")?;
        let mut words = vec![text(&process::built("weir-container")?)?];
        let mut add = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
        add("--root", text(root)?);
        add("--binaries", text(binaries)?);
        let spool = value(args, envs, "--spool-dir", "WEIR_SPOOL_DIR").filter(|dir| Path::new(dir).is_dir());
        for path in mounted(args, envs).into_iter().filter(|path| spool != path.to_str()) {
            add("--read", text(&path)?);
        }
        if let Some(spool) = spool {
            add("--write", spool.to_owned());
            let most = value(args, envs, "--spool-max-bytes", "WEIR_SPOOL_MAX_BYTES");
            let most = most.map_or(Ok(SPOOL), bytes)?;
            // 7 GiB of 10 in k8s/base/ingest.yaml.
            let volume = self.volume.unwrap_or(most / 7 * 10 + OF_THE_FILE_SYSTEM);
            if means == Means::Root {
                add("--volume", volume.to_string());
            }
        }
        if let Some(folder) = above_store(args, envs).filter(|folder| folder.is_dir()) {
            add("--write", text(folder)?);
        }
        if let Some(memory) = memory(&self.name)?.filter(|_| means == Means::Root) {
            add("--memory", memory.to_string());
        }
        words.extend(["--".to_owned(), self.name.clone()]);
        Ok(words)
    }
}

impl Means {
    #[expect(
        clippy::disallowed_methods,
        reason = "no setting of the product: it is for whoever runs the tests"
    )]
    fn of_this_machine() -> Result<Self> {
        let status = std::fs::read_to_string("/proc/self/status").context("reading /proc/self/status")?;
        let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
        let capabilities = capabilities.and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
        if capabilities.is_some_and(|set| set & MOUNTS != 0) {
            return Ok(Self::Root);
        }
        let words = Self::Namespace.unshare();
        let tried = Command::new(words[0]).args(&words[1..]).arg("true").output();
        let tried = tried.context("running unshare: install util-linux 2.38 or newer")?;
        if tried.status.success() {
            return Ok(Self::Namespace);
        }
        if std::env::var(UNCONFINED).is_ok_and(|value| value == "1") {
            return Ok(Self::Nothing);
        }
        bail!(
            "the tests run the binaries as the image does, which needs root with CAP_SYS_ADMIN (a privileged container has it) or \
             namespaces of users, and here is neither: {}. {UNCONFINED}=1 runs them as any other program, which shows less",
            String::from_utf8_lossy(&tried.stderr).trim()
        )
    }

    const fn unshare(self) -> &'static [&'static str] {
        match self {
            Self::Root => &["unshare", "--mount", "--propagation", "private", "--"],
            Self::Namespace => &[
                "unshare",
                "--user",
                "--map-user=65532",
                "--map-group=65532",
                "--keep-caps",
                "--mount",
                "--propagation",
                "private",
                "--",
            ],
            Self::Nothing => &[],
        }
    }
}

/// The files of the host that are named: folders themselves, and of a file its folder, so that it can be replaced.
fn mounted(args: &[&str], envs: &[(&str, &str)]) -> Vec<PathBuf> {
    let values = args.iter().map(|arg| arg.split_once('=').map_or(*arg, |(_, value)| value));
    let values = values.chain(envs.iter().map(|(_, value)| *value));
    let values = values.map(|value| Path::new(value.strip_prefix("file://").unwrap_or(value)));
    let named = values.filter(|path| path.is_absolute() && path.parent().is_some() && path.exists());
    let temporary = std::env::temp_dir();
    let whole = |path: &Path| {
        let parent = path.parent().filter(|parent| !path.is_dir() && parent.starts_with(&temporary));
        parent.filter(|parent| *parent != temporary).unwrap_or(path).to_owned()
    };
    named.map(whole).collect()
}

/// The value of a flag or its variable.
fn value<'a>(args: &[&'a str], envs: &[(&str, &'a str)], flag: &str, variable: &str) -> Option<&'a str> {
    let of_flag = args.iter().position(|arg| *arg == flag).and_then(|at| args.get(at + 1)).copied();
    of_flag.or_else(|| envs.iter().find(|(name, _)| *name == variable).map(|(_, value)| *value))
}

/// The volume of a store of media that is a folder: the folder above, so that a test can take the store away.
fn above_store<'a>(args: &[&'a str], envs: &[(&str, &'a str)]) -> Option<&'a Path> {
    let url = value(args, envs, "--media-store", "WEIR_MEDIA_STORE")?;
    Path::new(url.strip_prefix("file://")?).parent()
}

/// The limit of `k8s/base`, or of the component that brings the binary; the tool has none.
fn memory(name: &str) -> Result<Option<u64>> {
    let own = name.trim_start_matches("weir-");
    let files = [format!("k8s/base/{own}.yaml"), format!("k8s/components/{own}/{own}.yaml")];
    let read = |file: &String| std::fs::read_to_string(folder(file)).ok();
    let Some(manifest) = files.iter().find_map(read) else { return Ok(None) };
    let limits = manifest.lines().find_map(|line| line.trim().strip_prefix("limits: {"));
    let limit = limits.and_then(|limits| limits.split_once("memory: ")?.1.split([',', '}']).next());
    let limit = limit.with_context(|| format!("{name} has no limit of memory"))?;
    bytes(&format!("{limit}B")).map(Some)
}

/// `32MiB` in bytes.
fn bytes(text: &str) -> Result<u64> {
    let number = text.trim_end_matches(|symbol: char| symbol.is_ascii_alphabetic());
    let unit = match text.get(number.len()..) {
        Some("KiB") => 1 << 10,
        Some("MiB") => 1 << 20,
        Some("GiB") => 1 << 30,
        _ => bail!("{text} is no size"),
    };
    Ok(number.parse::<u64>().with_context(|| format!("{text} is no size"))? * unit)
}

fn text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("{} is no text", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_those_of_the_base_and_of_components() {
        assert_eq!(memory("weir-ingest").unwrap(), Some(bytes("768MiB").unwrap()));
        assert_eq!(memory("weir-media").unwrap(), Some(bytes("384MiB").unwrap()));
        assert_eq!(memory("weir").unwrap(), None);
        assert!(bytes("768").is_err() && bytes("MiB").is_err());
    }

    #[test]
    fn what_is_named_is_mounted_and_of_a_file_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("client.properties");
        std::fs::write(&file, "").unwrap();
        let (folder, file) = (dir.path().to_str().unwrap(), file.to_str().unwrap());
        let argument = format!("--kafka-config={file}");
        assert_eq!(mounted(&[&argument, "/no/such/file", "meta"], &[]), [dir.path()]);
        assert_eq!(mounted(&["--spool-dir", folder], &[("WEIR_ACCESS_TOKENS", folder)]).len(), 2);
        let address = format!("file://{folder}");
        assert_eq!(mounted(&["--media-store", &address], &[("WEIR_MEDIA_STORE", "file:///")]), [dir.path()]);
        let named = |flag| value(&["--spool-dir", "a"], &[("WEIR_SPOOL_DIR", "b")], flag, "WEIR_SPOOL_DIR");
        assert_eq!((named("--spool-dir"), named("--other")), (Some("a"), Some("b")));
        let above = |url| above_store(&[], &[("WEIR_MEDIA_STORE", url)]);
        assert_eq!((above("file:///a/b"), above("s3://a/b")), (Some(Path::new("/a")), None));
    }
}
