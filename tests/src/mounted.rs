//! A folder of secrets as Kubernetes mounts it: `name` is a link to `..data/name`, and `..data` one to a folder that is replaced as
//! a whole.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

/// Which folder counts.
const DATA: &str = "..data";
/// For everyone, since not all who run tests can give files to the container's group, as the kubelet does.
const MODE: u32 = 0o444;

/// A secret that is mounted; it is unmounted with this.
#[derive(Debug)]
pub struct Mounted {
    dir: TempDir,
}

impl Mounted {
    /// Mounts a secret with these files.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made.
    pub fn new(files: &[(&str, &[u8])]) -> Result<Self> {
        let dir = tempfile::tempdir().context("making a folder for secrets")?;
        let mounted = Self { dir };
        mounted.replace(files)?;
        Ok(mounted)
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Puts other files in the place of all, as the kubelet does: at once, by renaming a link.
    ///
    /// # Errors
    ///
    /// When the disk does not take them.
    pub fn replace(&self, files: &[(&str, &[u8])]) -> Result<()> {
        let before = fs::read_link(self.path().join(DATA)).ok();
        let folder = tempfile::Builder::new().prefix("..").tempdir_in(self.path())?.keep();
        fs::set_permissions(&folder, Permissions::from_mode(0o755))?;
        for (name, content) in files {
            let file = folder.join(name);
            fs::write(&file, content).with_context(|| format!("writing {}", file.display()))?;
            fs::set_permissions(&file, Permissions::from_mode(MODE))?;
        }
        let data = folder.file_name().context("a folder without a name")?;
        symlink(data, self.path().join("..data_tmp"))?;
        fs::rename(self.path().join("..data_tmp"), self.path().join(DATA)).context("changing the link")?;
        self.link(files)?;
        if let Some(before) = before {
            fs::remove_dir_all(self.path().join(before)).context("removing what was")?;
        }
        Ok(())
    }

    /// The names that one looks for, and no others.
    fn link(&self, files: &[(&str, &[u8])]) -> Result<()> {
        for entry in fs::read_dir(self.path())? {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            if !name.starts_with("..") && !files.iter().any(|(file, _)| *file == name) {
                fs::remove_file(self.path().join(&*name)).context("removing a link")?;
            }
        }
        for (name, _) in files {
            let link = self.path().join(name);
            if !link.is_symlink() {
                symlink(Path::new(DATA).join(name), link).context("making a link")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_links_that_are_replaced_at_once() {
        let mounted = Mounted::new(&[("first", b"1"), ("second", b"2")]).unwrap();
        let read = |name: &str| fs::read(mounted.path().join(name)).ok();
        assert_eq!((read("first"), read("second")), (Some(b"1".to_vec()), Some(b"2".to_vec())));
        mounted.replace(&[("second", b"3")]).unwrap();
        assert_eq!((read("first"), read("second")), (None, Some(b"3".to_vec())));
        let link = fs::read_link(mounted.path().join("second")).unwrap();
        assert_eq!(link, Path::new("..data/second"));
    }
}
