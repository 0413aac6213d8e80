//! Why a spool cannot be inspected, and what to do about it.

use super::super::database::VERSION;
use super::super::error::StoreError;
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
    /// A later version of Weir wrote it.
    #[error("{} was written by a later version (format {format}, known are up to {known}): use the weir that belongs to that ingest", file.display())]
    LaterFormat {
        /// The file.
        file: PathBuf,
        /// Its format.
        format: i64,
        /// The last that this version knows.
        known: i64,
    },
    /// An ingest owns it and does not respond.
    #[error("an ingest has the spool in {} and does not answer on its socket spool.sock ({why}): run this as the user and in the container of that ingest, with a weir of the same version", directory.display())]
    NoResponse {
        /// The spool.
        directory: PathBuf,
        /// What went wrong.
        why: String,
    },
    /// The ingest that owns it refused the request.
    #[error("{0}")]
    Refused(String),
    /// Its owner cannot use the file at the moment.
    #[error("the spool in {} cannot be used at the moment, ingest tries again by itself: its log says why", .0.display())]
    NotNow(PathBuf),
    /// Another process holds the file.
    #[error("another process holds {} for too long: try again", .0.display())]
    Busy(PathBuf),
    /// There is no space to write; nothing was changed.
    #[error("the disk of {} is full, nothing was changed: make space and try again", .0.display())]
    Full(PathBuf),
    /// The file is damaged.
    #[error("{} is damaged ({why}): ingest retires it and drains what can be read of it, when it starts or meets the damage; leave it where it is", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What SQLite said.
        why: String,
    },
    /// It cannot be used, for a reason that is not in it.
    #[error("{} cannot be used: {why}; the user that ingest runs as can read and write it, others perhaps not", file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// What SQLite or the system said.
        why: String,
    },
}

impl InspectError {
    pub(super) fn no_response(directory: &Path, why: &impl ToString) -> Self {
        Self::NoResponse { directory: directory.to_owned(), why: why.to_string() }
    }

    pub(super) fn unusable(file: &Path, why: &impl ToString) -> Self {
        Self::Unusable { file: file.to_owned(), why: why.to_string() }
    }

    pub(in crate::spool) fn of(file: &Path, error: StoreError) -> Self {
        let file = file.to_owned();
        match error {
            StoreError::Full => Self::Full(file),
            StoreError::Busy => Self::Busy(file),
            StoreError::Transient(why) | StoreError::Unsynced(why) => Self::Unusable { file, why },
            StoreError::Damaged(why) => Self::Damaged { file, why },
            StoreError::LaterFormat(format) => Self::LaterFormat { file, format, known: VERSION },
        }
    }
}
