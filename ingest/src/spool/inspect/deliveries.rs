//! The deliveries of a spool, one after the other, in bounded memory.

use super::stored::{self, COLUMNS};
use super::{InspectError, Inspector, Stored, Which};
use rusqlite::{Connection, params};
use std::collections::VecDeque;

/// Rows that are read together.
const PAGE_ROWS: i64 = 128;
/// Bytes of bodies that are read together, and one body beyond.
const PAGE_BYTES: usize = 1 << 20;

/// Reads deliveries in their order. Those that come or go meanwhile may be among them or not; none is there twice.
#[derive(Debug)]
pub struct Deliveries<'a> {
    inspector: &'a mut Inspector,
    which: Which,
    /// The place of the last that was read.
    place: i64,
    page: VecDeque<Stored>,
    is_over: bool,
}

impl<'a> Deliveries<'a> {
    pub(super) fn new(inspector: &'a mut Inspector, which: Which) -> Self {
        Self { inspector, which, place: 0, page: VecDeque::new(), is_over: false }
    }

    fn turn(&mut self) -> Result<(), InspectError> {
        let (which, place) = (&self.which, self.place);
        self.page = self.inspector.read(|connection| page(connection, which, place))?;
        match self.page.back() {
            Some(last) => self.place = last.place,
            None => self.is_over = true,
        }
        Ok(())
    }
}

impl Iterator for Deliveries<'_> {
    type Item = Result<Stored, InspectError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty()
            && !self.is_over
            && let Err(error) = self.turn()
        {
            self.is_over = true;
            return Some(Err(error));
        }
        self.page.pop_front().map(Ok)
    }
}

fn page(connection: &Connection, which: &Which, place: i64) -> rusqlite::Result<VecDeque<Stored>> {
    let (condition, reason) = match which {
        Which::All => ("?2 IS NULL", None),
        Which::SetAside => ("set_aside IS NOT NULL AND ?2 IS NULL", None),
        Which::SetAsideFor(reason) => ("set_aside = ?2", Some(reason.as_str())),
    };
    let query = format!(
        "SELECT {COLUMNS} FROM deliveries WHERE seq > ?1 AND {condition} ORDER BY seq LIMIT {PAGE_ROWS}"
    );
    let mut statement = connection.prepare_cached(&query)?;
    let mut found = statement.query(params![place, reason])?;
    let (mut page, mut bytes) = (VecDeque::new(), 0);
    while let Some(row) = found.next()? {
        let stored = stored::stored_of(row)?;
        bytes += stored.body.len();
        page.push_back(stored);
        if bytes >= PAGE_BYTES {
            break;
        }
    }
    Ok(page)
}
