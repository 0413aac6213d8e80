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
use crate::metrics::Metrics;
use breaker::{Admission, Transition};
use runtime::producer::Acknowledgement;
use runtime::throttle::Throttle;
use schemas::Split;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// About how many bytes a record has beside Meta's.
const RECORD_BYTES: usize = 700;

/// A Kafka that is barely too slow opens and closes the breaker many times a second; it is logged this often.
const LOG_EVERY: Duration = Duration::from_secs(30);

/// The way to Kafka, with the breaker in it.
#[derive(Debug)]
pub(crate) struct Kafka {
    pub(crate) publisher: Publisher,
    pub(crate) gate: StartupGate,
    breaker: Breaker,
    account_limit: Arc<AccountLimit>,
    pub(crate) metrics: Arc<Metrics>,
    opened_log: Throttle,
    /// Whether it was logged that the breaker is open, so that its closing is logged too.
    is_logged: Mutex<bool>,
}

/// Why Kafka has not acknowledged a delivery.
#[derive(Debug)]
pub(crate) enum NotAcknowledged {
    /// The brokers and topics have not been seen yet.
    Starting,
    /// The breaker is open.
    BreakerOpen,
    /// Its account has as much in flight, and waiting, as it may.
    AccountBusy,
    /// Its records failed or were never queued.
    NotPublished(NotPublished),
    /// Its records are in flight, for longer than the timeout, and count as its account's until they are acknowledged.
    Late(Acknowledgement, AccountPermit),
    /// Its records are in flight as a probe, which is not waited for.
    Probe(Acknowledgement),
}

impl Kafka {
    pub(crate) fn new(
        publisher: Publisher,
        gate: StartupGate,
        breaker: Breaker,
        account_limit: Arc<AccountLimit>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let (opened_log, is_logged) = (Throttle::new(LOG_EVERY), Mutex::default());
        Self { publisher, gate, breaker, account_limit, metrics, opened_log, is_logged }
    }

    /// Returns once Kafka has acknowledged every record of the delivery, or `timeout` after `start`, which is now. A probe is not
    /// waited for where a spool can store the delivery.
    pub(crate) async fn acknowledge(
        &self,
        delivery: &Delivery,
        start: Instant,
        timeout: Duration,
        has_spool: bool,
    ) -> Result<(), NotAcknowledged> {
        if !self.gate.is_open() {
            return Err(NotAcknowledged::Starting);
        }
        let admission = self.breaker.admission(start);
        if admission != Admission::Closed {
            self.log_open();
        }
        match admission {
            Admission::Open => return Err(NotAcknowledged::BreakerOpen),
            Admission::Probe if has_spool => return Err(self.probe(delivery)),
            Admission::Probe | Admission::Closed => {}
        }
        let outcome = self.publish(delivery, start.into(), timeout).await;
        match &outcome {
            Ok(()) => self.record_success(),
            Err(why) => self.record_failure(why),
        }
        outcome
    }

    async fn publish(
        &self,
        delivery: &Delivery,
        start: tokio::time::Instant,
        timeout: Duration,
    ) -> Result<(), NotAcknowledged> {
        // Half of the time is left for Kafka: waiting behind one's own account must not make Kafka look late.
        let (split, permit) = self.account_turn(delivery, start + timeout / 2).await?;
        let acknowledgement = self.publisher.publish_split(delivery, &split);
        let mut acknowledgement = acknowledgement.map_err(NotAcknowledged::NotPublished)?;
        drop(split);
        match tokio::time::timeout_at(start + timeout, &mut acknowledgement).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(NotAcknowledged::NotPublished(NotPublished::from(error))),
            Err(_) => Err(NotAcknowledged::Late(acknowledgement, permit)),
        }
    }

    /// Returns once the account of the delivery may send it, with its events. They take many times the memory of the body,
    /// and nothing counts them: so they are not kept while it waits.
    async fn account_turn<'d>(
        &self,
        delivery: &'d Delivery,
        deadline: tokio::time::Instant,
    ) -> Result<(Split<'d>, AccountPermit), NotAcknowledged> {
        let split = self.publisher.split(delivery);
        let account = self.account_limit.account(&*split.source);
        let bytes = bytes_on_kafka(delivery, &split);
        if let Some(permit) = account.admit_now(bytes) {
            return Ok((split, permit));
        }
        drop(split);
        match tokio::time::timeout_at(deadline, account.admit(bytes)).await {
            Ok(Some(permit)) => Ok((self.publisher.split(delivery), permit)),
            Ok(None) | Err(_) => Err(NotAcknowledged::AccountBusy),
        }
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
        let permit = if waits { account.admit_spooled(bytes).await? } else { account.admit_now(bytes)? };
        let sent = self.publisher.publish_split(delivery, &split);
        Some(sent.map(|acknowledgement| (acknowledgement, permit)))
    }

    fn probe(&self, delivery: &Delivery) -> NotAcknowledged {
        self.publisher.publish(delivery).map_or_else(NotAcknowledged::NotPublished, NotAcknowledged::Probe)
    }

    /// Whether Kafka acknowledges a probe after all; within `timeout`, that closes the breaker.
    pub(crate) async fn probe_acknowledged(
        &self,
        mut acknowledgement: Acknowledgement,
        timeout: Duration,
    ) -> bool {
        match tokio::time::timeout(timeout, &mut acknowledgement).await {
            Ok(Ok(())) => {
                self.record_success();
                true
            }
            Ok(Err(_)) => false,
            Err(_) => acknowledgement.await.is_ok(),
        }
    }

    /// Kafka has acknowledged a delivery, a new one or one of the spool.
    pub(crate) fn record_success(&self) {
        self.on_transition(self.breaker.record_success());
    }

    fn record_failure(&self, why: &NotAcknowledged) {
        let transition = match why {
            // Kafka responds; it is this delivery, or its topic, that it refuses.
            NotAcknowledged::Starting
            | NotAcknowledged::BreakerOpen
            | NotAcknowledged::AccountBusy
            | NotAcknowledged::NotPublished(NotPublished::Refused(_)) => return,
            NotAcknowledged::NotPublished(NotPublished::Fatal) => self.breaker.trip(Instant::now()),
            NotAcknowledged::NotPublished(_) | NotAcknowledged::Late(..) | NotAcknowledged::Probe(_) => {
                self.breaker.record_failure(Instant::now())
            }
        };
        self.on_transition(transition);
    }

    fn on_transition(&self, transition: Transition) {
        match transition {
            Transition::None => {}
            Transition::Opened => {
                self.metrics.breaker_opened.inc();
                self.log_open();
            }
            Transition::Closed => {
                let mut is_logged = runtime::mutex::lock(&self.is_logged);
                if std::mem::take(&mut *is_logged) {
                    tracing::info!("circuit breaker closed: Kafka acknowledges again");
                }
            }
        }
    }

    /// Logs that the breaker is open, once, and where that was logged a moment ago of an earlier time, later: the last word of
    /// the log is true.
    fn log_open(&self) {
        let mut is_logged = runtime::mutex::lock(&self.is_logged);
        if !*is_logged && self.breaker.is_open() && self.opened_log.pass(Instant::now()).is_some() {
            *is_logged = true;
            tracing::warn!(
                "circuit breaker opened, Kafka does not acknowledge in time: deliveries go straight to the spool \
                 (without one they are answered 503), apart from a probe every --breaker-probe"
            );
        }
    }
}

/// About how many bytes the records of a delivery have.
fn bytes_on_kafka(delivery: &Delivery, split: &Split<'_>) -> usize {
    2 * delivery.body.bytes().len() + RECORD_BYTES * (1 + split.events.len())
}
