//! Any bytes as a page of a damaged spool: reading ends, and a row that was written is found, whatever stands beside it.

#![no_main]

mod signature {
    /// As ingest has it; what it is is checked by the compiler where it is made.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Row {
        pub id: String,
        pub received: i64,
        pub app: String,
        pub headers: String,
        pub body: bytes::Bytes,
        pub digest: Vec<u8>,
    }
}

#[path = "../../../ingest/src/spool"]
mod spool {
    pub mod database {
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct StoredRow {
            pub seq: i64,
            pub row: crate::signature::Row,
            pub parked: Option<String>,
        }
    }

    pub mod salvage {
        mod record;

        pub const PAGE: usize = record::PAGE;

        /// The rows that are whole on one page.
        pub fn rows(page: &[u8]) -> Vec<super::database::StoredRow> {
            let cells = record::cells(page);
            let whole = cells.iter().filter_map(|cell| {
                let (local, rest) = cell.local(page)?;
                rest.is_none().then(|| record::row(cell.seq, local)).flatten()
            });
            whole.collect()
        }
    }
}

use signature::Row;
use spool::database::StoredRow;
use spool::salvage::{PAGE, rows};

/// Where a written row begins; the header of the page and the pointers are before it.
const AT: usize = 64;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut page = vec![0; PAGE];
    let bytes = input.len().min(PAGE);
    page[..bytes].copy_from_slice(&input[..bytes]);
    rows(&page);
    if let Some(stored) = stored(input) {
        let cell = cell(&stored);
        // A leaf of a table with one row, and what the input says in the room behind it.
        page[..8].copy_from_slice(&[0x0d, 0, 0, 0, 1, 0, 0, 0]);
        page[8..10].copy_from_slice(&u16::try_from(AT).expect("small").to_be_bytes());
        page[AT..AT + cell.len()].copy_from_slice(&cell);
        assert!(rows(&page).contains(&stored), "{stored:?}");
    }
});

/// A row of the input's bytes that fits on a page.
fn stored(input: &[u8]) -> Option<StoredRow> {
    let (seq, rest) = input.split_first_chunk::<8>()?;
    let (received, rest) = rest.split_first_chunk::<8>()?;
    let (&[id, app, headers], rest) = rest.split_first_chunk::<3>()?;
    let mut rest = rest.get(..rest.len().min(3_000))?;
    let mut text = |length: u8| {
        let (text, after) = rest.split_at(usize::from(length / 2).min(rest.len()));
        rest = after;
        String::from_utf8_lossy(text).into_owned()
    };
    let (id, app, headers) = (text(id), text(app), text(headers));
    let parked = (headers.len() % 2 == 1).then(|| app.clone());
    let body = bytes::Bytes::copy_from_slice(rest);
    let received = i64::from_be_bytes(*received);
    let row = Row { id, received, app, headers, body, digest: seq.to_vec() };
    Some(StoredRow { seq: i64::from_be_bytes(*seq), row, parked })
}

/// As SQLite writes it: the length of the payload, `seq`, and the payload with its header.
fn cell(StoredRow { seq, row, parked }: &StoredRow) -> Vec<u8> {
    let (text, blob) = (|text: &str| 13 + 2 * text.len() as u64, |bytes: &[u8]| 12 + 2 * bytes.len() as u64);
    let kinds = [
        0,
        text(&row.id),
        6,
        text(&row.app),
        text(&row.headers),
        0,
        blob(&row.digest),
        parked.as_deref().map_or(0, text),
        blob(&row.body),
    ];
    let kinds: Vec<u8> = kinds.into_iter().flat_map(varint).collect();
    // The length of the header counts itself, which is one byte as long as it is short.
    let header = [varint(kinds.len() as u64 + 1), kinds].concat();
    let received = row.received.to_be_bytes();
    let parked = parked.as_deref().unwrap_or_default().as_bytes();
    let payload = [
        &header,
        row.id.as_bytes(),
        &received,
        row.app.as_bytes(),
        row.headers.as_bytes(),
        &row.digest,
        parked,
        &row.body,
    ]
    .concat();
    [varint(payload.len() as u64), varint(seq.cast_unsigned()), payload].concat()
}

fn varint(value: u64) -> Vec<u8> {
    if value >> 56 != 0 {
        let first = (0..8).rev().map(|group| (value >> (8 + 7 * group)) as u8 & 0x7f | 0x80);
        return first.chain([value as u8]).collect();
    }
    let groups = (0..8).rev().skip_while(|group| *group > 0 && value >> (7 * group) == 0);
    groups.map(|group| (value >> (7 * group)) as u8 & 0x7f | if group > 0 { 0x80 } else { 0 }).collect()
}
