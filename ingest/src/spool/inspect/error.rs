//! Why a spool cannot be inspected, and what to do about it.

use super::super::database::VERSION;
use super::super::error::StoreError;
use super::super::files::{WRITABLE_FOR_OTHERS, user};
use std::fmt::Display;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Why a spool cannot be inspected or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// There is no such directory.
    #[error("there is no directory {}: give the --spool-dir of ingest", .0.display())]
    NoDirectory(PathBuf),
    /// The directory holds no spool.
    #[error("{} holds no spool.db: give the --spool-dir of ingest, which makes the file when it starts", .0.display())]
    NoSpool(PathBuf),
    /// It is there and cannot be used, or ingest refused the request.
    #[error("{0}")]
    Failed(String),
}

impl InspectError {
    /// An ingest owns it and does not respond.
    pub(super) fn no_response(directory: &Path, why: &impl Display) -> Self {
        let directory = directory.display();
        Self::Failed(format!(
            "an ingest has the spool in {directory} and does not answer on its socket spool.sock ({why}): run this as the user and in \
             the container of that ingest, with a weir of the same version"
        ))
    }

    /// Its owner cannot use the file at the moment.
    pub(in crate::spool) fn not_now(directory: &Path) -> Self {
        let directory = directory.display();
        Self::Failed(format!(
            "the spool in {directory} cannot be used at the moment, ingest tries again by itself: its log says why"
        ))
    }

    /// Its owner cannot use the file as long as it is of its own version.
    pub(in crate::spool) fn of_later_version(directory: &Path, format: i64) -> Self {
        let directory = directory.display();
        Self::Failed(format!(
            "the spool in {directory} was written by a later version (format {format}, known are up to {VERSION}), and the ingest that \
             runs has none: what lies there stays until that version runs again"
        ))
    }

    /// It cannot be used, for a reason that is not in it: mostly it is well, and another user's.
    pub(super) fn unusable(file: &Path, why: &impl Display) -> Self {
        let user_to_run_as = user_to_run_as(file, why);
        let file = file.display();
        Self::Failed(match user_to_run_as {
            Some(advice) => format!("{file} cannot be used: {advice}"),
            None => format!(
                "{file} cannot be used: {why}; the user that ingest runs as can read and write it, others perhaps not"
            ),
        })
    }

    pub(in crate::spool) fn of(path: &Path, error: &StoreError) -> Self {
        let file = path.display();
        Self::Failed(match error {
            StoreError::Full => {
                format!("the disk of {file} is full, nothing was changed: make space and try again")
            }
            StoreError::Busy => format!("another process holds {file} for too long: try again"),
            StoreError::Transient(why) | StoreError::Unsynced(why) => return Self::unusable(path, why),
            StoreError::Damaged(why) => format!(
                "{file} is damaged ({why}): ingest retires it and drains what can be read of it, when it starts or meets the damage; \
                 leave it where it is"
            ),
            StoreError::LaterFormat(format) => format!(
                "{file} was written by a later version (format {format}, known are up to {VERSION}): use the weir that belongs to that \
                 ingest"
            ),
        })
    }
}

/// As which user this is to run, for a file of a spool or its folder.
fn user_to_run_as(file: &Path, why: &impl Display) -> Option<String> {
    let metadata = fs::metadata(if file.is_dir() { file } else { file.parent()? }).ok()?;
    advice(metadata.uid(), user().ok()?, metadata.mode(), why)
}

/// Where the folder is another user's: that this is to run as that one, and why else it cannot be used only where others may write
/// to it. A volume of Kubernetes is root's, and its group's.
fn advice(owner: u32, user: u32, mode: u32, why: &impl Display) -> Option<String> {
    if owner == user || owner == 0 {
        return None;
    }
    let why = if mode & WRITABLE_FOR_OTHERS == 0 { String::new() } else { format!("; {why}") };
    Some(format!("it belongs to user {owner}, and this runs as user {user}: run it as user {owner}{why}"))
}

#[cfg(test)]
mod tests {
    use super::super::Inspector;
    use super::*;
    use std::os::unix::fs::chown;

    #[test]
    fn who_is_not_its_owner_is_told_to_run_as_that_user_before_anything_else() {
        let advice = |owner, mode| advice(owner, 0, mode, &"close it (chown)");
        let run_as = "it belongs to user 65534, and this runs as user 0: run it as user 65534";
        assert_eq!(advice(65_534, 0o700).unwrap(), run_as);
        assert_eq!(advice(65_534, 0o777).unwrap(), format!("{run_as}; close it (chown)"));
        assert_eq!(advice(0, 0o2775), None, "its owner, or a volume");
    }

    #[test]
    fn a_spool_of_another_user_is_not_said_to_be_unsafe() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("spool.db"), "").unwrap();
        // Only root can give a folder away.
        if chown(directory.path(), Some(65_534), None).is_err() {
            return;
        }
        let said = Inspector::new(directory.path()).groups().unwrap_err().to_string();
        assert!(said.ends_with(": run it as user 65534"), "{said}");
        assert!(!said.contains("chown") && !said.contains("not safe"), "{said}");
    }
}
