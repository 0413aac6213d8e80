//! What became of a round of deliveries, and how large the next one is.

use super::super::database::{ParkReason, StoredRow};

/// Deliveries in flight at once. As many may be on Kafka twice when the process is killed.
pub(super) const ROUND: usize = 256;

/// What became of a round.
#[derive(Debug, Default)]
pub(super) struct RoundOutcome {
    pub(super) acknowledged: Vec<StoredRow>,
    pub(super) refused: Vec<(StoredRow, ParkReason)>,
    /// To be sent again, in their order.
    pub(super) again: Vec<StoredRow>,
    pub(super) has_failed: bool,
}

impl RoundOutcome {
    /// How many deliveries the round after one of this size has: a single one, to try with, where Kafka acknowledged none or failed,
    /// else twice as many. Where it takes some at once and not all, as by the size of their batch, most rounds are of what it takes.
    pub(super) fn next_size(&self, size: usize) -> usize {
        if self.has_failed || self.acknowledged.is_empty() { 1 } else { (2 * size).min(ROUND) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::sample;

    fn row() -> StoredRow {
        let text = include_bytes!("../../../../schemas/fixtures/message/text.json");
        StoredRow { seq: 1, row: sample(text).to_row(), parked: None }
    }

    #[test]
    fn only_a_round_of_which_kafka_took_something_and_refused_nothing_is_followed_by_a_larger_one() {
        let next = |acknowledged, again, has_failed, size| {
            RoundOutcome { acknowledged, again, has_failed, refused: Vec::new() }.next_size(size)
        };
        assert_eq!(next(vec![row()], Vec::new(), false, 64), 128);
        assert_eq!(next(vec![row()], Vec::new(), false, ROUND), ROUND);
        assert_eq!(next(vec![row()], vec![row()], true, 64), 1);
        assert_eq!(next(Vec::new(), vec![row()], false, 64), 1, "it only waited for one in flight");
    }
}
