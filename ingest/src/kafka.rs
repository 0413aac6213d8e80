//! Publishes to Kafka, with a timeout for the acknowledgement and a circuit breaker.

mod account_limit;
mod breaker;
pub(crate) mod direct;
mod large_metrics;
mod not_published;
mod producers;
mod publisher;
mod startup_gate;
#[cfg(test)]
pub(crate) mod tests;
mod writer;

pub(crate) use account_limit::{AccountLimit, AccountPermit};
pub(crate) use breaker::Breaker;
pub(crate) use not_published::{NotPublished, Refused};
pub(crate) use producers::Producers;
pub(crate) use publisher::{Publisher, topic_names};
pub(crate) use startup_gate::{StartupGate, open_when_ready};

use crate::delivery::Delivery;
use crate::http::response::Unavailable;
use breaker::Admission;
use runtime::producer::Acknowledgement;
use schemas::Split;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// About how many bytes a record has beside Meta's.
const RECORD_BYTES: usize = 700;

/// The way to Kafka, with the breaker in it.
#[derive(Debug)]
pub(crate) struct Kafka {
    pub(crate) publisher: Publisher,
    pub(crate) gate: StartupGate,
    pub(crate) breaker: Breaker,
    pub(crate) account_limit: Arc<AccountLimit>,
    pub(crate) ack_timeout: Duration,
    /// Whether a spool can store what Kafka does not acknowledge.
    pub(crate) has_spool: bool,
}

/// What is known of a delivery that Kafka has not acknowledged.
#[derive(Debug)]
pub(crate) enum NotAcknowledged {
    /// Its records failed, or were never sent.
    Failed(Unavailable),
    /// Its records are in flight, for longer than the timeout, and count as its account's until they are acknowledged.
    Late(Acknowledgement, AccountPermit),
    /// Its records are in flight as a probe, which is not waited for.
    Probe(Acknowledgement),
}

impl Kafka {
    /// Returns once Kafka has acknowledged every record of the delivery, or `--ack-timeout` after `start`, when the request was
    /// verified. A probe is not waited for where a spool can store the delivery.
    pub(crate) async fn acknowledge(
        &self,
        delivery: &Delivery,
        start: Instant,
    ) -> Result<(), NotAcknowledged> {
        if !self.gate.is_open() {
            return Err(NotAcknowledged::Failed(Unavailable::Starting));
        }
        let admission = self.breaker.admission(start);
        if admission == Admission::Probe {
            self.explain();
        }
        match admission {
            Admission::NotNow => Err(NotAcknowledged::Failed(Unavailable::BreakerOpen)),
            Admission::Probe if self.has_spool => Err(self.probe(delivery)),
            Admission::Probe | Admission::Admitted => self.publish(delivery, start.into()).await,
        }
    }

    async fn publish(&self, delivery: &Delivery, start: tokio::time::Instant) -> Result<(), NotAcknowledged> {
        // Half of the time is left for Kafka: waiting behind one's own account must not make Kafka look late.
        let turn = self.account_turn(delivery, start + self.ack_timeout / 2).await;
        let (split, permit) = turn.ok_or(NotAcknowledged::Failed(Unavailable::AccountBusy))?;
        let acknowledgement = self.publisher.publish(delivery, &split);
        let mut acknowledgement = acknowledgement.map_err(|why| self.failed(why))?;
        drop(split);
        match tokio::time::timeout_at(start + self.ack_timeout, &mut acknowledgement).await {
            Ok(Ok(())) => {
                self.breaker.record_success();
                Ok(())
            }
            Ok(Err(error)) => Err(self.failed(error.into())),
            Err(_) => {
                self.explain();
                self.breaker.record_failure(Instant::now());
                Err(NotAcknowledged::Late(acknowledgement, permit))
            }
        }
    }

    /// Returns once the account of the delivery may send it, with its events; `None` where it has too much on its way. Events take
    /// many times the memory of the body, and nothing counts them: so they are not kept while it waits.
    async fn account_turn<'d>(
        &self,
        delivery: &'d Delivery,
        deadline: tokio::time::Instant,
    ) -> Option<(Split<'d>, AccountPermit)> {
        let split = self.publisher.split(delivery);
        let account = self.account_limit.account(&*split.source);
        let bytes = bytes_on_kafka(delivery, &split);
        if let Some(permit) = account.admit_now(bytes) {
            return Some((split, permit));
        }
        drop(split);
        let permit = tokio::time::timeout_at(deadline, account.admit(bytes)).await.ok()??;
        Some((self.publisher.split(delivery), permit))
    }

    /// Sends a delivery of the spool, within the limit of its account like any other; `None` where that has too much in flight
    /// and is not to be waited for.
    pub(crate) async fn publish_spooled(
        &self,
        delivery: &Delivery,
        waits: bool,
    ) -> Option<Result<(Acknowledgement, AccountPermit), NotPublished>> {
        let split = self.publisher.split(delivery);
        let account = self.account_limit.account(&*split.source);
        let bytes = bytes_on_kafka(delivery, &split);
        let permit = if waits { account.wait_for_turn(bytes).await? } else { account.admit_now(bytes)? };
        let sent = self.publisher.publish(delivery, &split);
        Some(sent.map(|acknowledgement| (acknowledgement, permit)))
    }

    fn probe(&self, delivery: &Delivery) -> NotAcknowledged {
        let sent = self.publisher.publish(delivery, &self.publisher.split(delivery));
        sent.map_or_else(|why| self.failed(why), NotAcknowledged::Probe)
    }

    /// Whether Kafka acknowledges a probe after all; within `--ack-timeout`, that closes the breaker.
    pub(crate) async fn probe_acknowledged(&self, mut acknowledgement: Acknowledgement) -> bool {
        match tokio::time::timeout(self.ack_timeout, &mut acknowledgement).await {
            Ok(Ok(())) => {
                self.breaker.record_success();
                true
            }
            Ok(Err(_)) => false,
            Err(_) => acknowledgement.await.is_ok(),
        }
    }

    /// Has the breaker say what the producers know of their connections.
    fn explain(&self) {
        self.breaker.explain(self.publisher.producers.last_reason());
    }

    fn failed(&self, why: NotPublished) -> NotAcknowledged {
        let now = Instant::now();
        self.explain();
        match why {
            // Kafka responds; it is this delivery, or its topic, that it refuses.
            NotPublished::Refused(_) => {}
            NotPublished::Fatal => self.breaker.trip(now),
            NotPublished::QueueFull | NotPublished::GivenUp => self.breaker.record_failure(now),
        }
        NotAcknowledged::Failed(match why {
            NotPublished::QueueFull => Unavailable::QueueFull,
            NotPublished::Refused(_) => Unavailable::Refused,
            NotPublished::Fatal | NotPublished::GivenUp => Unavailable::Late,
        })
    }
}

/// About how many bytes the records of a delivery have.
fn bytes_on_kafka(delivery: &Delivery, split: &Split<'_>) -> usize {
    2 * delivery.body.bytes().len() + RECORD_BYTES * (1 + split.events.len())
}
