//! Salvages a retired file, one that is not written any more: reads everything that is left in it.
//!
//! First row by row as SQLite finds them, skipping what it cannot read; then [`scan`] looks for the rows of those gaps. The
//! file itself is not changed or copied, so no further disk is needed; and what is remembered of a row is a bit or two, so
//! that the memory is as good as the same for any file.

mod images;
mod missing;
mod query;
mod ranges;
mod record;
mod scan;
mod seq_set;
#[cfg(test)]
mod tests;

use super::damage_check::recheck_damage;
use super::database::{self, StoredRow, Totals};
use super::error::StoreError;
use missing::{Missing, each_indexed, end_of_log};
use query::{end_of_gap, read};
pub(super) use ranges::Ranges;
use ranges::both;
use rusqlite::Connection;
use scan::Scan;
pub(super) use seq_set::SeqSet;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// A range of `seq`.
type Range = RangeInclusive<i64>;

/// How often a row that cannot be read is tried before the rows behind it go first.
const ATTEMPTS: u32 = 5;
/// So many lost deliveries of a file are named, the others counted.
pub(super) const NAMED: usize = 1000;

/// A file that is read.
pub(super) struct Salvage {
    pub(super) path: PathBuf,
    connection: Option<Connection>,
    /// The first damage, as it is once the disk was asked for the file: no other is, since each look reads the file.
    first_damage: Option<StoreError>,
    asked: Ranges,
    /// What was asked for is read from here on; `None` at its end.
    from: Option<i64>,
    /// What came of comparing the table with the index of ids, once it was: a row that damage hides is known by that alone.
    compared: Option<Result<(), StoreError>>,
    missing: Missing,
    /// What of it was in the end of the log, which is lost.
    end_of_log: Vec<Range>,
    /// What the disk did not return; it may later.
    unread: Ranges,
    scan: Option<Scan>,
    failures: u32,
}

/// What is known of a file that was read to its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SalvageReport {
    /// How many deliveries are named whose bytes are gone, and the ids of the first of them.
    pub(super) lost: u64,
    pub(super) lost_ids: Vec<String>,
    /// How many others were stored whose ids are gone too, at most: some may have been drained before.
    pub(super) lost_without_id: u64,
    /// Whether there may be others, of which nothing is left.
    pub(super) may_have_lost_more: bool,
    /// What is to be read again later; rows that are done may be among it.
    pub(super) unread: Ranges,
}

impl Salvage {
    /// Reads the file, or these ranges of it.
    pub(super) fn of(path: PathBuf, mut asked: Ranges) -> Self {
        if asked.is_empty() {
            asked.add(0..=i64::MAX);
        }
        Self {
            path,
            connection: None,
            first_damage: None,
            asked,
            from: Some(0),
            compared: None,
            missing: Missing::default(),
            end_of_log: Vec::new(),
            unread: Ranges::default(),
            scan: None,
            failures: 0,
        }
    }

    /// How much is in it and since when, according to its index.
    pub(super) fn count(path: &Path) -> Result<(Totals, Option<i64>), StoreError> {
        let counted = database::connect_to_read(path)
            .and_then(|connection| Ok((database::totals(&connection)?, database::oldest(&connection)?)));
        counted.map_err(|error| recheck_damage(&error, Ok(path.to_owned())))
    }

    /// The next rows in order, whatever their state; none at the end. After an error the same rows are read again.
    pub(super) fn next(&mut self, rows: usize, bytes: u64) -> Result<Vec<StoredRow>, StoreError> {
        while let Some(range) = self.todo() {
            let found = self.read_range(range, rows, bytes)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        if self.compared.is_none() {
            self.find_hidden()?;
        }
        if self.missing.is_empty() {
            return Ok(Vec::new());
        }
        match self.scan.take().map_or_else(|| Scan::of(&self.path), Ok) {
            Ok(scan) => Ok(self.scan.insert(scan).next(&mut self.missing, rows, bytes)),
            Err(error) => {
                self.lasting(error)?;
                std::mem::take(&mut self.missing).ranges().for_each(|range| self.unread.add(range));
                Ok(Vec::new())
            }
        }
    }

    /// The next range of those that are still to be read.
    fn todo(&self) -> Option<Range> {
        let rest = self.from?..=i64::MAX;
        self.asked.iter().find_map(|asked| both(asked, &rest))
    }

    /// An error that lasts, as damage does, and any other after some attempts. `Err` where the same is to be read again first.
    fn lasting(&mut self, error: StoreError) -> Result<StoreError, StoreError> {
        self.failures += 1;
        if !matches!(error, StoreError::Damaged(_)) && self.failures < ATTEMPTS {
            self.connection = None;
            return Err(error);
        }
        self.failures = 0;
        Ok(error)
    }

    /// Reads on in a range, and leaves behind what was read or cannot be.
    fn read_range(&mut self, range: Range, rows: usize, bytes: u64) -> Result<Vec<StoredRow>, StoreError> {
        let (found, error) = match connected(&mut self.connection, &self.path) {
            Ok(connection) => read(connection, &range, rows, bytes),
            Err(error) => (Vec::new(), Some(error)),
        };
        if let Some(last) = found.last() {
            self.failures = 0;
            self.from = last.seq.checked_add(1);
            for stored in &found {
                self.missing.seen.insert(stored.seq);
            }
            return Ok(found);
        }
        let Some(error) = error else {
            self.from = range.end().checked_add(1);
            return Ok(found);
        };
        let error = self.lasting(error)?;
        let is_damage = matches!(error, StoreError::Damaged(_));
        let end = self.connection.as_ref().map_or(*range.end(), |connection| end_of_gap(connection, &range));
        let gap = *range.start()..=end;
        // Rows of a page whose read fails are looked for as those of a damaged one are, and it is not called damaged.
        let mut logged = &error;
        if is_damage {
            let recheck = || recheck_damage(&error, Ok(self.path.clone()));
            let first = &*self.first_damage.get_or_insert_with(recheck);
            logged = if matches!(first, StoreError::Damaged(_)) { &error } else { first };
        }
        tracing::warn!(error = %logged, file = %self.path.display(), from = gap.start(), to = gap.end(), "cannot read rows of a retired file");
        if is_damage {
            self.missing.gaps.add(gap);
        } else {
            self.unread.add(gap);
        }
        self.from = end.checked_add(1);
        Ok(found)
    }

    /// Finds rows that were stored and are not in the table, although SQLite reported no damage. An index whose read fails is
    /// asked again; after some attempts the file is read again later.
    fn find_hidden(&mut self) -> Result<(), StoreError> {
        let compared = match self.compare() {
            Ok(()) => Ok(()),
            Err(error) => Err(self.lasting(recheck_damage(&error, Ok(self.path.clone())))?),
        };
        if let Some(error) = not_now(&compared) {
            tracing::warn!(%error, file = %self.path.display(), "cannot compare a retired file with its index");
        }
        self.end_of_log.iter().for_each(|end| self.missing.gaps.add(end.clone()));
        self.compared = Some(compared);
        self.failures = 0;
        Ok(())
    }

    fn compare(&mut self) -> Result<(), StoreError> {
        let connection = connected(&mut self.connection, &self.path)?;
        let end = end_of_log(&self.path, connection)?;
        self.end_of_log =
            end.iter().flat_map(|end| self.asked.iter().filter_map(|asked| both(asked, end))).collect();
        each_indexed(connection, |seq, _| {
            let missing = &mut self.missing;
            let is_known = missing.seen.contains(seq) || missing.gaps.contains(seq);
            if !is_known && self.asked.contains(seq) && !self.unread.contains(seq) {
                missing.hidden.insert(seq);
            }
        })
    }

    /// This row, which was read, is to be read again later.
    pub(super) fn postpone_row(&mut self, seq: i64) {
        self.unread.add(seq..=seq);
    }

    /// What became of all of its rows. `done` are those that are drained, whenever that was. An index that the disk does not
    /// give is waited for, unless that `has_waited` long enough.
    pub(super) fn outcome(mut self, done: &SeqSet, has_waited: bool) -> SalvageReport {
        let mut unread = std::mem::take(&mut self.unread);
        if self.compared.as_ref().and_then(not_now).is_some() && !has_waited {
            self.asked.iter().for_each(|range| unread.add(range.clone()));
            return SalvageReport { unread, ..SalvageReport::default() };
        }
        let is_compared = self.compared == Some(Ok(()));
        if self.missing.is_empty() {
            return SalvageReport { unread, may_have_lost_more: !is_compared, ..SalvageReport::default() };
        }
        let (mut lost, mut lost_ids) = (0, Vec::new());
        let named = connected(&mut self.connection, &self.path).and_then(|connection| {
            each_indexed(connection, |seq, id| {
                if self.missing.contains(seq) && !done.contains(seq) {
                    lost += 1;
                    if lost_ids.len() < NAMED {
                        lost_ids.push(id.to_owned());
                    }
                }
            })
        });
        let named = named.map_err(|error| recheck_damage(&error, Ok(self.path.clone())));
        if (not_now(&named).is_some() && !has_waited)
            || self.scan.as_ref().is_some_and(|scan| !scan.images.is_complete)
        {
            self.missing.ranges().for_each(|range| unread.add(range));
            return SalvageReport { unread, ..SalvageReport::default() };
        }
        let without_id = |end: &Range| {
            let count = end.end().abs_diff(*end.start()) + 1;
            count.saturating_sub(self.missing.seen.within(end).count() as u64)
        };
        let lost_without_id = self.end_of_log.iter().map(without_id).sum();
        let may_have_lost_more = !is_compared || named.is_err();
        SalvageReport { lost, lost_ids, lost_without_id, may_have_lost_more, unread }
    }
}

/// The error of a disk that may give it later.
fn not_now(read: &Result<(), StoreError>) -> Option<&StoreError> {
    read.as_ref().err().filter(|error| !matches!(error, StoreError::Damaged(_)))
}

/// The connection that there is, or a new one.
fn connected<'a>(connection: &'a mut Option<Connection>, path: &Path) -> Result<&'a Connection, StoreError> {
    let opened = connection.take().map_or_else(|| database::connect_to_read(path), Ok)?;
    Ok(connection.insert(opened))
}
