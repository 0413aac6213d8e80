//! What is done to the file of a spool.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::volume::Volume;

/// The file that is written.
pub const SPOOL: &str = "spool.db";
const LOG: &str = "spool.db-wal";
const PAGE: usize = 4096;

/// Whose a file is: user, group and mode.
pub type Owner = (u32, u32, u32);

/// Root, and nobody else.
pub const ROOT: Owner = (0, 0, 0o600);

/// Other bytes in a page in the middle of the file.
pub(super) fn overwrite(volume: &Volume) -> Result<()> {
    let file = volume.file(SPOOL);
    let pages = size(&file)? / PAGE as u64;
    let written = OpenOptions::new().write(true).open(&file);
    written
        .and_then(|opened| opened.write_all_at(&[0xa5; PAGE], pages / 2 * PAGE as u64))
        .with_context(|| format!("overwriting {}", file.display()))
}

/// Another bit in the first id on a leaf of the table (<https://sqlite.org/fileformat.html>, "B-tree Pages": type 0x0d).
pub(super) fn flip_id(volume: &Volume) -> Result<()> {
    let file = volume.file(SPOOL);
    let mut bytes = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
    let is_id = |at: &[u8]| [8, 13, 18, 23].iter().all(|dash| at.get(*dash) == Some(&b'-'));
    // Other tables have leaves too.
    let leaves = bytes.chunks_mut(PAGE).skip(1).filter(|page| page.first() == Some(&0x0d));
    let mut with_id = leaves.filter_map(|page| Some((page.windows(36).position(is_id)?, page)));
    let (id, leaf) = with_id.next().context("no leaf of the table has an id")?;
    leaf[id] |= 0x80;
    drop(with_id);
    fs::write(&file, bytes).with_context(|| format!("writing {}", file.display()))
}

/// The log ends in its middle.
pub(super) fn cut(volume: &Volume) -> Result<()> {
    let log = volume.file(LOG);
    let half = size(&log)? / 2;
    let opened = OpenOptions::new().write(true).open(&log);
    opened.and_then(|opened| opened.set_len(half)).with_context(|| format!("cutting {}", log.display()))
}

fn size(file: &Path) -> Result<u64> {
    Ok(fs::metadata(file).with_context(|| format!("looking at {}", file.display()))?.len())
}

/// Gives the file to another; returns whose it was.
///
/// # Errors
///
/// When there is none, or this is not root.
pub fn give(file: &Path, (user, group, mode): Owner) -> Result<Owner> {
    let found = fs::metadata(file).context("looking at the spool")?;
    std::os::unix::fs::chown(file, Some(user), Some(group)).context("giving the spool to another")?;
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).context("changing the mode of the spool")?;
    Ok((found.uid(), found.gid(), found.permissions().mode()))
}
