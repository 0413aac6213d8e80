//! Forms of paths: what is to be there is looked at, within a bound.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Form;
use crate::blocking::{Blocking, BlockingError};
use crate::secret_files::READ_TIMEOUT;
use crate::settings::presence;

/// A directory that exists.
pub fn directory() -> Form<PathBuf> {
    Form::new("a directory that exists", |value| existing(value, Path::is_dir)).because(unseen)
}

/// A directory that exists, or a new one inside of one that does.
pub fn directory_to_make() -> Form<PathBuf> {
    let expected = "a directory that exists, or a new one inside of one that does";
    Form::new(expected, |value| existing(value, |path| path.is_dir() || may_be_made(path))).because(unseen)
}

/// A file that exists.
pub fn file() -> Form<PathBuf> {
    Form::new("a file that exists", |value| existing(value, Path::is_file)).because(unseen)
}

/// Why it cannot be seen whether a path is there, for [`Form::because`].
pub fn unseen(value: &str) -> Option<String> {
    match look(value, READ_TIMEOUT, presence::unseen) {
        Ok(unseen) => unseen.map(|error| error.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

fn existing(value: &str, is_there: fn(&Path) -> bool) -> Option<PathBuf> {
    let is_there = look(value, READ_TIMEOUT, is_there).unwrap_or(false);
    is_there.then(|| PathBuf::from(value))
}

/// What a look at a path gives. A file system that is gone would hang for ever, without a word.
fn look<T: Send + 'static>(value: &str, limit: Duration, look: fn(&Path) -> T) -> Result<T, BlockingError> {
    let path = PathBuf::from(value);
    Blocking::default().wait(limit, move || look(&path))
}

/// A link to nothing is there.
fn may_be_made(path: &Path) -> bool {
    path.symlink_metadata().is_err() && path.parent().is_some_and(is_directory)
}

/// Of a name alone it is the directory that the process runs in.
fn is_directory(path: &Path) -> bool {
    path.as_os_str().is_empty() || path.is_dir()
}

#[cfg(test)]
mod tests {
    use super::super::text;
    use super::*;

    #[test]
    fn a_look_that_hangs_is_given_up() {
        let hanging = look("/", Duration::from_millis(20), |_| std::thread::park());
        assert!(matches!(hanging, Err(BlockingError::Late(_))));
    }

    #[test]
    fn directories_and_files_must_exist_and_be_what_they_are_called() {
        let here = env!("CARGO_MANIFEST_DIR");
        assert!(directory().parse(here).is_some());
        assert!(file().parse(here).is_none());
        assert!(file().parse(&format!("{here}/Cargo.toml")).is_some());
        assert!(directory().parse("/no/such/place").is_none());
    }

    #[test]
    fn what_nobody_may_look_at_is_not_only_said_to_be_missing() {
        let endless = std::env::temp_dir().join(format!("weir-endless-{}", std::process::id()));
        std::os::unix::fs::symlink(&endless, &endless).unwrap();
        let path = endless.to_string_lossy().into_owned();
        let said = [file().shown(&path), directory().shown(&path)];
        std::fs::remove_file(&endless).unwrap();
        assert!(said.iter().all(|said| said.starts_with(&format!("{path:?} (Too many"))), "{said:?}");
        assert_eq!(file().shown("/no/such/place"), "\"/no/such/place\"");
        assert_eq!(file().secret().shown(&path), "(hidden)");
        assert_eq!(text().shown("s3://key:hunter2@bucket"), "\"s3://(hidden)@bucket\"");
    }

    #[test]
    fn a_directory_may_be_made_in_one_that_exists() {
        let here = env!("CARGO_MANIFEST_DIR");
        let may_be_made = |path: &str| directory_to_make().parse(path).is_some();
        assert!(may_be_made(here));
        assert!(may_be_made(&format!("{here}/new")));
        assert!(may_be_made("new"));
        assert!(!may_be_made(&format!("{here}/new/newer")));
        assert!(!may_be_made(&format!("{here}/Cargo.toml")));
        assert!(!may_be_made(&format!("{here}/Cargo.toml/new")));
        assert!(!may_be_made(""));
    }
}
