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
mod report;
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
pub(super) use report::SalvageReport;
use report::{Findings, IndexRead, Named};
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
    phase: Phase,
    found: Findings,
    /// In a row, of what is read now.
    failures: u32,
}

/// What is read of a file, in this order.
enum Phase {
    /// The table, from this `seq` on.
    Table(i64),
    /// The index of ids, for rows that SQLite passed over without a word.
    Index,
    /// Its pages are opened, for the rows that are missing.
    Open,
    Pages(Scan),
    /// Nothing more.
    End,
}

impl Salvage {
    /// Reads these ranges of the file.
    pub(super) fn of(path: PathBuf, asked: Ranges) -> Self {
        Self {
            path,
            connection: None,
            first_damage: None,
            phase: Phase::Table(0),
            found: Findings { asked, ..Findings::default() },
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
        loop {
            match &mut self.phase {
                Phase::Table(_) => match self.next_range() {
                    Some(range) => {
                        let found = self.read_range(range, rows, bytes)?;
                        if !found.is_empty() {
                            return Ok(found);
                        }
                    }
                    None => self.phase = Phase::Index,
                },
                Phase::Index => {
                    self.find_hidden()?;
                    self.phase = if self.found.missing.is_empty() { Phase::End } else { Phase::Open };
                }
                Phase::Open => self.phase = self.open_pages()?.map_or(Phase::End, Phase::Pages),
                Phase::Pages(scan) => return Ok(scan.next(&mut self.found.missing, rows, bytes)),
                Phase::End => return Ok(Vec::new()),
            }
        }
    }

    /// The next range of the table that is to be read.
    fn next_range(&self) -> Option<Range> {
        let Phase::Table(from) = self.phase else { return None };
        self.found.asked.iter().find_map(|asked| both(asked, &(from..=i64::MAX)))
    }

    /// The table is read up to this `seq`.
    fn read_up_to(&mut self, seq: i64) {
        self.phase = seq.checked_add(1).map_or(Phase::Index, Phase::Table);
    }

    /// Whether an error is final, as damage is, and any other after some attempts; where not, the same is to be read again first.
    fn is_final(&mut self, error: &StoreError) -> bool {
        self.failures += 1;
        let is_final = matches!(error, StoreError::Damaged(_)) || self.failures >= ATTEMPTS;
        if is_final {
            self.failures = 0;
        } else {
            self.connection = None;
        }
        is_final
    }

    /// Reads on in a range, and leaves behind what was read or cannot be.
    fn read_range(&mut self, range: Range, rows: usize, bytes: u64) -> Result<Vec<StoredRow>, StoreError> {
        let (found, error) = match connected(&mut self.connection, &self.path) {
            Ok(connection) => read(connection, &range, rows, bytes),
            Err(error) => (Vec::new(), Some(error)),
        };
        if let Some(last) = found.last() {
            self.failures = 0;
            self.read_up_to(last.seq);
            for stored in &found {
                self.found.missing.seen.insert(stored.seq);
            }
            return Ok(found);
        }
        let Some(error) = error else {
            self.read_up_to(*range.end());
            return Ok(found);
        };
        if !self.is_final(&error) {
            return Err(error);
        }
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
            self.found.missing.gaps.add(gap);
        } else {
            self.found.left.add(gap);
        }
        self.read_up_to(end);
        Ok(found)
    }

    /// Finds rows that were stored and are not in the table, although SQLite reported no damage. An index whose read fails is
    /// asked again; after some attempts the file is read again later.
    fn find_hidden(&mut self) -> Result<(), StoreError> {
        let compared = self.compare().map_err(|error| recheck_damage(&error, Ok(self.path.clone())));
        if let Err(error) = &compared
            && !self.is_final(error)
        {
            return compared;
        }
        let found = &mut self.found;
        found.index = IndexRead::of(&compared);
        if let (IndexRead::Failing, Err(error)) = (found.index, compared) {
            tracing::warn!(%error, file = %self.path.display(), "cannot compare a retired file with its index");
        }
        found.missing.gaps.extend(found.end_of_log.iter().cloned());
        self.failures = 0;
        Ok(())
    }

    fn compare(&mut self) -> Result<(), StoreError> {
        let connection = connected(&mut self.connection, &self.path)?;
        let end = end_of_log(&self.path, connection)?;
        let Findings { asked, left, missing, end_of_log, .. } = &mut self.found;
        *end_of_log = end.iter().flat_map(|end| asked.iter().filter_map(|asked| both(asked, end))).collect();
        each_indexed(connection, |seq, _| {
            let is_known = missing.seen.contains(seq) || missing.gaps.contains(seq);
            if !is_known && asked.contains(seq) && !left.contains(seq) {
                missing.hidden.insert(seq);
            }
        })
    }

    /// Opens the pages for the rows that are missing; after some attempts these are read again later.
    fn open_pages(&mut self) -> Result<Option<Scan>, StoreError> {
        match Scan::of(&self.path) {
            Ok(scan) => Ok(Some(scan)),
            Err(error) if self.is_final(&error) => {
                self.found.left.extend(std::mem::take(&mut self.found.missing).ranges());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// This row, which was read, is to be read again later.
    pub(super) fn postpone_row(&mut self, seq: i64) {
        self.found.left.add(seq..=seq);
    }

    /// What became of all of its rows. `done` are those that are drained, whenever that was. An index that the disk does not
    /// give is waited for, unless that `has_waited` long enough.
    pub(super) fn outcome(mut self, done: &SeqSet, has_waited: bool) -> SalvageReport {
        self.found.lacks_pages = matches!(&self.phase, Phase::Pages(scan) if !scan.images.is_complete);
        self.found.report(has_waited, |missing| name(&mut self.connection, &self.path, missing, done))
    }
}

/// Goes through the index for what is missing and not done.
fn name(connection: &mut Option<Connection>, path: &Path, missing: &Missing, done: &SeqSet) -> Named {
    let (mut count, mut ids) = (0, Vec::new());
    let read = connected(connection, path).and_then(|connection| {
        each_indexed(connection, |seq, id| {
            if missing.contains(seq) && !done.contains(seq) {
                count += 1;
                if ids.len() < NAMED {
                    ids.push(id.to_owned());
                }
            }
        })
    });
    let read = read.map_err(|error| recheck_damage(&error, Ok(path.to_owned())));
    Named { index: IndexRead::of(&read), count, ids }
}

/// The connection that there is, or a new one.
fn connected<'a>(connection: &'a mut Option<Connection>, path: &Path) -> Result<&'a Connection, StoreError> {
    let opened = connection.take().map_or_else(|| database::connect_to_read(path), Ok)?;
    Ok(connection.insert(opened))
}
