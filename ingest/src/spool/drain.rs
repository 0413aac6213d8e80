//! Brings deliveries from the disk to Kafka: in their order, at a bounded rate, one that is refused for good put aside.

use super::Spool;
use super::doubt::Doubt;
use super::row::Row;
use crate::delivery::Delivery;
use crate::kafka::Kafka;
use crate::publisher::NotPublished;
use runtime::backoff::{self, Backoff};
use runtime::producer::Receipt;
use runtime::shutdown::Shutdown;
use runtime::throttle::Throttle;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Deliveries on their way at once. As many may be there twice when the process is killed.
const ROUND: usize = 256;
/// Bytes on their way at once.
const ROUND_BYTES: u64 = 4 << 20;
/// How often the spool is tended, and looked at where nobody says that something is there.
const TEND_EVERY: Duration = Duration::from_secs(1);
/// How long what is on its way may take when the end is asked for; it stays on the disk, so nothing is lost.
const ENDS_WITHIN: Duration = Duration::from_secs(1);
const BACKOFF_BASE: Duration = Duration::from_millis(500);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
const SAY_EVERY: Duration = Duration::from_mins(1);

/// Why a delivery is put aside that is not what was written.
pub(super) const CORRUPT: &str = "corrupt";

/// Looks after the spool's file now and then, until the end is asked for.
pub(crate) async fn tend(spool: Spool, shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = shutdown.requested() => return,
            () = tokio::time::sleep(TEND_EVERY) => spool.inner.writer.tend().await,
        }
    }
}

/// Drains until the end is asked for; what is left stays on the disk.
pub(crate) async fn drain(spool: Spool, kafka: Arc<Kafka>, shutdown: Shutdown) {
    spool.check().await;
    let mut drain = Drain {
        pace: Duration::from_secs(1) / spool.inner.settings.drain_rate,
        spool,
        kafka,
        size: 1,
        backoff: Backoff::new(BACKOFF_BASE, BACKOFF_MAX),
        doubt: Doubt::default(),
        said: Throttle::new(SAY_EVERY),
    };
    let end = async {
        shutdown.requested().await;
        tokio::time::sleep(ENDS_WITHIN).await;
    };
    tokio::select! {
        () = end => {}
        () = drain.run(&shutdown) => {}
    }
}

struct Drain {
    spool: Spool,
    kafka: Arc<Kafka>,
    /// The part of a second that belongs to one delivery.
    pace: Duration,
    /// Deliveries of the next round: one while it is not known that Kafka takes any.
    size: usize,
    backoff: Backoff,
    doubt: Doubt,
    said: Throttle,
}

/// A delivery of a round.
enum Sent {
    UnderWay(Uuid, Receipt),
    /// Never to be taken as it is.
    Refused(String, &'static str),
    /// To be sent again, it and what is behind it.
    NotTaken,
}

impl Drain {
    async fn run(&mut self, shutdown: &Shutdown) {
        while !shutdown.is_requested() {
            let rows = self.next_rows().await;
            if rows.is_empty() {
                self.wait_for_work().await;
            } else {
                self.round(rows).await;
            }
        }
    }

    async fn next_rows(&self) -> Vec<Row> {
        if !self.kafka.gate.is_open() {
            return Vec::new();
        }
        self.spool.inner.writer.read(self.size, ROUND_BYTES).await
    }

    async fn wait_for_work(&mut self) {
        self.size = 1;
        tokio::select! {
            () = self.spool.inner.writer.kept() => {}
            () = tokio::time::sleep(TEND_EVERY) => {}
        }
    }

    async fn round(&mut self, rows: Vec<Row>) {
        let start = tokio::time::Instant::now();
        let round = self.send(rows).await;
        let deliveries = u32::try_from(round.len()).unwrap_or(u32::MAX);
        if self.settle(round).await {
            self.size = ROUND;
            self.backoff.reset();
            tokio::time::sleep_until(start + self.pace * deliveries).await;
        } else {
            self.size = 1;
            tokio::time::sleep(self.backoff.next_delay(backoff::random())).await;
        }
    }

    /// Gives deliveries to Kafka in their order, up to the first that it does not take now.
    async fn send(&mut self, rows: Vec<Row>) -> Vec<Sent> {
        let mut round = Vec::with_capacity(rows.len());
        for row in rows {
            let id = row.id.clone();
            let sent = match row.into_delivery() {
                None => Sent::Refused(id, CORRUPT),
                Some(delivery) if self.spool.inner.held.contains(delivery.id) => {
                    if round.is_empty() {
                        self.spool.inner.held.released(delivery.id).await;
                    }
                    break;
                }
                Some(delivery) => self.send_one(id, &delivery),
            };
            let is_taken = !matches!(sent, Sent::NotTaken);
            round.push(sent);
            if !is_taken {
                break;
            }
        }
        round
    }

    fn send_one(&mut self, id: String, delivery: &Delivery) -> Sent {
        match self.kafka.publisher.publish(delivery) {
            Ok(receipt) => Sent::UnderWay(delivery.id, receipt),
            Err(NotPublished::Refused(why)) if self.doubt.is_over(why, Instant::now()) => {
                Sent::Refused(id, why.as_str())
            }
            Err(_) => Sent::NotTaken,
        }
    }

    /// Waits for what is under way; whether all of it is settled.
    async fn settle(&mut self, round: Vec<Sent>) -> bool {
        let (mut on_kafka, mut refused, mut is_settled) = (Vec::new(), Vec::new(), true);
        for sent in round {
            match sent {
                Sent::UnderWay(id, receipt) => match receipt.await.map_err(NotPublished::from) {
                    Ok(()) => on_kafka.push(id),
                    Err(NotPublished::Refused(why)) if self.doubt.is_over(why, Instant::now()) => {
                        refused.push((id.hyphenated().to_string(), why.as_str()));
                    }
                    Err(_) => is_settled = false,
                },
                Sent::Refused(id, reason) => refused.push((id, reason)),
                Sent::NotTaken => is_settled = false,
            }
        }
        if !on_kafka.is_empty() {
            self.kafka.acknowledged();
            self.spool.inner.metrics.drained.inc_by(on_kafka.len() as u64);
            self.forget(on_kafka).await;
        }
        for (id, reason) in refused {
            self.set_aside(id, reason).await;
        }
        is_settled
    }

    /// Deletes what is on Kafka. What cannot be deleted now is not sent again meanwhile.
    async fn forget(&mut self, on_kafka: Vec<Uuid>) {
        while !self.spool.inner.writer.forget(&on_kafka).await {
            tokio::time::sleep(self.backoff.next_delay(backoff::random())).await;
        }
    }

    async fn set_aside(&self, id: String, reason: &'static str) {
        if let Some(suppressed) = self.said.pass(Instant::now()) {
            tracing::error!(
                delivery = id,
                reason,
                suppressed,
                "a delivery is set aside in the spool, Kafka would never take it as it is: see `weir spool list`"
            );
        }
        let is_set_aside = self.spool.inner.writer.set_aside(id, reason).await;
        tracing::debug!(is_set_aside, "a delivery is out of the way of the others");
    }
}
