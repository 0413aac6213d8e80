//! Brings deliveries from the disk to Kafka: in their order, at a bounded rate, one that is refused for good parked.
//!
//! Retired files go first, the oldest before the others; then the file that is written.

mod older;

use super::Spool;
use super::database::{Change, Placed};
use super::debounce::Debounce;
use crate::kafka::Kafka;
use crate::publisher::NotPublished;
use older::{Older, Taken};
use runtime::backoff::{self, Backoff};
use runtime::process::shutdown::Shutdown;
use runtime::producer::Acknowledgement;
use runtime::throttle::Throttle;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
const LOG_EVERY: Duration = Duration::from_mins(1);

/// Why a delivery is parked that is not what was written.
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
    let mut drain = Drain {
        pace: Duration::from_secs(1) / spool.inner.settings.drain_rate,
        older: Older::new(spool.inner.backlog.clone(), spool.inner.metrics.clone()),
        spool,
        kafka,
        size: 1,
        backoff: Backoff::new(BACKOFF_BASE, BACKOFF_MAX),
        debounce: Debounce::default(),
        log: Throttle::new(LOG_EVERY),
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
    older: Older,
    kafka: Arc<Kafka>,
    /// The part of a second that belongs to one delivery.
    pace: Duration,
    /// Deliveries of the next round: one while it is not known that Kafka takes any.
    size: usize,
    backoff: Backoff,
    debounce: Debounce,
    log: Throttle,
}

/// A delivery of a round.
enum Sent {
    UnderWay(Placed, Acknowledgement),
    /// Never to be taken as it is.
    Refused(Placed, String),
    /// To be sent again, it and what is behind it.
    NotTaken(Placed),
}

/// What became of a round.
#[derive(Default)]
struct Settled {
    on_kafka: Vec<Placed>,
    refused: Vec<(Placed, String)>,
    /// To be sent again, in their order.
    again: Vec<Placed>,
    has_failed: bool,
}

impl Drain {
    async fn run(&mut self, shutdown: &Shutdown) {
        while !shutdown.is_requested() {
            self.older.count().await;
            if !self.kafka.gate.is_open() {
                self.wait_for_work().await;
                continue;
            }
            match self.older.take(self.size, ROUND_BYTES).await {
                Taken::Rows(rows) => self.round_of_older(rows).await,
                Taken::NotNow => self.failed().await,
                Taken::Nothing => self.round_of_current().await,
            }
        }
    }

    async fn wait_for_work(&mut self) {
        self.size = 1;
        tokio::select! {
            () = self.spool.inner.writer.stored() => {}
            () = tokio::time::sleep(TEND_EVERY) => {}
        }
    }

    async fn failed(&mut self) {
        self.size = 1;
        tokio::time::sleep(self.backoff.next_delay(backoff::random())).await;
    }

    async fn round_of_current(&mut self) {
        let rows = self.spool.inner.writer.read(self.size, ROUND_BYTES).await;
        if rows.is_empty() {
            return self.wait_for_work().await;
        }
        let start = tokio::time::Instant::now();
        let mut settled = self.send(rows).await;
        if !settled.on_kafka.is_empty() {
            let keys: Vec<_> = settled.on_kafka.iter().map(Placed::key).collect();
            // What cannot be deleted now is not sent again meanwhile.
            while !self.spool.inner.writer.delete(&keys).await {
                tokio::time::sleep(self.backoff.next_delay(backoff::random())).await;
            }
        }
        for (placed, reason) in std::mem::take(&mut settled.refused) {
            self.log_parked(&placed.row.id, &reason);
            let is_corrupt = reason == CORRUPT;
            if !self.spool.inner.writer.change(vec![Change::Park(placed.key(), reason)]).await {
                settled.has_failed = true;
            } else if is_corrupt {
                self.spool.inner.metrics.lost.inc();
            }
        }
        self.pace(start, &settled).await;
    }

    /// What is done with is remembered; what is parked goes to the file that is written, where `weir spool` finds it.
    async fn round_of_older(&mut self, rows: Vec<Placed>) {
        let start = tokio::time::Instant::now();
        let (parked, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|placed| placed.parked.is_some());
        let mut settled = self.send(rows).await;
        for placed in parked {
            let reason = if placed.row.is_intact() { placed.parked.clone() } else { None };
            settled.refused.push((placed, reason.unwrap_or_else(|| CORRUPT.to_owned())));
        }
        self.older.settled(&settled.on_kafka);
        for (placed, reason) in std::mem::take(&mut settled.refused) {
            if reason == CORRUPT {
                self.older.lost(&placed);
                continue;
            }
            let adopt = Change::Adopt(placed.row.clone(), reason.clone());
            if self.spool.inner.writer.change(vec![adopt]).await {
                self.log_parked(&placed.row.id, &reason);
                self.older.settled(std::slice::from_ref(&placed));
            } else {
                self.older.leave(&placed);
            }
        }
        self.older.again(std::mem::take(&mut settled.again));
        self.pace(start, &settled).await;
    }

    /// A round in which Kafka took nothing says nothing of the next.
    async fn pace(&mut self, start: tokio::time::Instant, settled: &Settled) {
        if settled.has_failed {
            self.failed().await;
        } else if settled.on_kafka.is_empty() {
            self.size = 1;
        } else {
            self.size = ROUND;
            self.backoff.reset();
            let deliveries = u32::try_from(settled.on_kafka.len()).unwrap_or(u32::MAX);
            tokio::time::sleep_until(start + self.pace * deliveries).await;
        }
    }

    /// Gives deliveries to Kafka in their order, up to the first that it does not take now, and waits for them.
    async fn send(&mut self, rows: Vec<Placed>) -> Settled {
        let mut round = Vec::with_capacity(rows.len());
        let mut rows = rows.into_iter();
        let mut settled = Settled::default();
        for placed in rows.by_ref() {
            let Some(delivery) = placed.row.clone().into_delivery() else {
                round.push(Sent::Refused(placed, CORRUPT.to_owned()));
                continue;
            };
            let in_flight = &self.spool.inner.in_flight;
            if in_flight.contains(delivery.id) {
                if round.is_empty() {
                    in_flight.released(delivery.id).await;
                }
                settled.again.push(placed);
                break;
            }
            let sent = match self.kafka.publisher.publish(&delivery) {
                Ok(receipt) => Sent::UnderWay(placed, receipt),
                Err(NotPublished::Refused(why)) if self.debounce.counts(why, Instant::now()) => {
                    Sent::Refused(placed, why.as_str().to_owned())
                }
                Err(_) => Sent::NotTaken(placed),
            };
            let is_taken = !matches!(sent, Sent::NotTaken(_));
            round.push(sent);
            if !is_taken {
                break;
            }
        }
        let behind = std::mem::take(&mut settled.again).into_iter().chain(rows).collect();
        self.settle(round, behind).await
    }

    /// Waits for what is under way.
    async fn settle(&mut self, round: Vec<Sent>, behind: Vec<Placed>) -> Settled {
        let mut settled = Settled::default();
        for sent in round {
            match sent {
                Sent::UnderWay(placed, receipt) => match receipt.await.map_err(NotPublished::from) {
                    Ok(()) => settled.on_kafka.push(placed),
                    Err(NotPublished::Refused(why)) if self.debounce.counts(why, Instant::now()) => {
                        settled.refused.push((placed, why.as_str().to_owned()));
                    }
                    Err(_) => settled.again.push(placed),
                },
                Sent::Refused(placed, reason) => settled.refused.push((placed, reason)),
                Sent::NotTaken(placed) => settled.again.push(placed),
            }
        }
        settled.has_failed = !settled.again.is_empty();
        settled.again.extend(behind);
        if !settled.on_kafka.is_empty() {
            self.kafka.acknowledged();
            self.spool.inner.metrics.drained.inc_by(settled.on_kafka.len() as u64);
        }
        settled
    }

    fn log_parked(&self, id: &str, reason: &str) {
        if let Some(suppressed) = self.log.pass(Instant::now()) {
            tracing::error!(
                delivery = id,
                reason,
                suppressed,
                "a delivery is set aside in the spool, Kafka would never take it as it is: see `weir spool list`"
            );
        }
    }
}
