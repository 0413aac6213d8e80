//! Kafka as deliveries see it: one that takes them, one that is waited for in vain, one that is not asked any more.

use crate::breaker::{Admission, Breaker, Change};
use crate::delivery::Delivery;
use crate::fairness::{Fairness, InFlight};
use crate::gate::Gate;
use crate::metrics::Metrics;
use crate::publisher::{NotPublished, Publisher};
use runtime::producer::Acknowledgement;
use runtime::throttle::Throttle;
use schemas::Split;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a record has beside Meta's bytes, about.
const RECORD_BYTES: usize = 700;

/// A Kafka that is just too slow opens and closes the breaker many times a second; that is said this often.
const SAY_EVERY: Duration = Duration::from_secs(30);

/// The way to Kafka, with the breaker in it.
#[derive(Debug)]
pub(crate) struct Kafka {
    pub(crate) publisher: Publisher,
    pub(crate) gate: Gate,
    breaker: Breaker,
    fairness: Arc<Fairness>,
    pub(crate) metrics: Arc<Metrics>,
    opening: Throttle,
    /// Whether it was said that the breaker is open, so that its end is said too.
    is_said: AtomicBool,
}

/// Why Kafka has not acknowledged a delivery.
#[derive(Debug)]
pub(crate) enum Missed {
    /// The brokers and topics have not been seen yet.
    Starting,
    /// Too many before it were missed.
    BreakerOpen,
    /// Its account has as much on its way, and waiting, as it may.
    AccountBusy,
    /// Its records were given up or never taken.
    NotPublished(NotPublished),
    /// Its records are on their way, for longer than it can wait.
    Late(Acknowledgement),
    /// Its records are on their way, and nobody needs to wait: it tries Kafka for the others.
    Probe(Acknowledgement),
}

impl Kafka {
    pub(crate) fn new(
        publisher: Publisher,
        gate: Gate,
        breaker: Breaker,
        fairness: Arc<Fairness>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let opening = Throttle::new(SAY_EVERY);
        Self { publisher, gate, breaker, fairness, metrics, opening, is_said: AtomicBool::new(false) }
    }

    /// Returns once Kafka has acknowledged every record of the delivery. One that only tries Kafka does not wait where
    /// there is a spool that can have it.
    pub(crate) async fn acknowledge(
        &self,
        delivery: &Delivery,
        limit: Duration,
        has_spool: bool,
    ) -> Result<(), Missed> {
        if !self.gate.is_open() {
            return Err(Missed::Starting);
        }
        match self.breaker.admission(Instant::now()) {
            Admission::Open => return Err(Missed::BreakerOpen),
            Admission::Probe if has_spool => return Err(self.probe(delivery)),
            Admission::Probe | Admission::Closed => {}
        }
        let outcome = self.wait(delivery, limit).await;
        match &outcome {
            Ok(()) => self.acknowledged(),
            Err(missed) => self.missed(missed),
        }
        outcome
    }

    async fn wait(&self, delivery: &Delivery, limit: Duration) -> Result<(), Missed> {
        let start = tokio::time::Instant::now();
        let split = self.publisher.split(delivery);
        // Half of the time is left for Kafka: who waits behind its own account must not make Kafka look late.
        let _in_flight = self.turn_of(delivery, &split, start + limit / 2).await?;
        let mut receipt = self.publisher.publish_split(delivery, &split).map_err(Missed::NotPublished)?;
        drop(split);
        match tokio::time::timeout_at(start + limit, &mut receipt).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Missed::NotPublished(NotPublished::from(error))),
            Err(_) => Err(Missed::Late(receipt)),
        }
    }

    /// Returns once the account of the delivery may send it.
    async fn turn_of(
        &self,
        delivery: &Delivery,
        split: &Split<'_>,
        deadline: tokio::time::Instant,
    ) -> Result<InFlight, Missed> {
        let bytes = 2 * delivery.body.bytes().len() + RECORD_BYTES * (1 + split.events.len());
        match tokio::time::timeout_at(deadline, self.fairness.admit(&split.source, bytes)).await {
            Ok(Ok(in_flight)) => Ok(in_flight),
            Ok(Err(_)) | Err(_) => Err(Missed::AccountBusy),
        }
    }

    fn probe(&self, delivery: &Delivery) -> Missed {
        self.publisher.publish(delivery).map_or_else(Missed::NotPublished, Missed::Probe)
    }

    /// Whether Kafka acknowledges after all what tries it; within `limit`, it is waited for again.
    pub(crate) async fn probed(&self, mut receipt: Acknowledgement, limit: Duration) -> bool {
        match tokio::time::timeout(limit, &mut receipt).await {
            Ok(Ok(())) => {
                self.acknowledged();
                true
            }
            Ok(Err(_)) => false,
            Err(_) => receipt.await.is_ok(),
        }
    }

    /// Kafka has acknowledged a delivery, a new one or one from the disk.
    pub(crate) fn acknowledged(&self) {
        self.turned(self.breaker.acknowledged());
    }

    fn missed(&self, missed: &Missed) {
        let change = match missed {
            // Kafka answers; it is this delivery, or its topic, that it does not take.
            Missed::Starting
            | Missed::BreakerOpen
            | Missed::AccountBusy
            | Missed::NotPublished(NotPublished::Refused(_)) => return,
            Missed::NotPublished(NotPublished::Fatal) => self.breaker.trip(Instant::now()),
            Missed::NotPublished(_) | Missed::Late(_) | Missed::Probe(_) => {
                self.breaker.missed(Instant::now())
            }
        };
        self.turned(change);
    }

    fn turned(&self, change: Change) {
        match change {
            Change::None => {}
            Change::Opened => {
                self.metrics.breaker_opened.inc();
                let Some(suppressed) = self.opening.pass(Instant::now()) else { return };
                self.is_said.store(true, Ordering::Relaxed);
                tracing::warn!(
                    suppressed,
                    "Kafka does not acknowledge in time: only a delivery now and then still waits for it, the others go \
                     to the spool at once (without one, they are answered 503)"
                );
            }
            Change::Closed => {
                if self.is_said.swap(false, Ordering::Relaxed) {
                    tracing::info!("Kafka acknowledges again");
                }
            }
        }
    }
}
