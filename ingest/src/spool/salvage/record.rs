//! Parses a row of the table from a page of SQLite's file: <https://sqlite.org/fileformat.html>, "B-tree Pages" and
//! "Record Format". Whatever the bytes are, parsing ends, with a row or none.

use super::super::database::StoredRow;
use crate::signature::Row;
use bytes::Bytes;

pub(super) const PAGE: usize = 4096;
/// Types of pages that are no table leaves; the first byte of an overflow page is mostly zero.
const OTHERS: [u8; 4] = [0x00, 0x02, 0x05, 0x0a];
const LEAF_HEADER: usize = 8;
const COLUMNS: usize = 9;
/// Larger than any row: the body of a delivery has 64 MiB at most, and little goes with it.
const MAX_ROW_BYTES: u64 = 65 << 20;

/// A row on a page: its `seq`, and where its payload begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) seq: i64,
    pub(super) start: usize,
    pub(super) bytes: usize,
}

/// What may be the rows of a page. Its header, the type and the number of rows, is not trusted: the digest of a row
/// tells.
pub(super) fn cells(page: &[u8]) -> Vec<Cell> {
    if page.first().is_none_or(|kind| OTHERS.contains(kind)) {
        return Vec::new();
    }
    let pointers = (LEAF_HEADER..PAGE)
        .step_by(2)
        .map_while(|at| page.get(at..)?.first_chunk().copied().map(u16::from_be_bytes).map(usize::from));
    let plausible =
        pointers.enumerate().take_while(|(cell, at)| *at >= LEAF_HEADER + 2 * cell && *at < PAGE - 4);
    plausible.filter_map(|(_, at)| read_cell(page, at)).collect()
}

fn read_cell(page: &[u8], at: usize) -> Option<Cell> {
    let (bytes, at) = varint(page, at)?;
    let (seq, start) = varint(page, at)?;
    let bytes = u64::try_from(bytes).ok().filter(|bytes| *bytes <= MAX_ROW_BYTES)?;
    Some(Cell { seq, start, bytes: usize::try_from(bytes).ok()? })
}

impl Cell {
    /// The part of the payload on the page itself, and the first overflow page.
    pub(super) fn local<'a>(&self, page: &'a [u8]) -> Option<(&'a [u8], Option<u32>)> {
        let most = PAGE - 35;
        if self.bytes <= most {
            return Some((page.get(self.start..self.start + self.bytes)?, None));
        }
        let least = (PAGE - 12) * 32 / 255 - 23;
        let fitting = least + (self.bytes - least) % (PAGE - 4);
        let end = self.start + if fitting <= most { fitting } else { least };
        let rest = page.get(end..end + 4)?.try_into().ok().map(u32::from_be_bytes)?;
        Some((page.get(self.start..end)?, Some(rest)))
    }
}

/// The row of a payload; only its digest tells whether it is what was written.
pub(super) fn row(seq: i64, payload: &[u8]) -> Option<StoredRow> {
    let (header, mut at) = varint(payload, 0)?;
    let header = usize::try_from(header).ok()?;
    let mut start = header;
    let mut values = Vec::with_capacity(COLUMNS);
    while at < header {
        let (kind, next) = varint(payload, at)?;
        let length = length_of(kind)?;
        values.push((kind, payload.get(start..start.checked_add(length)?)?));
        (at, start) = (next, start + length);
    }
    let [_, id, received, app, headers, _, digest, parked, body] = values.try_into().ok()?;
    let text = |(_, bytes): (i64, &[u8])| String::from_utf8_lossy(bytes).into_owned();
    let row = Row {
        id: text(id),
        received: integer(received)?,
        app: text(app),
        headers: text(headers),
        body: Bytes::copy_from_slice(body.1),
        digest: digest.1.to_vec(),
    };
    let parked = (parked.0 != 0).then(|| text(parked).into());
    Some(StoredRow { seq, row, parked })
}

fn length_of(kind: i64) -> Option<usize> {
    match kind {
        0 | 8 | 9 => Some(0),
        1..=4 => usize::try_from(kind).ok(),
        5 => Some(6),
        6 | 7 => Some(8),
        12.. => usize::try_from((kind - 12) / 2).ok(),
        _ => None,
    }
}

fn integer((kind, bytes): (i64, &[u8])) -> Option<i64> {
    match kind {
        8 => Some(0),
        9 => Some(1),
        1..=6 => {
            let first = i64::from(i8::from_be_bytes([*bytes.first()?]));
            Some(bytes[1..].iter().fold(first, |value, byte| value << 8 | i64::from(*byte)))
        }
        _ => None,
    }
}

/// A number of one to nine bytes, and where it ends.
fn varint(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    let mut value = 0u64;
    for index in 0..9 {
        let byte = *bytes.get(at + index)?;
        if index == 8 {
            return Some(((value << 8 | u64::from(byte)).cast_signed(), at + 9));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some((value.cast_signed(), at + index + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_sqlite_writes_them() {
        assert_eq!(varint(&[0x7f], 0), Some((127, 1)));
        assert_eq!(varint(&[0, 0x81, 0x00], 1), Some((128, 3)));
        assert_eq!(varint(&[0xff; 9], 0), Some((-1, 9)));
        assert_eq!(varint(&[0x81], 0), None);
        assert_eq!(integer((5, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xfe])), Some(-2));
        assert_eq!(integer((2, &[1, 2])), Some(258));
    }

    #[test]
    fn a_row_with_the_largest_body_that_ingest_takes_is_one() {
        let mut page = vec![0u8; PAGE];
        page[0] = 0x0d;
        page[8..10].copy_from_slice(&[0, 64]);
        // 64 MiB and 300 bytes, as a number of four bytes; then its `seq`.
        page[64..69].copy_from_slice(&[0xa0, 0x80, 0x82, 0x2c, 7]);
        assert_eq!(cells(&page), [Cell { seq: 7, start: 69, bytes: (64 << 20) + 300 }]);
    }

    #[test]
    fn any_bytes_at_all_are_read_to_their_end() {
        let mut state = 1u64;
        for _ in 0..2000 {
            let mut page = vec![0u8; PAGE];
            for byte in &mut page {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *byte = (state >> 33).to_le_bytes()[0];
            }
            page[0] = 0x0d;
            for cell in cells(&page) {
                if let Some((local, _)) = cell.local(&page) {
                    assert!(row(cell.seq, local).is_none_or(|stored| !stored.row.is_intact()));
                }
            }
        }
    }
}
