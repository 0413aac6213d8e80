//! Makes a delivery durable: on Kafka where it acknowledges in time, on the disk where it does not.

use crate::answer::Unavailable;
use crate::delivery::Delivery;
use crate::kafka::{Kafka, Missed};
use crate::metrics::{Metrics, Path};
use crate::publisher::NotPublished;
use crate::spool::{Spool, SpoolError};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The ways in which a delivery becomes durable.
#[derive(Debug)]
pub(crate) struct Durable {
    pub(crate) kafka: Arc<Kafka>,
    /// None: what Kafka does not take in time is answered 503.
    pub(crate) spool: Option<Spool>,
    pub(crate) ack_timeout: Duration,
    pub(crate) metrics: Arc<Metrics>,
}

impl Durable {
    /// Returns once the delivery is safe: acknowledged by Kafka with acks=all, or on the disk.
    pub(crate) async fn make(&self, delivery: &Delivery) -> Result<(), Unavailable> {
        let start = Instant::now();
        let outcome = match self.kafka.acknowledge(delivery, self.ack_timeout, self.spool.is_some()).await {
            Ok(()) => Ok(Path::Broker),
            Err(missed) => self.keep(delivery, missed).await.map(|()| Path::Spool),
        };
        self.metrics.delivered(outcome.ok(), start.elapsed());
        outcome.map(|_| ())
    }

    async fn keep(&self, delivery: &Delivery, missed: Missed) -> Result<(), Unavailable> {
        let Some(spool) = &self.spool else {
            return Err(unavailable(&missed));
        };
        let kept = match missed {
            Missed::Late(receipt) => spool.keep_meanwhile(delivery, async { receipt.await.is_ok() }).await,
            Missed::Probe(receipt) => {
                let (kafka, limit) = (Arc::clone(&self.kafka), self.ack_timeout);
                spool.keep_meanwhile(delivery, async move { kafka.probed(receipt, limit).await }).await
            }
            Missed::Starting | Missed::BreakerOpen | Missed::AccountBusy | Missed::NotPublished(_) => {
                spool.keep(delivery).await
            }
        };
        kept.map_err(|error| match error {
            SpoolError::Full => Unavailable::SpoolFull,
            SpoolError::Failing => Unavailable::SpoolFailing,
        })
    }
}

const fn unavailable(missed: &Missed) -> Unavailable {
    match missed {
        Missed::Starting => Unavailable::Starting,
        Missed::BreakerOpen => Unavailable::BreakerOpen,
        Missed::AccountBusy => Unavailable::AccountBusy,
        Missed::NotPublished(NotPublished::QueueFull) => Unavailable::QueueFull,
        Missed::NotPublished(NotPublished::Refused(_)) => Unavailable::Refused,
        Missed::NotPublished(NotPublished::Fatal | NotPublished::GivenUp)
        | Missed::Late(_)
        | Missed::Probe(_) => Unavailable::Late,
    }
}
