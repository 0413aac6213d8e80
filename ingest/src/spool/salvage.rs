//! Reads what can be read of a damaged file into a new one.

use super::database::{Database, Trouble};
use super::row::Row;
use std::path::Path;

/// Rows that are written together.
const ROWS: usize = 500;
/// Bytes that are written together.
const BYTES: u64 = 16 << 20;

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Salvaged {
    pub(super) rows: u64,
    /// Places at which rows could not be read; how many rows each had is not known.
    pub(super) gaps: u64,
}

/// Copies every row that can be read, in its order. An error is one of the new file; the old one is left as it is.
pub(super) fn salvage(old: &Path, new: &mut Database) -> Result<Salvaged, Trouble> {
    let mut salvaged = Salvaged::default();
    let old = match Database::open_to_read(old) {
        Ok(old) => old,
        Err(trouble) => {
            tracing::error!(%trouble, file = %old.display(), "a damaged spool cannot be opened at all");
            return Ok(Salvaged { rows: 0, gaps: 1 });
        }
    };
    let (mut batch, mut bytes, mut seq) = (Vec::new(), 0, 0);
    loop {
        match next(&old, seq) {
            Next::Row(at, row, set_aside) => {
                seq = at;
                salvaged.rows += 1;
                bytes += row.cost();
                batch.push((row, set_aside));
                if batch.len() >= ROWS || bytes >= BYTES {
                    new.adopt(&batch)?;
                    batch.clear();
                    bytes = 0;
                }
            }
            Next::Gap(end) => {
                salvaged.gaps += 1;
                seq = end;
            }
            Next::UnreadableRest => {
                salvaged.gaps += 1;
                break;
            }
            Next::End => break,
        }
    }
    new.adopt(&batch)?;
    Ok(salvaged)
}

enum Next {
    Row(i64, Row, Option<String>),
    /// Nothing can be read up to this place, from which on it can.
    Gap(i64),
    UnreadableRest,
    End,
}

/// The next row; where it cannot be read, the nearest place beyond from which one can: steps that double find one, halving
/// them finds the first.
fn next(old: &Database, seq: i64) -> Next {
    match old.row_after(seq) {
        Ok(Some((at, row, set_aside))) => return Next::Row(at, row, set_aside),
        Ok(None) => return Next::End,
        Err(_) => {}
    }
    let is_readable = |place: i64| old.row_after(place).is_ok();
    let mut unreadable = seq;
    let mut step = 1;
    let mut readable = loop {
        let Some(place) = seq.checked_add(step) else { return Next::UnreadableRest };
        if is_readable(place) {
            break place;
        }
        unreadable = place;
        let Some(doubled) = step.checked_mul(2) else { return Next::UnreadableRest };
        step = doubled;
    };
    while readable - unreadable > 1 {
        let middle = unreadable + (readable - unreadable) / 2;
        if is_readable(middle) { readable = middle } else { unreadable = middle }
    }
    Next::Gap(readable)
}
