//! The damaged files that ingest put aside in a spool's directory.

use super::super::files::{QUARANTINED, SUFFIXES, with_suffix};
use super::InspectError;
use schemas::Millis;
use std::fs;
use std::path::{Path, PathBuf};

/// A damaged file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutAside {
    /// The file; its `-wal` and `-shm` lie beside it, where there are any.
    pub file: PathBuf,
    /// When it was put aside, as its name says.
    pub since: Option<Millis>,
    /// How large all of its files are.
    pub bytes: u64,
    /// Whether ingest has taken over what it could read of it.
    pub is_salvaged: bool,
}

/// The files that were put aside, the oldest first.
pub fn put_aside(directory: &Path) -> Result<Vec<PutAside>, InspectError> {
    let unusable =
        |error: std::io::Error| InspectError::Unusable { file: directory.to_owned(), why: error.to_string() };
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(unusable)? {
        found.extend(read(entry.map_err(unusable)?.path()));
    }
    found.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(found)
}

/// The file, if it is one that was put aside.
fn read(file: PathBuf) -> Option<PutAside> {
    let rest = file.file_name()?.to_str()?.strip_prefix(QUARANTINED)?;
    let (millis, extension) = rest.split_once('.')?;
    let is_salvaged = match extension {
        "db" => false,
        "salvaged" => true,
        _ => return None,
    };
    let since = millis.parse().ok().map(Millis::since_epoch);
    let size = |suffix: &&str| fs::metadata(with_suffix(&file, suffix)).map_or(0, |metadata| metadata.len());
    let bytes = SUFFIXES.iter().map(size).sum();
    Some(PutAside { file, since, bytes, is_salvaged })
}
