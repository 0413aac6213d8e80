//! Why a spool cannot be looked at, and what to do about it.

use super::super::database::Trouble;
use std::path::{Path, PathBuf};

/// Why a spool cannot be looked at, or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// There is no such directory.
    #[error("there is no directory {}: give the --spool-dir of ingest", .0.display())]
    NoDirectory(PathBuf),
    /// The directory holds no spool.
    #[error("{} holds no spool.db: give the --spool-dir of ingest, which makes the file when it starts", .0.display())]
    NoSpool(PathBuf),
    /// A file of that name without a table of deliveries.
    #[error("{} holds no deliveries' table: it is no spool, or an ingest is just making it", .0.display())]
    NotASpool(PathBuf),
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
    /// A log without its index, as in a copy of which a file was forgotten.
    #[error("{} is missing, though there is a -wal: start an ingest on the spool; or, of a copy, make the file empty: touch {}", .0.display(), .0.display())]
    NoIndex(PathBuf),
    /// Another process does not let go of it.
    #[error("another process holds {} for too long: try again", .0.display())]
    Busy(PathBuf),
    /// There is no space to write; nothing was changed.
    #[error("the disk of {} is full, nothing was changed: make space and try again", .0.display())]
    Full(PathBuf),
    /// What is in the file cannot be relied on.
    #[error("{} is damaged ({why}): ingest puts it aside and takes over what can be read of it, when it starts or meets the damage; leave it where it is", file.display())]
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
    pub(super) fn of(file: &Path, trouble: Trouble) -> Self {
        let file = file.to_owned();
        match trouble {
            Trouble::Full => Self::Full(file),
            Trouble::Busy => Self::Busy(file),
            Trouble::Unusable(why) => Self::Unusable { file, why },
            Trouble::Damaged(why) => Self::Damaged { file, why },
        }
    }
}
