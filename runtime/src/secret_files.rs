//! Files that hold secrets: regular files of one folder, bounded in size and number, each by itself.
//!
//! A mounted Kubernetes Secret is such a folder: its files are links through `..data`, which stay inside it. A link that
//! leads out of the folder, a pipe and a device are named and not read. What hangs all the same, as a file system that
//! is gone, is for [`crate::blocking`].

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// More files than any folder of secrets holds.
const MOST_FILES: usize = 10_000;

/// How long a look at files of secrets may take; a file system that takes longer counts as gone.
pub const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// What each file holds, or why it cannot be used, by the file's name.
pub type Files = BTreeMap<String, Result<Vec<u8>, FileFault>>;

/// Why a file, or a folder as a whole, cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FileFault {
    /// The system does not let it be read.
    #[error("it cannot be read: {0}")]
    Unreadable(Arc<io::Error>),
    /// It is a pipe, a socket or a device.
    #[error("it is no regular file")]
    NotRegular,
    /// A link leads somewhere else.
    #[error("it is a link that leads out of its folder")]
    LeadsOutside,
    /// It is larger than this many bytes.
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
    /// The folder holds more files than any.
    #[error("it holds more than {MOST_FILES} files")]
    TooMany,
}

impl From<io::Error> for FileFault {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(Arc::new(error))
    }
}

/// Reads every file of a folder. Names that begin with a dot are Kubernetes' own and passed over, as are folders.
pub fn read_folder(folder: &Path, largest: u64) -> Result<Files, FileFault> {
    let root = folder.canonicalize()?;
    let mut files = Files::new();
    for entry in fs::read_dir(&root)? {
        let name = entry?.file_name();
        let target = inside(&root, &root.join(&name));
        if name.as_encoded_bytes().starts_with(b".") || target.as_ref().is_ok_and(|target| target.is_dir()) {
            continue;
        }
        if files.len() == MOST_FILES {
            return Err(FileFault::TooMany);
        }
        let content = target.and_then(|target| read_regular(&target, largest));
        files.insert(name.to_string_lossy().into_owned(), content);
    }
    Ok(files)
}

/// Reads one file of a folder.
pub fn read_file(path: &Path, largest: u64) -> Result<Vec<u8>, FileFault> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    read_regular(&inside(&folder.canonicalize()?, path)?, largest)
}

/// Reads a file wherever its links lead, if it is a regular one.
pub fn read_regular(path: &Path, largest: u64) -> Result<Vec<u8>, FileFault> {
    // A device can act when it is opened, so it is looked at before; and again once it is open, since it can have changed.
    if !fs::metadata(path)?.is_file() {
        return Err(FileFault::NotRegular);
    }
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(FileFault::NotRegular);
    }
    let mut content = Vec::new();
    file.take(largest + 1).read_to_end(&mut content)?;
    if content.len() as u64 > largest { Err(FileFault::TooLarge(largest)) } else { Ok(content) }
}

/// The text of a file without what editors and shells put around it: a byte order mark, UTF-16, blanks and line ends.
pub fn trimmed(bytes: Vec<u8>) -> Vec<u8> {
    let bytes = from_utf16(&bytes).map_or(bytes, String::into_bytes);
    without_mark(&bytes).trim_ascii().to_vec()
}

/// The text of a file without the byte order mark that some editors begin UTF-8 with.
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn from_utf16(bytes: &[u8]) -> Option<String> {
    let (order, units): (fn([u8; 2]) -> u16, _) = match bytes {
        [0xff, 0xfe, rest @ ..] => (u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => (u16::from_be_bytes, rest),
        _ => return None,
    };
    let (pairs, rest) = units.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| order(*pair)).collect();
    rest.is_empty().then(|| String::from_utf16(&units).ok()).flatten()
}

/// Where a path leads, if that is inside the folder.
fn inside(root: &Path, path: &Path) -> Result<PathBuf, FileFault> {
    let target = path.canonicalize()?;
    if target.starts_with(root) { Ok(target) } else { Err(FileFault::LeadsOutside) }
}

#[cfg(test)]
mod tests;
