//! What became of a round of deliveries, and how large the next one is.

use super::super::database::StoredRow;

/// Deliveries in flight at once. As many may be on Kafka twice when the process is killed.
pub(super) const ROUND: usize = 256;

/// What became of a round.
#[derive(Debug, Default)]
pub(super) struct RoundOutcome {
    pub(super) acknowledged: Vec<StoredRow>,
    pub(super) refused: Vec<(StoredRow, String)>,
    /// To be sent again, in their order.
    pub(super) again: Vec<StoredRow>,
    pub(super) has_failed: bool,
}

impl RoundOutcome {
    /// How many deliveries the next round has: a single one, to try with, where Kafka acknowledged none or failed.
    pub(super) const fn next_size(&self) -> usize {
        if self.has_failed || self.acknowledged.is_empty() { 1 } else { ROUND }
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
    fn only_a_round_of_which_kafka_took_something_and_refused_nothing_is_followed_by_a_full_one() {
        let size = |acknowledged, again, has_failed| {
            RoundOutcome { acknowledged, again, has_failed, refused: Vec::new() }.next_size()
        };
        assert_eq!(size(vec![row()], Vec::new(), false), ROUND);
        assert_eq!(size(vec![row()], vec![row()], true), 1);
        assert_eq!(size(Vec::new(), vec![row()], false), 1, "it only waited for one in flight");
    }
}
