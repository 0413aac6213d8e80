//! Puts a token into its file, at once or not at all, with its end in a hidden file beside it, which those who read tokens
//! pass over.

use runtime::secret_files::read_regular;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tempfile::NamedTempFile;
use weir_graph::AccessToken;
use weir_graph::edges::NewToken;

/// A time has some twenty characters.
const LONGEST_TIME: u64 = 64;

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{}: it cannot be written: {source}; give a directory that can be by --to", path.display())]
pub struct StoreError {
    path: PathBuf,
    source: io::Error,
}

/// Puts a token that Meta just gave into a file, and says when it ends. Who reads it sees the old token or the new one; what is no token leaves the old one.
pub(super) fn put(file: &Path, token: &NewToken) -> Result<Option<SystemTime>, StoreError> {
    let ends = token.lasts().map(|lasts| SystemTime::now() + lasts);
    write(file, &token.secret, ends)?;
    Ok(ends)
}

/// Whether a token can be put into a file, so that nothing is asked for that would be lost.
pub(super) fn check(file: &Path) -> Result<(), StoreError> {
    prepared(file).map(drop).map_err(|source| StoreError { path: file.to_owned(), source })
}

fn write(file: &Path, token: &str, ends: Option<SystemTime>) -> Result<(), StoreError> {
    let failed = |source| StoreError { path: file.to_owned(), source };
    if AccessToken::parse("new", token, None).is_none() {
        return Err(failed(io::Error::other("Meta gave something that is no token")));
    }
    replace(file, token).map_err(failed)?;
    let end = ends.map_or_else(String::new, |ends| humantime::format_rfc3339_seconds(ends).to_string());
    replace(&beside(file), &end).map_err(failed)
}

/// Until when the token of a file may be used, where that is known.
pub(super) fn ends(file: &Path) -> Option<SystemTime> {
    let text = String::from_utf8(read_regular(&beside(file), LONGEST_TIME).ok()?).ok()?;
    humantime::parse_rfc3339(text.trim()).ok()
}

fn beside(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.ends"))
}

fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut new = prepared(file)?;
    new.write_all(text.as_bytes())?;
    new.as_file().sync_all()?;
    new.persist(file).map_err(|error| error.error)?;
    Ok(())
}

/// An empty file beside it. Whoever could read the old one can read the new one; nobody else.
fn prepared(file: &Path) -> io::Result<NamedTempFile> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let new = NamedTempFile::new_in(folder)?;
    if let Ok(old) = fs::metadata(file) {
        let own = new.as_file().metadata()?;
        if (old.uid(), old.gid()) != (own.uid(), own.gid()) {
            fchown(new.as_file(), Some(old.uid()), Some(old.gid()))?;
        }
        new.as_file().set_permissions(old.permissions())?;
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn a_token_is_replaced_with_its_end_and_stays_as_private_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("1784");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let end = UNIX_EPOCH + Duration::from_hours(500_000);
        write(&file, "new", Some(end)).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(ends(&file), Some(end));
        write(&file, "without-end", None).unwrap();
        assert_eq!(ends(&file), None);
        write(&file, "", None).unwrap_err();
        assert_eq!(fs::read_to_string(&file).unwrap(), "without-end");
    }

    #[test]
    fn a_token_that_is_new_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("1784");
        write(&file, "new", None).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(write(&folder.path().join("nowhere/1784"), "new", None).is_err());
    }
}
