//! Reads everything that a spool has, as the drain does, and checks that nothing is invented or altered.

use super::super::super::salvage::{Ranges, Salvage, SalvageReport, SeqSet};
use super::*;

/// What came of all files.
#[derive(Debug, Default)]
pub(super) struct Drained {
    pub(super) ids: HashSet<String>,
    pub(super) lost: Vec<String>,
    pub(super) lost_without_id: u64,
    pub(super) may_have_lost_more: bool,
}

/// Reads everything as the drain does: retired files first, then the one that is written.
pub(super) fn drain(store: &mut Store, rows: &[Row], case: &str) -> Drained {
    let mut drained = Drained::default();
    for _ in 0..10 {
        let read = store.read(usize::MAX, u64::MAX);
        if read.is_empty() && matches!(store.state, State::Failed { .. }) {
            retry(store);
            continue;
        }
        drained.take(read, rows, case);
        break;
    }
    for path in store.parts.backlog.paths() {
        drained.take_retired(&path, rows, case);
    }
    drained
}

impl Drained {
    fn take(&mut self, read: Vec<StoredRow>, rows: &[Row], case: &str) {
        for stored in read {
            let Some(written) = rows.iter().find(|row| row.id == stored.row.id) else {
                assert!(!stored.row.is_intact(), "{case}: invented");
                self.may_have_lost_more = true;
                continue;
            };
            if stored.row.is_intact() {
                assert_eq!(&stored.row, written, "{case}: altered");
                self.ids.insert(stored.row.id);
            } else {
                self.lost.push(stored.row.id);
            }
        }
    }

    fn take_retired(&mut self, path: &Path, rows: &[Row], case: &str) {
        let before = contents(path);
        let mut retired = Salvage::of(path.to_owned(), Ranges::all());
        loop {
            let read = retired.next(7, u64::MAX).unwrap_or_else(|error| panic!("{case}: {error}"));
            if read.is_empty() {
                break;
            }
            self.take(read, rows, case);
        }
        let SalvageReport { lost, lost_ids, lost_without_id, may_have_lost_more, left } =
            retired.outcome(&SeqSet::default(), false);
        assert!(left.is_empty(), "{case}: {left:?}");
        assert_eq!(lost, lost_ids.len() as u64);
        self.lost.extend(lost_ids);
        self.lost_without_id += lost_without_id;
        self.may_have_lost_more |= may_have_lost_more;
        assert!(contents(path) == before, "{case}: a retired file was written");
    }
}

/// The database and its log; an empty log is as good as none.
fn contents(path: &Path) -> [Vec<u8>; 2] {
    ["", "-wal"].map(|suffix| fs::read(files::with_suffix(path, suffix)).unwrap_or_default())
}
