//! Builds a new client when the one in use will never send again.
//!
//! Three things end a client of librdkafka while its brokers are well: a fatal error of the idempotent producer, which
//! never heals; a lost leader (confluentinc/librdkafka#5430, #3584), seen as records that wait while the brokers
//! answer; and lost brokers: it forgets those that a broker does not name, as one does not that has just been
//! fenced (`rd_kafka_metadata_decommission_unavailable_brokers`), and may be left with none. A restart of the process would
//! mend all of them; this does it without one.

mod progress;

use std::time::{Duration, Instant};

use prometheus::{IntCounter, IntGauge, Registry};

use crate::process::Process;

use self::progress::{Progress, Seen, Verdict};
use super::Producer;
use super::statistics::StatisticsMetrics;
use crate::metrics;

/// How often the producer is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long the brokers may take to answer while the producer is under suspicion.
const REACHABLE_WITHIN: Duration = Duration::from_secs(2);
/// The least time between two clients.
const REBUILD_EVERY: Duration = Duration::from_secs(5);

/// Why a new client was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// librdkafka says that it can never send again.
    Fatal,
    /// The brokers answer and no record is acknowledged.
    Stalled,
    /// The brokers answer and the records of one partition run out of time.
    Partition,
}

impl Reason {
    const ALL: [Self; 3] = [Self::Fatal, Self::Stalled, Self::Partition];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Fatal => "fatal",
            Self::Stalled => "stalled",
            Self::Partition => "partition",
        }
    }
}

/// How long the brokers may be well while nothing is acknowledged; half of it passes before they are asked.
const STALLED_AFTER: Duration = Duration::from_secs(10);

/// Watches a producer until the end of the process is asked for; the future owns what it needs.
pub fn watch(producer: Producer, process: &Process) -> impl Future<Output = ()> + Send + use<> {
    let mut watchdog = Watchdog::new(producer, STALLED_AFTER, &process.registry);
    let shutdown = process.shutdown.clone();
    async move {
        tokio::select! {
            () = shutdown.requested() => {}
            () = watchdog.run() => {}
        }
    }
}

struct Watchdog {
    producer: Producer,
    stalled_after: Duration,
    progress: Progress,
    built: Instant,
    rebuilt: Vec<IntCounter>,
    in_flight: IntGauge,
    statistics: StatisticsMetrics,
}

impl Watchdog {
    fn new(producer: Producer, stalled_after: Duration, registry: &Registry) -> Self {
        let rebuilt = metrics::counters(
            registry,
            "weir_producer_rebuilt_total",
            "Kafka clients that were replaced by a new one because they would never have sent again, by reason.",
            &["reason"],
        );
        let in_flight = metrics::gauge(
            registry,
            "weir_producer_in_flight",
            "Records that are queued or on their way to Kafka and not yet acknowledged.",
        );
        let now = Instant::now();
        Self {
            producer,
            stalled_after,
            progress: Progress::new(stalled_after, now),
            built: now,
            rebuilt: Reason::ALL.map(|reason| rebuilt.with_label_values(&[reason.as_str()])).into(),
            in_flight,
            statistics: StatisticsMetrics::new(registry),
        }
    }

    async fn run(&mut self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let client = self.producer.client();
            let (context, fatal) = (client.context(), client.fatal_error());
            let seen = Seen {
                delivered: context.delivered(),
                in_flight: context.in_flight(),
                is_partition_stuck: context.stuck().is_lasting(self.stalled_after),
            };
            self.in_flight.set(i64::try_from(seen.in_flight).unwrap_or(i64::MAX));
            if let Some(statistics) = context.take_statistics() {
                self.statistics.show(&statistics);
            }
            drop(client);
            if let Some(error) = fatal {
                self.rebuild(Reason::Fatal, &error);
                continue;
            }
            match self.progress.look(seen, Instant::now()) {
                Verdict::Well => {}
                Verdict::Suspect => self.ask().await,
                Verdict::Dead(reason) => {
                    self.rebuild(reason, "the brokers answer and records are not acknowledged");
                }
            }
        }
    }

    /// A broker that does not answer is no fault of the client; one that answers another client is.
    async fn ask(&mut self) {
        let answered = self.producer.check_topics(&[], REACHABLE_WITHIN).await.is_ok()
            || self.producer.is_another_client_answered(REACHABLE_WITHIN).await;
        self.progress.brokers_answered(answered, Instant::now());
        if !answered {
            self.producer.client().context().stuck().forget();
        }
    }

    fn rebuild(&mut self, reason: Reason, error: &str) {
        let now = Instant::now();
        if now.saturating_duration_since(self.built) < REBUILD_EVERY {
            return;
        }
        let reason_word = reason.as_str();
        match self.producer.rebuild() {
            Ok(()) => {
                self.rebuilt[reason as usize].inc();
                self.statistics.renewed();
                tracing::warn!(reason = reason_word, error, "the Kafka client was dead and is replaced");
            }
            Err(failure) => tracing::error!(%failure, "the Kafka client is dead and cannot be replaced yet"),
        }
        self.built = now;
        self.progress.reset(now);
    }
}
