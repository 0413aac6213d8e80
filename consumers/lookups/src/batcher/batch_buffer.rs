//! Calls that wait to be sent together: pure.

use super::turns::Row;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// What waits, by what it may be sent with.
#[derive(Debug)]
pub(super) struct BatchBuffer<K, T> {
    rows: BTreeMap<Row<K>, VecDeque<(Instant, T)>>,
    wait: Duration,
}

impl<K: Ord + Clone, T> BatchBuffer<K, T> {
    /// Nothing waits longer than `wait`.
    pub(super) const fn new(wait: Duration) -> Self {
        Self { rows: BTreeMap::new(), wait }
    }

    /// Puts a call to those that it may be sent with; it waits since `since`.
    pub(super) fn put(&mut self, row: Row<K>, since: Instant, call: T) {
        self.rows.entry(row).or_default().push_back((since, call));
    }

    /// The calls of a row that is full, or whose first call has waited long enough; of several, of the one whose turn is earliest, and
    /// then whose first call has waited longest.
    pub(super) fn take<O: Ord>(
        &mut self,
        now: Instant,
        turn: impl Fn(&Row<K>) -> O,
    ) -> Option<(Row<K>, Vec<T>)> {
        let waited =
            |row: &VecDeque<(Instant, T)>| row.front().is_some_and(|(since, _)| now >= *since + self.wait);
        let due = self.rows.iter().filter(|(place, row)| row.len() >= place.batch_size || waited(row));
        let (place, _) =
            due.min_by_key(|(place, row)| (turn(place), row.front().map(|(since, _)| *since)))?;
        let place = place.clone();
        let row = self.rows.get_mut(&place)?;
        let count = row.len().min(place.batch_size);
        let calls = row.drain(..count).map(|(_, call)| call).collect();
        self.rows.retain(|_, row| !row.is_empty());
        Some((place, calls))
    }

    /// When [`Self::take`] will give something, if nothing more comes.
    pub(super) fn due(&self) -> Option<Instant> {
        self.rows.values().filter_map(|row| row.front()).map(|(since, _)| *since + self.wait).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_millis(50);

    const fn row(batch_size: usize, app: &'static str) -> Row<&'static str> {
        Row { app, batch_size, alone: None }
    }

    /// As long as it is everybody's turn.
    fn take<T>(buffer: &mut BatchBuffer<&'static str, T>, now: Instant) -> Option<Vec<T>> {
        buffer.take(now, |_| ()).map(|(_, calls)| calls)
    }

    #[test]
    fn a_full_row_goes_at_once_and_the_rest_waits() {
        let (mut buffer, now) = (BatchBuffer::new(WAIT), Instant::now());
        for call in 0..7 {
            buffer.put(row(3, ""), now, call);
        }
        assert_eq!(take(&mut buffer, now), Some(vec![0, 1, 2]));
        assert_eq!(take(&mut buffer, now), Some(vec![3, 4, 5]));
        assert_eq!(take(&mut buffer, now), None);
        assert_eq!(buffer.due(), Some(now + WAIT));
        assert_eq!(take(&mut buffer, now + WAIT), Some(vec![6]));
        assert_eq!((take(&mut buffer, now + WAIT), buffer.due()), (None, None));
    }

    #[test]
    fn who_must_go_alone_goes_alone() {
        let (mut buffer, now) = (BatchBuffer::new(WAIT), Instant::now());
        buffer.put(row(50, ""), now, "in a batch");
        buffer.put(row(1, ""), now, "alone");
        buffer.put(row(1, ""), now, "alone too");
        assert_eq!(take(&mut buffer, now), Some(vec!["alone"]));
        assert_eq!(take(&mut buffer, now), Some(vec!["alone too"]));
        assert_eq!(take(&mut buffer, now), None);
    }

    #[test]
    fn who_has_waited_longest_goes_before_those_whose_row_is_full_again_and_again() {
        let (mut buffer, start) = (BatchBuffer::new(WAIT), Instant::now());
        buffer.put(row(50, "a host with batches"), start, "in a batch");
        for call in ["alone", "alone too"] {
            buffer.put(row(1, "a host without"), start + WAIT, call);
        }
        let mut taken = || take(&mut buffer, start + WAIT);
        assert_eq!([taken(), taken()], [Some(vec!["in a batch"]), Some(vec!["alone"])]);
    }

    #[test]
    fn the_wait_is_that_of_the_first_one() {
        let (mut buffer, now) = (BatchBuffer::new(WAIT), Instant::now());
        buffer.put(row(50, ""), now, 1);
        buffer.put(row(50, ""), now + WAIT, 2);
        assert_eq!(buffer.due(), Some(now + WAIT));
        assert_eq!(take(&mut buffer, now + WAIT), Some(vec![1, 2]));
    }
}
