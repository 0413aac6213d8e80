//! The files of a spool's directory that are not written any more.

use super::super::files::{self, QUARANTINED};
use super::InspectError;
use schemas::Millis;
use std::fs;
use std::path::{Path, PathBuf};

/// Such a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutAside {
    /// The file; its `-wal` and `-shm` lie beside it, where there are any.
    pub file: PathBuf,
    /// When it was written last, or put aside, as its name says.
    pub since: Option<Millis>,
    /// How large all of its files are.
    pub bytes: u64,
    /// Whether ingest has drained what it could read of it.
    pub is_salvaged: bool,
}

/// The files, the oldest first: those that are still to be drained, and those that are kept since bytes of them are lost.
pub fn put_aside(directory: &Path) -> Result<Vec<PutAside>, InspectError> {
    let unusable =
        |error: std::io::Error| InspectError::Unusable { file: directory.to_owned(), why: error.to_string() };
    let retired = files::sequence(directory).map_err(unusable)?.retired;
    let mut found: Vec<_> = retired.into_iter().map(|file| describe(file, false)).collect();
    for entry in fs::read_dir(directory).map_err(unusable)? {
        let path = entry.map_err(unusable)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with(QUARANTINED) && name.ends_with(".salvaged") {
            found.push(describe(path, true));
        }
    }
    found.sort_by_key(|file| file.since);
    Ok(found)
}

fn describe(file: PathBuf, is_salvaged: bool) -> PutAside {
    let name =
        file.file_stem().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(QUARANTINED));
    let written = || fs::metadata(&file).and_then(|metadata| metadata.modified()).ok().map(Millis::of);
    let since = match name {
        Some(millis) => millis.parse().ok().map(Millis::since_epoch),
        None => written(),
    };
    let bytes = files::total_size(&file);
    PutAside { file, since, bytes, is_salvaged }
}
