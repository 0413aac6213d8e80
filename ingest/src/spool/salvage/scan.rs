//! Finds rows that SQLite cannot reach any more, page by page in the file and in its log.
//!
//! Where an inner page of the tree is damaged, or the header of the file, the rows below it are intact. A row is accepted
//! by its digest alone, so nothing stale or torn is returned; one that was deleted may come back where it was in a gap, as
//! the same delivery with the same id. The pages are gone through once for each window of rows, so that memory does not grow
//! with the file.

use super::super::database::StoredRow;
use super::super::error::StoreError;
use super::images::Images;
use super::missing::Missing;
use super::record::{self, Cell};
use std::collections::VecDeque;
use std::path::Path;

/// Rows of one window; twice as many are held while it is filled, in 16 bytes each.
pub(super) const WINDOW: usize = 1 << 18;

/// Rows that were found, one after the other.
pub(super) struct Scan {
    pub(super) images: Images,
    pub(super) window: usize,
    found: VecDeque<Found>,
    /// The first `seq` of the next window, unless this is the last.
    from: Option<i64>,
}

/// Where a row was found, in the order in which they are returned: of one `seq` the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    seq: i64,
    /// The number of the image.
    image: u32,
    /// Where its payload begins there.
    start: u16,
}

impl Scan {
    pub(super) fn of(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { images: Images::open(path)?, window: WINDOW, found: VecDeque::new(), from: Some(0) })
    }

    /// The next rows that are missing, in their order; none at the end.
    pub(super) fn next(&mut self, missing: &mut Missing, rows: usize, bytes: u64) -> Vec<StoredRow> {
        loop {
            let found = self.next_of_window(missing, rows, bytes);
            let Some(from) = self.from.filter(|_| found.is_empty()) else { return found };
            self.fill(missing, from);
        }
    }

    /// Finds the first rows of those that are left.
    fn fill(&mut self, missing: &Missing, from: i64) {
        let (mut found, mut end) = (Vec::new(), i64::MAX);
        for image in 0..self.images.count() {
            let Ok(page) = self.images.read(image) else {
                self.images.is_complete = false;
                continue;
            };
            for Cell { seq, start, .. } in record::cells(&page) {
                if (from..=end).contains(&seq) && missing.contains(seq) {
                    found.push(Found { seq, image, start: u16::try_from(start).unwrap_or_default() });
                }
            }
            if found.len() >= 2 * self.window {
                end = first_of(&mut found, self.window);
            }
        }
        found.sort_unstable();
        self.found = found.into();
        self.from = end.checked_add(1);
    }

    fn next_of_window(&mut self, missing: &mut Missing, rows: usize, bytes: u64) -> Vec<StoredRow> {
        let (mut rows_found, mut read) = (Vec::new(), 0);
        while rows_found.len() < rows
            && read < bytes
            && let Some(found) = self.found.pop_front()
        {
            if !missing.contains(found.seq) {
                continue;
            }
            match self.images.row(found.image, found.seq, found.start) {
                Ok(Some(row)) => {
                    missing.seen.insert(found.seq);
                    read += row.row.cost();
                    rows_found.push(row);
                }
                Ok(None) => {}
                // It may be whole: whoever asks has to come back.
                Err(_) => self.images.is_complete = false,
            }
        }
        rows_found
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.found.capacity() * size_of::<Found>() + self.images.bytes()
    }
}

/// Leaves about so many, and no `seq` of which some are left out; the last of them.
fn first_of(found: &mut Vec<Found>, count: usize) -> i64 {
    let (before, cut, _) = found.select_nth_unstable(count);
    let cut = cut.seq;
    if before.iter().all(|found| found.seq == cut) {
        found.truncate(count);
        return cut;
    }
    found.retain(|found| found.seq < cut);
    cut - 1
}
