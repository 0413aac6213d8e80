//! Makes a delivery durable: acknowledged by Kafka in time, or else written to the spool.
//!
//! | Kafka | with a spool | without one: 200, or 503 and why |
//! |---|---|---|
//! | acknowledges all records within `--ack-timeout` | 200 | 200 |
//! | was never seen yet, or a topic is missing | spooled | `starting` |
//! | the breaker is open | spooled; once every `--breaker-probe` a delivery is sent to Kafka as well | `breaker_open`; once every `--breaker-probe` a delivery waits for Kafka as if it were closed |
//! | the account has too much in flight | spooled, after half of `--ack-timeout`, or at once where too much of it waits already | `account_busy`, as soon |
//! | the producer's queue is full | spooled | `queue_full` |
//! | refuses a record for good | spooled, where `drain` parks it | `refused` |
//! | does not acknowledge in time | spooled, deleted there if the acknowledgement comes late | `late` |
//! | fails a record in a way that may pass, as with its connection; or the producer failed | spooled at once | `late`, at once |
//!
//! What the spool does not take is answered 503 too: `spool_full`, `spool_failing`, or `account_busy` where an account has more
//! waiting for the disk than its limit. Without that limit one account could hold the memory of all bodies, and others would be answered 503.

use crate::delivery::Delivery;
use crate::http::response::Unavailable;
use crate::kafka::{Kafka, NotAcknowledged};
use crate::metrics::Metrics;
use crate::spool::Spool;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The ways in which a delivery becomes durable.
pub(crate) struct Durable {
    pub(crate) kafka: Arc<Kafka>,
    /// `None`: what Kafka does not acknowledge in time is answered 503.
    pub(crate) spool: Option<Spool>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Durable {
    /// Returns once the delivery is durable: acknowledged by Kafka with acks=all, or fsynced in the spool.
    pub(crate) async fn store(&self, delivery: &Delivery) -> Result<(), Unavailable> {
        let start = Instant::now();
        let outcome = match self.kafka.acknowledge(delivery, start).await {
            Ok(()) => Ok(&self.metrics.acknowledged),
            Err(why) => self.spool(delivery, why).await.map(|()| &self.metrics.spooled),
        };
        self.metrics.delivered(outcome.ok(), start.elapsed());
        outcome.map(|_| ())
    }

    async fn spool(&self, delivery: &Delivery, why: NotAcknowledged) -> Result<(), Unavailable> {
        let Some(spool) = &self.spool else {
            return Err(match why {
                NotAcknowledged::Failed(why) => why,
                NotAcknowledged::Late(..) | NotAcknowledged::Probe(_) => Unavailable::Late,
            });
        };
        match why {
            NotAcknowledged::Late(acknowledgement, permit) => {
                let is_acknowledged = holding(permit, Spool::in_flight_timeout(), acknowledgement);
                spool.store_in_flight(delivery, async move { is_acknowledged.await.is_ok() }).await
            }
            NotAcknowledged::Probe(acknowledgement) => {
                let kafka = Arc::clone(&self.kafka);
                let acknowledged = async move { kafka.probe_acknowledged(acknowledgement).await };
                spool.store_in_flight(delivery, acknowledged).await
            }
            NotAcknowledged::Failed(_) => spool.store(delivery).await,
        }
    }
}

/// Waits for an acknowledgement with the permit of its account, which is let go of after some time: an acknowledgement that
/// never comes must not hold back what else the account has in the spool, and with it the spool.
async fn holding<T>(permit: impl Send, limit: Duration, acknowledgement: impl Future<Output = T>) -> T {
    let mut acknowledgement = pin!(acknowledgement);
    let in_time = tokio::time::timeout(limit, &mut acknowledgement).await;
    drop(permit);
    match in_time {
        Ok(outcome) => outcome,
        Err(_) => acknowledgement.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::AccountLimit;

    #[tokio::test]
    async fn a_delivery_that_kafka_never_answers_gives_its_place_to_the_next() {
        let limit = AccountLimit::new(100, 100);
        let busy = limit.account("busy");
        let permit = busy.admit_now(100).unwrap();
        let late = tokio::spawn(holding(permit, Duration::from_millis(20), std::future::pending::<()>()));
        let next = tokio::time::timeout(Duration::from_mins(1), busy.wait_for_turn(100));
        assert!(next.await.unwrap().is_some());
        assert!(!late.is_finished(), "it is waited for still");
        late.abort();
    }
}
