//! Salvages a retired file, one that is not written any more: reads everything that is left in it.
//!
//! First row by row as SQLite finds them, skipping what it cannot read; then [`scan`] looks for the rows of those gaps. The
//! file itself is not changed or copied, so no further disk is needed.

mod missing;
mod query;
mod record;
mod scan;
#[cfg(test)]
mod tests;

use super::database::{self, StoredRow, Totals};
use super::error::StoreError;
use missing::{both, end_of_log, indexed_ids};
use query::{open, read};
use rusqlite::Connection;
use scan::Scan;
use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// A range of `seq`.
pub(super) type Range = RangeInclusive<i64>;

/// How often a row that cannot be read is tried before the rows behind it go first.
const ATTEMPTS: u32 = 5;

/// A file that is read.
#[derive(Debug)]
pub(super) struct Salvage {
    path: PathBuf,
    connection: Option<Connection>,
    /// What was asked for, what of it is still to be read, and what was.
    asked: Vec<Range>,
    todo: VecDeque<Range>,
    seen: Vec<Range>,
    is_compared: bool,
    /// What SQLite cannot read.
    gaps: Vec<Range>,
    /// Those of the gaps that were in the end of the log, which is lost.
    end_of_log: Vec<Range>,
    /// What the disk did not return; it may later.
    unread: Vec<Range>,
    scan: Option<Scan>,
    failures: u32,
}

/// What is known of a file that was read to its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Deliveries whose bytes are gone, by their ids.
    pub(super) lost: Vec<String>,
    /// How many others were stored whose ids are gone too, at most: some may have been drained before.
    pub(super) lost_without_id: u64,
    /// Whether there may be others, of which nothing is left.
    pub(super) may_have_lost_more: bool,
    /// What is to be read again later.
    pub(super) unread: Vec<Range>,
}

impl Salvage {
    /// A range without rows.
    pub(super) const NOTHING: Range = i64::MAX..=i64::MAX;

    /// Reads the file, or these ranges of it.
    pub(super) fn of(path: PathBuf, todo: Vec<Range>) -> Self {
        let todo = if todo.is_empty() { vec![0..=i64::MAX] } else { todo };
        Self {
            path,
            connection: None,
            asked: todo.clone(),
            todo: todo.into(),
            seen: Vec::new(),
            is_compared: false,
            gaps: Vec::new(),
            end_of_log: Vec::new(),
            unread: Vec::new(),
            scan: None,
            failures: 0,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How much is in it and since when, according to its index.
    pub(super) fn count(path: &Path) -> Result<(Totals, Option<i64>), StoreError> {
        let connection = open(path)?;
        Ok((database::totals(&connection)?, database::oldest(&connection)?))
    }

    /// The next rows in order, whatever their state; none at the end. After an error the same rows are read again.
    pub(super) fn next(&mut self, rows: usize, bytes: u64) -> Result<Vec<StoredRow>, StoreError> {
        while let Some(range) = self.todo.front().cloned() {
            let found = self.read_range(range, rows, bytes)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        if !self.is_compared {
            self.find_hidden()?;
        }
        if self.gaps.is_empty() {
            return Ok(Vec::new());
        }
        let scan = match self.scan.take() {
            Some(scan) => scan,
            None => match Scan::of(&self.path, &self.gaps) {
                Ok(scan) => scan,
                Err(error) => return self.postpone_gaps(error),
            },
        };
        Ok(self.scan.insert(scan).next(rows, bytes))
    }

    /// After some attempts the gaps are left for later.
    fn postpone_gaps(&mut self, error: StoreError) -> Result<Vec<StoredRow>, StoreError> {
        self.failures += 1;
        if self.failures < ATTEMPTS {
            return Err(error);
        }
        self.unread.append(&mut self.gaps);
        Ok(Vec::new())
    }

    /// Reads on in a range, and removes from `todo` what was read or cannot be.
    fn read_range(&mut self, range: Range, rows: usize, bytes: u64) -> Result<Vec<StoredRow>, StoreError> {
        let (found, error) = match self.connected() {
            Ok(connection) => read(connection, &range, rows, bytes),
            Err(error) => (Vec::new(), Some(error)),
        };
        if let Some(last) = found.last() {
            self.failures = 0;
            self.advance(last.seq.saturating_add(1));
            for stored in &found {
                self.mark_seen(stored.seq);
            }
            return Ok(found);
        }
        let Some(error) = error else {
            self.todo.pop_front();
            return Ok(found);
        };
        let is_damage = matches!(error, StoreError::Damaged(_));
        self.failures += 1;
        if !is_damage && self.failures < ATTEMPTS {
            self.connection = None;
            return Err(error);
        }
        self.failures = 0;
        let end = self.end_of_gap(&range);
        let gap = *range.start()..=end;
        tracing::warn!(%error, file = %self.path.display(), from = gap.start(), to = gap.end(), "cannot read rows of a retired file");
        if is_damage {
            self.gaps.push(gap);
        } else {
            self.unread.push(gap);
        }
        self.advance(end.saturating_add(1));
        Ok(found)
    }

    /// Reading continues at `start`.
    fn advance(&mut self, start: i64) {
        if let Some(range) = self.todo.pop_front()
            && start > *range.start()
            && start <= *range.end()
        {
            self.todo.push_front(start..=*range.end());
        }
    }

    /// Remembers a row that was read; consecutive ones are one range.
    fn mark_seen(&mut self, seq: i64) {
        match self.seen.last_mut() {
            Some(last) if last.end().checked_add(1) == Some(seq) => *last = *last.start()..=seq,
            _ => self.seen.push(seq..=seq),
        }
    }

    /// Finds rows that were stored and are not in the table, although SQLite reported no damage. An index that the disk
    /// does not give is asked again; after some attempts what it gave has to do.
    fn find_hidden(&mut self) -> Result<(), StoreError> {
        let path = self.path.clone();
        let asked = self
            .connected()
            .and_then(|connection| Ok((end_of_log(&path, connection)?, indexed_ids(connection))));
        let (end, (indexed, error)) = asked.unwrap_or_else(|error| (None, (Vec::new(), Some(error))));
        if let Some(error) = error.filter(|error| !matches!(error, StoreError::Damaged(_))) {
            self.failures += 1;
            if self.failures < ATTEMPTS {
                self.connection = None;
                return Err(error);
            }
            tracing::warn!(%error, file = %self.path.display(), "cannot compare a retired file with its index");
        }
        let is_in = |ranges: &[Range], seq: i64| ranges.iter().any(|range| range.contains(&seq));
        let is_hidden = |seq: i64| {
            is_in(&self.asked, seq)
                && ![&self.seen, &self.gaps, &self.unread].iter().any(|known| is_in(known, seq))
        };
        let hidden = indexed.into_iter().filter(|(seq, _)| is_hidden(*seq)).map(|(seq, _)| seq..=seq);
        let hidden: Vec<Range> = hidden.collect();
        self.end_of_log =
            end.iter().flat_map(|end| self.asked.iter().filter_map(|asked| both(asked, end))).collect();
        self.gaps.extend(hidden.into_iter().chain(self.end_of_log.iter().cloned()));
        self.is_compared = true;
        self.failures = 0;
        Ok(())
    }

    fn connected(&mut self) -> Result<&Connection, StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => open(&self.path)?,
        };
        Ok(self.connection.insert(connection))
    }

    /// The end of what cannot be read: doubling steps find a readable row, bisection finds the first.
    fn end_of_gap(&self, range: &Range) -> i64 {
        let Some(connection) = &self.connection else { return *range.end() };
        let is_readable = |seq: i64| read(connection, &(seq..=*range.end()), 1, u64::MAX).1.is_none();
        let (start, mut step) = (*range.start(), 1);
        let mut unreadable = start;
        let mut readable = loop {
            let seq = start.checked_add(step).filter(|seq| range.contains(seq));
            let (Some(seq), Some(doubled)) = (seq, i64::checked_mul(step, 2)) else {
                return *range.end();
            };
            if is_readable(seq) {
                break seq;
            }
            (unreadable, step) = (seq, doubled);
        };
        while readable - unreadable > 1 {
            let middle = unreadable + (readable - unreadable) / 2;
            if is_readable(middle) { readable = middle } else { unreadable = middle }
        }
        readable - 1
    }

    /// What became of all of its rows. `left` are those that were read and are not drained. An index that the disk does not
    /// give is waited for, unless that `has_waited` long enough.
    pub(super) fn outcome(mut self, left: Vec<Range>, has_waited: bool) -> Outcome {
        let mut unread = std::mem::take(&mut self.unread);
        unread.extend(left);
        if self.gaps.is_empty() {
            return Outcome { unread, ..Outcome::default() };
        }
        let (indexed, error) = self.connected().map_or_else(|error| (Vec::new(), Some(error)), indexed_ids);
        let is_named =
            has_waited || error.as_ref().is_none_or(|error| matches!(error, StoreError::Damaged(_)));
        if !is_named || self.scan.as_ref().is_some_and(|scan| !scan.is_complete) {
            // What was returned is in Kafka, or among what is left.
            unread.extend(self.gaps.iter().flat_map(|gap| self.not_returned(gap)));
            return Outcome { unread, ..Outcome::default() };
        }
        let is_lost = |seq: &i64| {
            let is_found = self.scan.as_ref().is_some_and(|scan| scan.has_returned(*seq));
            self.gaps.iter().any(|gap| gap.contains(seq)) && !is_found
        };
        let lost = indexed.into_iter().filter(|(seq, _)| is_lost(seq)).map(|(_, id)| id).collect();
        let missing = self.end_of_log.iter().flat_map(|end| self.not_returned(end));
        let lost_without_id = missing.map(|part| part.end().abs_diff(*part.start()) + 1).sum();
        Outcome { lost, lost_without_id, may_have_lost_more: error.is_some(), unread }
    }

    /// The parts of a gap of which the scan returned nothing.
    fn not_returned(&self, gap: &Range) -> Vec<Range> {
        self.scan.as_ref().map_or_else(|| vec![gap.clone()], |scan| scan.not_returned(gap))
    }
}
