//! A round of deliveries: sent in order, waited for, and how large the next one is.

use super::super::Spool;
use super::super::database::{ParkReason, StoredRow};
use super::Drain;
use crate::delivery::Delivery;
use crate::kafka::{AccountPermit, NotPublished};
use futures_util::FutureExt as _;
use runtime::producer::Acknowledgement;
use runtime::telemetry::ONE_OF_MANY;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

/// The drain yields to requests after sending for this long; a whole round may take tens of milliseconds.
const AT_A_STRETCH: Duration = Duration::from_millis(1);

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

/// A delivery of a round that was sent.
type Unacknowledged = (StoredRow, Acknowledgement, AccountPermit);

/// Why one was not sent.
enum NotSent {
    /// It is to be parked.
    Refused(ParkReason),
    Failed,
    /// It is in flight already, or its account has too much in flight.
    Waits,
}

impl Drain {
    /// Sends deliveries to Kafka in order, up to the first that has to be sent again, and waits for their acknowledgements.
    pub(super) async fn send(&mut self, rows: Vec<StoredRow>) -> RoundOutcome {
        let (mut outcome, mut round) = (RoundOutcome::default(), Vec::with_capacity(rows.len()));
        let (mut rows, mut behind, mut began) = (rows.into_iter(), Vec::new(), Instant::now());
        for stored in rows.by_ref() {
            if began.elapsed() >= AT_A_STRETCH {
                tokio::task::yield_now().await;
                began = Instant::now();
            }
            let is_first = round.is_empty() && outcome.refused.is_empty();
            let sent = AssertUnwindSafe(self.publish(&stored, is_first)).catch_unwind().await;
            match sent.unwrap_or_else(|_| Err(self.panicked(&stored))) {
                Ok((acknowledgement, permit)) => round.push((stored, acknowledgement, permit)),
                Err(NotSent::Refused(why)) => outcome.refused.push((stored, why)),
                // It is sent again, with those behind it.
                Err(not_sent) => {
                    outcome.has_failed = matches!(not_sent, NotSent::Failed);
                    behind.push(stored);
                    break;
                }
            }
        }
        behind.extend(rows);
        self.wait_for(round, behind, outcome).await
    }

    async fn publish(
        &mut self,
        stored: &StoredRow,
        is_first: bool,
    ) -> Result<(Acknowledgement, AccountPermit), NotSent> {
        if matches!(&self.panicked_over, Some((key, true)) if *key == stored.key()) {
            return Err(NotSent::Refused(ParkReason::Panicked));
        }
        #[cfg(test)]
        assert_ne!(stored.row.body.as_ref(), super::tests::PANICS, "as the test wants");
        let read = || Delivery::from_row(&stored.row);
        let delivery = self.blocking.block_in_place(stored.row.body.len(), read);
        let delivery = delivery.ok_or(NotSent::Refused(ParkReason::Corrupt))?;
        let in_flight = &self.spool.in_flight;
        if in_flight.contains(delivery.id) {
            if is_first {
                in_flight.released(delivery.id, Spool::in_flight_timeout()).await;
            }
            return Err(NotSent::Waits);
        }
        let sent = self.kafka.publish_spooled(&delivery, is_first).await.ok_or(NotSent::Waits)?;
        sent.map_err(|why| match why {
            NotPublished::Refused(why) if self.debounce.should_park(why, true, Instant::now()) => {
                NotSent::Refused(why.into())
            }
            _ => NotSent::Failed,
        })
    }

    /// What is stored without having been split may be the first to meet here what is wrong with it. It must not hold up those behind
    /// it: after two panics in a row it is parked.
    fn panicked(&mut self, stored: &StoredRow) -> NotSent {
        self.spool.parts.metrics.panics.inc();
        let is_again = self.panicked_over.take().is_some_and(|(last, _)| last == stored.key());
        self.panicked_over = Some((stored.key(), is_again));
        tracing::error!(
            name: ONE_OF_MANY,
            delivery = stored.row.id,
            "panicked over a spooled delivery: after two panics in a row it is parked"
        );
        NotSent::Failed
    }

    /// Waits for those in flight.
    async fn wait_for(
        &mut self,
        round: Vec<Unacknowledged>,
        behind: Vec<StoredRow>,
        mut outcome: RoundOutcome,
    ) -> RoundOutcome {
        let deadline = tokio::time::Instant::now() + Spool::in_flight_timeout();
        let is_alone = round.len() == 1;
        for (stored, acknowledgement, permit) in round {
            let receipt = tokio::time::timeout_at(deadline, acknowledgement).await;
            drop(permit);
            match receipt.map(|receipt| receipt.map_err(NotPublished::from)) {
                Ok(Ok(())) => outcome.acknowledged.push(stored),
                Ok(Err(NotPublished::Refused(why)))
                    if self.debounce.should_park(why, is_alone, Instant::now()) =>
                {
                    outcome.refused.push((stored, why.into()));
                }
                Ok(Err(_)) | Err(_) => outcome.again.push(stored),
            }
        }
        outcome.has_failed |= !outcome.again.is_empty();
        outcome.again.extend(behind);
        if !outcome.acknowledged.is_empty() {
            self.kafka.breaker.record_success();
            self.spool.parts.metrics.drained.inc_by(outcome.acknowledged.len() as u64);
        }
        outcome
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
    fn a_larger_round_follows_only_where_kafka_took_some_and_refused_none() {
        let next = |acknowledged, again, has_failed, size| {
            RoundOutcome { acknowledged, again, has_failed, refused: Vec::new() }.next_size(size)
        };
        assert_eq!(next(vec![row()], Vec::new(), false, 64), 128);
        assert_eq!(next(vec![row()], Vec::new(), false, ROUND), ROUND);
        assert_eq!(next(vec![row()], vec![row()], true, 64), 1);
        assert_eq!(next(Vec::new(), vec![row()], false, 64), 1, "it only waited for one in flight");
    }
}
