//! Why a spool cannot be inspected, and what to do about it.

use super::super::database::VERSION;
use super::super::error::StoreError;
use std::fmt::Display;
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

    /// It cannot be used, for a reason that is not in it.
    pub(super) fn unusable(file: &Path, why: &impl Display) -> Self {
        let file = file.display();
        Self::Failed(format!(
            "{file} cannot be used: {why}; the user that ingest runs as can read and write it, others perhaps not"
        ))
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
