//! How often in a row calls have failed that can be answered: pure.

use std::collections::VecDeque;
use std::time::Instant;

/// When it was seen of a call that it can be answered, and how often in a row it had failed; each later one is shorter.
#[derive(Debug, Default)]
pub(super) struct Recovered(VecDeque<(Instant, u32)>);

impl Recovered {
    /// A call that can be answered had failed so often in a row.
    pub(super) fn note(&mut self, row: u32, now: Instant) {
        // An older run that is no longer than this one can never again be the longest since any moment: drop it. So there are at most
        // as many as the longest has failures.
        while self.0.back().is_some_and(|(_, other)| *other <= row) {
            self.0.pop_back();
        }
        self.0.push_back((now, row));
    }

    /// The longest row of what was seen after `then`.
    pub(super) fn longest_since(&self, then: Instant) -> u32 {
        self.0.iter().find(|(seen, _)| *seen > then).map_or(0, |(_, row)| *row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_longest_row_is_that_of_what_was_seen_since() {
        let (mut recovered, start) = (Recovered::default(), Instant::now());
        let at = |second| start + Duration::from_secs(second);
        for (second, row) in [(1, 9), (2, 1), (3, 4), (4, 2), (5, 2)] {
            recovered.note(row, at(second));
        }
        let longest: Vec<_> = (0..6).map(|second| recovered.longest_since(at(second))).collect();
        assert_eq!(longest, [9, 4, 4, 2, 2, 0]);
        assert_eq!(recovered.0.len(), 3);
    }
}
