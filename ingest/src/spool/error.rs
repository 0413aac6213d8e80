//! Errors of SQLite, by what can be done about them.
//!
//! <https://sqlite.org/rescode.html> lists the codes. What may pass by itself is never taken for damage.

use rusqlite::ffi;

/// Why a statement failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum StoreError {
    /// No space; nothing was changed.
    #[error("the disk is full, or the file has reached its largest size")]
    Full,
    /// Another process holds the file; nothing was changed.
    #[error("another process holds the file")]
    Busy,
    /// The disk, the system or a permission stands in the way. The file is as it was: it is tried again.
    #[error("{0}")]
    Transient(String),
    /// An `fsync` failed. What was written before is as good as it was, but nothing can be appended safely: the system may
    /// have dropped what it says it has (<https://wiki.postgresql.org/wiki/Fsync_Errors>).
    #[error("{0}")]
    Unsynced(String),
    /// What is in the file is not what was written.
    #[error("{0}")]
    Damaged(String),
    /// A later version of Weir wrote the file.
    #[error("the spool was written by a later version (format {0}, known are up to {known})", known = super::database::VERSION)]
    LaterFormat(i64),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        // Without a code: what was read is of another type than what was written.
        let code = error.sqlite_error().map_or(ffi::SQLITE_CORRUPT, |error| error.extended_code);
        Self::of_code(code, error.to_string())
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        if is_out_of_space(&error) { Self::Full } else { Self::Transient(error.to_string()) }
    }
}

/// Whether a write failed because the disk, or what its user may have of it, is used up.
pub(super) fn is_out_of_space(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
}

impl StoreError {
    /// What `PRAGMA quick_check` found. A page that it could not get is told like one that is wrong, in words: with a code, or, where
    /// pages follow each other, without one.
    pub(super) fn of_check(found: String) -> Self {
        let code = found.rsplit_once("error code=").and_then(|(_, code)| code.trim_end().parse::<i32>().ok());
        match code {
            Some(code) => Self::of_code(code, found),
            None if found.contains("failed to get page") => Self::Transient(found),
            None => Self::Damaged(found),
        }
    }

    fn of_code(code: i32, message: String) -> Self {
        match code {
            ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC => return Self::Unsynced(message),
            // These prove that content is missing or wrong.
            ffi::SQLITE_IOERR_SHORT_READ | ffi::SQLITE_IOERR_DATA => return Self::Damaged(message),
            _ => {}
        }
        match code & 0xff {
            ffi::SQLITE_FULL => Self::Full,
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => Self::Busy,
            ffi::SQLITE_PERM
            | ffi::SQLITE_ABORT
            | ffi::SQLITE_NOMEM
            | ffi::SQLITE_READONLY
            | ffi::SQLITE_INTERRUPT
            | ffi::SQLITE_IOERR
            | ffi::SQLITE_CANTOPEN
            | ffi::SQLITE_PROTOCOL
            | ffi::SQLITE_NOLFS
            | ffi::SQLITE_AUTH => Self::Transient(message),
            // CORRUPT and NOTADB; also a table that is missing or other than it was made.
            _ => Self::Damaged(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: i32) -> StoreError {
        StoreError::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
    }

    #[test]
    fn what_may_pass_by_itself_is_never_damage() {
        let transient = [
            ffi::SQLITE_IOERR_GETTEMPPATH,
            ffi::SQLITE_IOERR_READ,
            // What it says of `EIO`.
            ffi::SQLITE_IOERR_CORRUPTFS,
            ffi::SQLITE_IOERR_WRITE,
            ffi::SQLITE_IOERR_NOMEM,
            ffi::SQLITE_IOERR_LOCK,
            ffi::SQLITE_IOERR_SHMSIZE,
            ffi::SQLITE_IOERR,
            ffi::SQLITE_READONLY,
            ffi::SQLITE_READONLY_DBMOVED,
            ffi::SQLITE_READONLY_DIRECTORY,
            ffi::SQLITE_CANTOPEN,
            ffi::SQLITE_CANTOPEN_SYMLINK,
            ffi::SQLITE_PERM,
            ffi::SQLITE_AUTH,
            ffi::SQLITE_NOMEM,
        ];
        for code in transient {
            assert!(matches!(of(code), StoreError::Transient(_)), "{code}");
        }
        assert_eq!(
            (of(ffi::SQLITE_FULL), of(ffi::SQLITE_BUSY_RECOVERY)),
            (StoreError::Full, StoreError::Busy)
        );
    }

    #[test]
    fn damage_is_what_the_content_proves() {
        for code in
            [ffi::SQLITE_CORRUPT, ffi::SQLITE_CORRUPT_INDEX, ffi::SQLITE_NOTADB, ffi::SQLITE_IOERR_SHORT_READ]
        {
            assert!(matches!(of(code), StoreError::Damaged(_)), "{code}");
        }
        assert!(matches!(of(ffi::SQLITE_IOERR_FSYNC), StoreError::Unsynced(_)));
    }

    #[test]
    fn a_page_that_a_check_could_not_get_is_no_damage() {
        let of = |found: &str| StoreError::of_check(format!("*** in database main ***\n{found}"));
        for code in [ffi::SQLITE_IOERR_READ, ffi::SQLITE_IOERR_CORRUPTFS, ffi::SQLITE_NOMEM] {
            let found = of(&format!("Tree 2 page 3 cell 0: unable to get the page. error code={code}"));
            assert!(matches!(found, StoreError::Transient(_)), "{found:?}");
        }
        assert!(matches!(of("Freelist: failed to get page 7"), StoreError::Transient(_)));
        let damaged = [
            "Tree 2 page 3: unable to get the page. error code=11",
            "Tree 2 page 3: btreeInitPage() returns error code 11",
            "Failed to read ptrmap key=7",
            "Tree 2 page 3: Rowid 9 out of order",
        ];
        for found in damaged {
            assert!(matches!(of(found), StoreError::Damaged(_)), "{found}");
        }
    }
}
