//! A range of a topic's records.

use runtime::consumer::Record;
use runtime::kafka::partitioner::partition_of;
use schemas::Millis;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Where the records of so many keys lie is no chance; one key alone tells nothing, however many records it has.
const ENOUGH_TO_TELL: usize = 20;

/// Where a record lies that is not where its key says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Elsewhere {
    pub(super) key: Vec<u8>,
    pub(super) partition: i32,
}

/// From where to where, of every partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) topic: Arc<str>,
    /// Its partitions.
    pub(crate) spans: Vec<Span>,
    /// Of which records, where offsets alone do not say it: of brokers that find none by time.
    pub(super) period: Option<Period>,
}

/// From when to when records were written, as they themselves tell it; open where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(super) since: Option<Millis>,
    pub(super) until: Option<Millis>,
}

impl Period {
    /// Whether a record was written in it; one that does not say when may have been.
    pub(super) fn may_hold(self, record: &Record) -> bool {
        let Some(at) = record.timestamp.map(Millis::of) else { return true };
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
    }
}

/// From where to where, of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) partition: i32,
    /// The first offset that retention has left.
    pub(crate) low: i64,
    /// The offset after the last that was there when the range was asked for.
    pub(crate) high: i64,
    /// The first offset that is read.
    pub(crate) from: i64,
    /// The offset after the last that is read.
    pub(crate) to: i64,
}

impl Span {
    /// Ends where what can be read does; gives the first offset that is left out so, if any is.
    pub(super) fn end_at(&mut self, readable: i64) -> Option<i64> {
        let first = readable.max(self.from);
        let is_left_out = first < self.to;
        self.to = self.to.min(first);
        is_left_out.then_some(first)
    }
}

impl Range {
    /// Leaves only the partition that records of this key are in.
    pub(crate) fn narrow_to(&mut self, key: &str) {
        self.narrow_to_since(key, self.partitions());
    }

    /// Leaves only the partitions that records of this key are in, or were while there were so many of them, or any number since.
    pub(crate) fn narrow_to_since(&mut self, key: &str, former: i32) {
        let counts = former..=self.partitions();
        let partitions: BTreeSet<_> = counts.map(|count| partition_of(key.as_bytes(), count)).collect();
        self.spans.retain(|span| partitions.contains(&span.partition));
    }

    fn partitions(&self) -> i32 {
        i32::try_from(self.spans.len()).unwrap_or(i32::MAX)
    }

    /// Only the first records of each partition, so many at most.
    pub(crate) fn beginning(&self, most: i64) -> Self {
        let mut range = self.clone();
        for span in &mut range.spans {
            span.to = span.to.min(span.from.saturating_add(most));
        }
        range
    }

    /// Whether a record lies in another partition than the one that its key is in by their number now: that was another when it was
    /// written, or whoever wrote it goes by another rule.
    pub(super) fn has_elsewhere(&self, record: &Record) -> bool {
        record.key.as_ref().is_some_and(|key| partition_of(key, self.partitions()) != record.partition)
    }

    /// How many partitions there were when these records were written, which lie elsewhere than their keys say: the least number
    /// that explains all of them. None where none does, as of one who writes by another rule, and of too few keys to tell.
    pub(crate) fn former_partitions(&self, elsewhere: &[Elsewhere]) -> Option<i32> {
        let explains = |count: &i32| {
            elsewhere.iter().all(|Elsewhere { key, partition }| partition_of(key, *count) == *partition)
        };
        let keys: BTreeSet<_> = elsewhere.iter().map(|Elsewhere { key, .. }| key).collect();
        (1..self.partitions()).find(explains).filter(|_| keys.len() >= ENOUGH_TO_TELL)
    }

    /// Whether retention may have removed records of its beginning: it begins with the first that a partition has left.
    pub(crate) fn may_be_cut_off(&self) -> bool {
        self.spans.iter().any(|span| span.low > 0 && span.from == span.low)
    }

    /// How many records there are at most: offsets can have gaps.
    pub(crate) fn at_most(&self) -> u64 {
        self.spans.iter().map(|span| u64::try_from(span.to - span.from).unwrap_or_default()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::consumer::Headers;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn a_period_ends_before_its_end_and_holds_what_does_not_say_when() {
        let at = |seconds: Option<u64>| Record {
            topic: Arc::from("meta.messages.v1"),
            partition: 0,
            offset: 0,
            timestamp: seconds.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds)),
            key: None,
            value: None,
            headers: Headers::default(),
        };
        let second = |second: u64| Some(Millis::since_epoch(second * 1_000));
        let period = Period { since: second(5), until: second(7) };
        let held: Vec<u64> = (4..9).filter(|second| period.may_hold(&at(Some(*second)))).collect();
        assert_eq!(held, [5, 6]);
        assert!(period.may_hold(&at(None)));
        assert!(Period { since: second(5), until: None }.may_hold(&at(Some(99))));
    }

    #[test]
    fn a_span_ends_where_an_open_transaction_begins_and_tells_what_that_leaves_out() {
        let cut = |readable| {
            let mut span = Span { partition: 0, low: 0, high: 9, from: 3, to: 6 };
            (span.end_at(readable), span.from, span.to)
        };
        assert_eq!([cut(9), cut(6)], [(None, 3, 6); 2]);
        assert_eq!(cut(5), (Some(5), 3, 5));
        assert_eq!([cut(3), cut(1)], [(Some(3), 3, 3); 2]);
    }

    #[test]
    fn a_range_counts_its_offsets_and_one_that_ends_before_it_starts_none() {
        let span = |from, to| Span { partition: 0, low: 0, high: 9, from, to };
        let range =
            Range { topic: Arc::from("t"), spans: vec![span(3, 5), span(7, 7), span(9, 8)], period: None };
        assert_eq!(range.at_most(), 2);
    }

    #[test]
    fn a_record_of_before_the_partitions_were_raised_lies_elsewhere() {
        let of = |partitions| {
            let span = |partition| Span { partition, low: 0, high: 200, from: 50, to: 200 };
            Range { topic: Arc::from("t"), spans: (0..partitions).map(span).collect(), period: None }
        };
        let key = (0..99).map(|user| format!("17:{user}").into_bytes());
        let key = key.into_iter().find(|key| partition_of(key, 12) != partition_of(key, 17)).unwrap();
        let partition = partition_of(&key, 12);
        let (topic, key, headers) = (Arc::from("t"), Some(key), Headers::default());
        let record = Record { topic, partition, offset: 0, timestamp: None, key, value: None, headers };
        assert!(!of(12).has_elsewhere(&record) && of(17).has_elsewhere(&record));
        assert!(!of(17).has_elsewhere(&Record { key: None, ..record }));
        assert_eq!((of(12).beginning(100).at_most(), of(12).beginning(500).at_most()), (1_200, 1_800));
    }

    #[test]
    fn where_partitions_were_raised_a_key_is_looked_for_where_it_was_since() {
        let span = |partition| Span { partition, low: 0, high: 9, from: 0, to: 9 };
        let range = Range { topic: Arc::from("t"), spans: (0..17).map(span).collect(), period: None };
        let keys: Vec<_> = (0..200).map(|user| format!("17:{user}")).collect();
        let under = |count: i32| {
            let of = |key: &String| (key.clone().into_bytes(), partition_of(key.as_bytes(), count));
            let elsewhere =
                keys.iter().map(of).filter(|(key, partition)| partition_of(key, 17) != *partition);
            elsewhere.map(|(key, partition)| Elsewhere { key, partition }).collect::<Vec<_>>()
        };
        for former in [1, 6, 12, 16] {
            assert_eq!(range.former_partitions(&under(former)), Some(former));
        }
        // Raised twice, too few to tell, one conversation alone, and by no rule at all.
        let raised_twice = [under(12), under(15)].concat();
        let by_chance = under(12).into_iter().zip((0..17).cycle());
        let by_chance: Vec<_> =
            by_chance.map(|(elsewhere, partition)| Elsewhere { partition, ..elsewhere }).collect();
        let conversation = vec![under(12)[0].clone(); 100];
        for elsewhere in [&raised_twice[..], &under(12)[..19], &conversation, &by_chance, &[]] {
            assert_eq!(range.former_partitions(elsewhere), None);
        }
        for key in &keys {
            let mut narrow = range.clone();
            narrow.narrow_to_since(key, 12);
            let left: Vec<_> = narrow.spans.iter().map(|span| span.partition).collect();
            assert!(
                (12..=17).all(|count| left.contains(&partition_of(key.as_bytes(), count))) && left.len() <= 6
            );
        }
    }

    #[test]
    fn a_range_that_begins_where_retention_ends_may_be_cut_off() {
        let range = |low, from| {
            let spans = vec![Span { partition: 0, low, high: 9, from, to: 9 }];
            Range { topic: Arc::from("t"), spans, period: None }
        };
        assert!(range(5, 5).may_be_cut_off());
        assert!(!range(5, 6).may_be_cut_off() && !range(0, 0).may_be_cut_off());
    }
}
