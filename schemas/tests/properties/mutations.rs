//! The fixtures with a few bytes changed, as strategies.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::fs;
use std::path::Path;

/// A fixture after up to eight edits.
pub(crate) fn mutated_fixture() -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec((any::<Index>(), edit()), 0..8);
    (select(fixtures()), edits).prop_map(|(mut body, edits)| {
        for (at, edit) in edits {
            edit.apply(at.index(body.len() + 1), &mut body);
        }
        body
    })
}

fn fixtures() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let folders = fs::read_dir(root).unwrap().map(|folder| folder.unwrap().path());
    let mut files: Vec<_> = folders
        .filter(|path| path.is_dir())
        .flat_map(|folder| fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    // In an order of its own on every machine, a seed would give other bodies there.
    files.sort();
    assert!(files.len() > 20, "the fixtures are missing");
    files.iter().map(|path| fs::read(path).unwrap()).collect()
}

#[derive(Clone, Debug)]
enum Edit {
    Insert(Vec<u8>),
    Replace(Vec<u8>),
    Delete(usize),
    Repeat(usize),
    Cut,
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        4 => piece().prop_map(Edit::Insert),
        4 => piece().prop_map(Edit::Replace),
        2 => (1..40_usize).prop_map(Edit::Delete),
        2 => (1..200_usize).prop_map(Edit::Repeat),
        1 => Just(Edit::Cut),
    ]
}

/// Bytes that mean something in JSON or in UTF-8, or any byte.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let telling: Vec<&[u8]> = vec![
        b"\"",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\0",
        b"\n",
        b" ",
        b"0",
        b"-",
        b"e",
        b"null",
        b"true",
        b"{}",
        b"[]",
        b"\"\"",
        b"1e999",
        b"\\ud83d",
        b"\\u0000",
        b"\xef\xbb\xbf",
        b"\xff",
        b"\xed\xa0\xbd",
        b",\"id\":\"1\"",
        b"\"field\":\"comments\",",
        b"\"messaging\":[],",
        b"\"value\":{},",
    ];
    prop_oneof![
        3 => select(telling).prop_map(<[u8]>::to_vec),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ]
}

impl Edit {
    fn apply(self, at: usize, body: &mut Vec<u8>) {
        let until = |length: usize| (at + length).min(body.len());
        match self {
            Self::Insert(piece) => drop(body.splice(at..at, piece)),
            Self::Replace(piece) => drop(body.splice(at..until(piece.len()), piece)),
            Self::Delete(length) => drop(body.drain(at..until(length))),
            Self::Repeat(length) => {
                let again = body[at..until(length)].to_vec();
                drop(body.splice(at..at, again));
            }
            Self::Cut => body.truncate(at),
        }
    }
}
