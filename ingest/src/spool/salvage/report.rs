//! What became of the rows of a file that was read to its end.

use super::Range;
use super::missing::Missing;
use super::ranges::Ranges;
use crate::spool::error::StoreError;

/// How far the index of ids could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum IndexRead {
    #[default]
    Not,
    Whole,
    /// A part of it is damaged.
    Damaged,
    /// The disk does not give it, but may later.
    Failing,
}

/// What reading the file has found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) asked: Ranges,
    /// What the disk did not give, but may later.
    pub(super) left: Ranges,
    /// The index that the table was compared with: a row that damage hides is known by that alone.
    pub(super) index: IndexRead,
    pub(super) missing: Missing,
    /// What of it was in the end of the log, which is lost.
    pub(super) end_of_log: Vec<Range>,
    /// Whether some of the pages in which it was looked for could not be read.
    pub(super) lacks_pages: bool,
}

/// Rows that are missing and were not drained before, by the index.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) index: IndexRead,
    pub(super) count: u64,
    /// The ids of the first of them.
    pub(super) ids: Vec<String>,
}

/// What is known of a file that was read to its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::spool) struct SalvageReport {
    /// How many deliveries are named whose bytes are gone, and the ids of the first of them.
    pub(in crate::spool) lost: u64,
    pub(in crate::spool) lost_ids: Vec<String>,
    /// How many others were stored whose ids are gone too, at most: some may have been drained before.
    pub(in crate::spool) lost_without_id: u64,
    /// Whether there may be others, of which nothing is left.
    pub(in crate::spool) may_have_lost_more: bool,
    /// What is to be read again later; rows that are done may be among it.
    pub(in crate::spool) left: Ranges,
}

impl IndexRead {
    pub(super) const fn of(read: &Result<(), StoreError>) -> Self {
        match read {
            Ok(()) => Self::Whole,
            Err(StoreError::Damaged(_)) => Self::Damaged,
            Err(_) => Self::Failing,
        }
    }
}

impl Findings {
    /// Decides, by the first row that applies:
    ///
    /// | | lost | left, to be read again |
    /// |---|---|---|
    /// | the table could not be compared with an index that the disk may give later | nothing yet | all that was asked for |
    /// | no row is missing | nothing that is known of | what the disk did not give |
    /// | nor does it give the index to name those that are, or it does not give all pages | nothing yet | that, and what is missing |
    /// | otherwise | what is missing and not drained | what the disk did not give |
    ///
    /// An index is not waited for any more once that `has_waited` long enough. Where it is not whole, more may be lost than is known.
    /// `name` goes through it again.
    pub(super) fn report(self, has_waited: bool, name: impl FnOnce(&Missing) -> Named) -> SalvageReport {
        let Self { asked, mut left, index: compared, missing, end_of_log, lacks_pages } = self;
        let is_waited_for = |index| index == IndexRead::Failing && !has_waited;
        if is_waited_for(compared) {
            left.extend(asked.iter().cloned());
            return SalvageReport { left, ..SalvageReport::default() };
        }
        let may_have_lost_more = compared != IndexRead::Whole;
        if missing.is_empty() {
            return SalvageReport { may_have_lost_more, left, ..SalvageReport::default() };
        }
        let Named { index, count: lost, ids: lost_ids } = name(&missing);
        if is_waited_for(index) || lacks_pages {
            left.extend(missing.ranges());
            return SalvageReport { left, ..SalvageReport::default() };
        }
        let without_id = |end: &Range| {
            let count = end.end().abs_diff(*end.start()) + 1;
            count.saturating_sub(missing.seen.within(end).count() as u64)
        };
        SalvageReport {
            lost,
            lost_ids,
            lost_without_id: end_of_log.iter().map(without_id).sum(),
            may_have_lost_more: may_have_lost_more || index != IndexRead::Whole,
            left,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a file of ten rows, of which the first was not read, and some are missing.
    fn report(compared: IndexRead, missing: &[i64], named: IndexRead, lacks_pages: bool) -> SalvageReport {
        let findings = Findings {
            asked: std::iter::once(1..=10).collect(),
            left: std::iter::once(1..=1).collect(),
            index: compared,
            missing: Missing { gaps: missing.iter().map(|seq| *seq..=*seq).collect(), ..Missing::default() },
            end_of_log: vec![9..=10],
            lacks_pages,
        };
        let mut is_named = false;
        let report = findings.report(false, |_| {
            is_named = true;
            Named { index: named, count: 2, ids: Vec::new() }
        });
        assert_eq!(is_named, compared != IndexRead::Failing && !missing.is_empty());
        report
    }

    #[test]
    fn a_row_is_lost_once_all_that_may_have_it_was_read() {
        use IndexRead::{Damaged, Failing, Whole};
        let ranges = |ranges: &[Range]| ranges.iter().cloned().collect::<Ranges>();
        let left = |left| SalvageReport { left: ranges(left), ..SalvageReport::default() };
        assert_eq!(report(Failing, &[5], Whole, false), left(&[1..=10]));
        assert_eq!(report(Whole, &[], Whole, false), left(&[1..=1]));
        assert!(report(Damaged, &[], Whole, false).may_have_lost_more);
        assert_eq!(report(Whole, &[5], Failing, false), left(&[1..=1, 5..=5]));
        assert_eq!(report(Damaged, &[5], Whole, true), left(&[1..=1, 5..=5]));
        let lost = SalvageReport { lost: 2, lost_without_id: 2, ..left(&[1..=1]) };
        assert_eq!(report(Whole, &[5], Whole, false), lost);
        assert_eq!(report(Whole, &[5], Damaged, false), SalvageReport { may_have_lost_more: true, ..lost });
    }
}
