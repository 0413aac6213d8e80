//! What was in a retired file and is not in its table: by the index of ids, and by the high-water mark.

use super::super::database;
use super::super::error::StoreError;
use super::super::high_water_mark::HighWaterMark;
use super::Range;
use super::ranges::Ranges;
use super::seq_set::SeqSet;
use rusqlite::Connection;
use std::path::Path;

/// The ids of all rows after one of them, from the index of the `UNIQUE` column.
const NAMES: &str =
    "SELECT seq, id FROM deliveries INDEXED BY sqlite_autoindex_deliveries_1 WHERE id > ?1 ORDER BY id";
/// How often in a row an error may end the reading of the index, without a row in between.
const TRIES: u32 = 5;

/// What was read of a file, and what SQLite did not find in it.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// Rows that were read.
    pub(super) seen: SeqSet,
    /// What it cannot read.
    pub(super) gaps: Ranges,
    /// Rows of the index that it passed over without a word.
    pub(super) hidden: SeqSet,
}

impl Missing {
    pub(super) fn contains(&self, seq: i64) -> bool {
        (self.gaps.contains(seq) || self.hidden.contains(seq)) && !self.seen.contains(seq)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.gaps.is_empty() && self.hidden.is_empty()
    }

    /// All that has to be looked for.
    pub(super) fn ranges(&self) -> impl Iterator<Item = Range> {
        let hidden = self.hidden.within(&(0..=i64::MAX)).map(|seq| seq..=seq);
        self.gaps.iter().cloned().chain(hidden)
    }
}

/// Goes through every row of the index, one after the other, up to an error that stays.
pub(super) fn each_indexed(
    connection: &Connection,
    mut visit: impl FnMut(i64, &str),
) -> Result<(), StoreError> {
    let (mut last, mut tries) = (String::new(), 0);
    loop {
        let mut read_on = || {
            let mut statement = connection.prepare_cached(NAMES)?;
            let mut found = statement.query([last.clone()])?;
            while let Some(row) = found.next()? {
                let (seq, id) = (row.get(0)?, database::text(row.get_ref(1)?));
                visit(seq, &id);
                (last, tries) = (id, 0);
            }
            Ok::<_, StoreError>(())
        };
        match read_on() {
            Err(error) if !matches!(error, StoreError::Damaged(_)) => {
                tries += 1;
                if tries == TRIES {
                    return Err(error);
                }
            }
            done => return done,
        }
    }
}

/// The rows that were stored after all that SQLite knows of: the end of its log is lost.
pub(super) fn end_of_log(path: &Path, connection: &Connection) -> Result<Option<Range>, StoreError> {
    match database::last_seq(connection) {
        Ok(last) => Ok(HighWaterMark::missing_after(last, path)),
        // What is on its page cannot be told from what is in the log.
        Err(StoreError::Damaged(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
