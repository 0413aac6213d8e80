//! The retired files of a spool: not drained yet, or drained and kept since rows of them are lost.

use super::super::files::{self, QUARANTINED};
use super::InspectError;
use schemas::Millis;
use std::fs;
use std::path::{Path, PathBuf};

/// A file that is not written any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetiredFile {
    /// The file; its `-wal` and `-shm` are beside it, where there are any.
    pub file: PathBuf,
    /// When it was last written, or retired according to its name.
    pub since: Option<Millis>,
    /// The size of all of its files.
    pub bytes: u64,
    /// Whether ingest has drained what it could read of it.
    pub is_salvaged: bool,
}

/// The retired files, the oldest first.
pub fn retired_files(directory: &Path) -> Result<Vec<RetiredFile>, InspectError> {
    let sequence = files::sequence(directory).map_err(|error| InspectError::unusable(directory, &error))?;
    let mut found: Vec<_> = sequence.retired.into_iter().map(|file| describe(file, false)).collect();
    found.extend(sequence.salvaged.into_iter().map(|file| describe(file, true)));
    found.sort_by_key(|file| file.since);
    Ok(found)
}

fn describe(file: PathBuf, is_salvaged: bool) -> RetiredFile {
    let name =
        file.file_stem().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(QUARANTINED));
    let written = || fs::metadata(&file).and_then(|metadata| metadata.modified()).ok().map(Millis::of);
    let since = match name {
        Some(millis) => millis.parse().ok().map(Millis::since_epoch),
        None => written(),
    };
    let bytes = files::total_size(&file).unwrap_or_default();
    RetiredFile { file, since, bytes, is_salvaged }
}
