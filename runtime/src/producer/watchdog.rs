//! Replaces the client when the one in use will never send again.
//!
//! Four things end a client of librdkafka while its brokers are well: a fatal error of the idempotent producer, which
//! never heals; a lost leader (confluentinc/librdkafka#5430, #3584), seen as records that wait while the brokers
//! answer; a leader that is none any more: of a topic that was made again it goes on sending to the former one, since the epochs of the
//! new one begin anew and it takes the newest leader that it knows (`rd_kafka_toppar_leader_update`); and lost brokers: it forgets those that a broker does not name, as one does not that has just been
//! fenced (`rd_kafka_metadata_decommission_unavailable_brokers`), and may be left with none. A restart of the process would
//! mend all of them; this does it without one. What a new client would not mend is left alone: records that are sent
//! and refused by their leader, as below `min.insync.replicas`, and partitions whose leader does not answer a new client either; see
//! docs/adr/0037.

mod progress;
mod reason;
mod sending;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus::{IntCounter, Registry};

use crate::process::Process;
use crate::process::supervisor::Supervisor;

use self::progress::{ClientSample, Progress, Step};
use self::reason::Reason;
use self::sending::Sending;
use super::context::Context;
use super::leaders::LedElsewhere;
use super::{Producer, ProducerError, ProducerMetrics, QuotaWatch};
use crate::kafka::TopicPartition;
use crate::kafka::consecutive::Consecutive;
use crate::kafka::credentials::Changes;
use crate::settings::KafkaSettings;
use crate::throttle::Throttle;

/// How often the producer is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long the brokers may take to answer while the producer is under suspicion.
const REACHABLE_WITHIN: Duration = Duration::from_secs(2);
/// The least time between two clients; it doubles with each that delivers nothing, since a new one does not help then.
const REPLACE_EVERY: std::ops::RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_mins(1);
/// Samples without a connection after which a client counts as having lost its brokers.
const LOST_AFTER: u32 = 2;
/// How long a client may go on with what it has when another one has taken its place in order.
const RETIRES_WITHIN: Duration = Duration::from_secs(10);

/// How long a client may take to notice that brokers are back: beyond the longest of its pauses between two connections.
const RECONNECTS_WITHIN: Duration = Duration::from_secs(5);
/// How long the brokers may be well while nothing is acknowledged; half of it passes before they are asked.
const STALLED_AFTER: Duration = Duration::from_secs(10);
const UNACKNOWLEDGED: &str = "the brokers are sent them and do not acknowledge them: are enough replicas in sync (min.insync.replicas)?";

/// Watches a producer until the end of the process is asked for, and shows in `registry` what it sees; the future owns what it
/// needs.
pub fn watch(
    producer: Producer,
    process: &Process,
    registry: &Registry,
) -> impl Future<Output = ()> + Send + use<> {
    watch_with(Watchdog::new(producer, registry, &process.quota), process)
}

/// As [`watch`], for a second producer of a process: what is shown is about the first, but for waits for quotas, and for how often
/// a client of the second was `rebuilt`.
pub fn watch_second(
    producer: Producer,
    process: &Process,
    rebuilt: &IntCounter,
) -> impl Future<Output = ()> + Send + use<> {
    let mut watchdog = Watchdog::new(producer, &Registry::new(), &process.quota);
    watchdog.rebuilt = Reason::ALL.map(|_| rebuilt.clone()).into();
    watch_with(watchdog, process)
}

fn watch_with(mut watchdog: Watchdog, process: &Process) -> impl Future<Output = ()> + Send + use<> {
    let (shutdown, changes) = (process.shutdown.child(), process.credentials.changes());
    let mut supervisor = Supervisor::new("the watchdog of a producer");
    async move {
        let watching = async { while supervisor.catches_panic_of(watchdog.run(changes.clone())).await {} };
        shutdown.run_until_cancelled(watching).await;
    }
}

struct Watchdog {
    producer: Producer,
    /// Settings that no client was made of yet.
    changed: Option<Arc<KafkaSettings>>,
    progress: Progress,
    built: Instant,
    /// Before the client is replaced once more.
    wait: Duration,
    /// Samples in a row without a connection.
    lost: Consecutive,
    rebuilt: Vec<IntCounter>,
    metrics: ProducerMetrics,
    sending: Sending,
    /// Partitions whose records went to another broker than their leader, by what a broker said at the latest look.
    sent_elsewhere: Vec<LedElsewhere>,
    refused: Throttle,
}

impl Watchdog {
    fn new(producer: Producer, registry: &Registry, quota: &Arc<QuotaWatch>) -> Self {
        let now = Instant::now();
        Self {
            producer,
            changed: None,
            progress: Progress::new(STALLED_AFTER, now),
            built: now,
            wait: *REPLACE_EVERY.start(),
            lost: Consecutive::default(),
            rebuilt: Reason::counters(registry),
            metrics: ProducerMetrics::new(registry, quota),
            sending: Sending::default(),
            sent_elsewhere: Vec::new(),
            refused: Throttle::default(),
        }
    }

    async fn run(&mut self, mut changes: Changes) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                kafka = changes.next_settings() => self.changed = Some(kafka),
            }
            self.renew().await;
            let client = self.producer.client();
            let (context, fatal) = (client.context(), client.fatal_error());
            let stuck = context.stuck.lasting(STALLED_AFTER);
            let is_sampled = self.sample(context);
            let seen = ClientSample {
                delivered: context.delivered(),
                in_flight: context.in_flight(),
                is_partition_stuck: !stuck.is_empty(),
                is_sampled,
                is_lost: self.lost.count() >= LOST_AFTER,
            };
            self.metrics.in_flight.set(i64::try_from(seen.in_flight).unwrap_or(i64::MAX));
            drop(client);
            if let Some(error) = fatal {
                self.replace(Reason::Fatal, &error).await;
                continue;
            }
            if seen.delivered > 0 {
                self.wait = *REPLACE_EVERY.start();
            }
            match self.progress.look(seen, Instant::now()) {
                Step::Nothing => {}
                Step::Ask => self.ask().await,
                Step::ReplaceIfDisconnected => self.replace_if_disconnected(&changes).await,
                Step::Replace(reason) => self.replace_unless_sending(reason, &stuck).await,
            }
        }
    }

    /// Takes what the client has said of itself since the last look; `false` where that is nothing.
    fn sample(&mut self, context: &Context) -> bool {
        let statistics = context.take_statistics();
        if let Some(statistics) = &statistics {
            self.metrics.sample(statistics);
            self.sending.sample(statistics);
            self.lost.sample(statistics.brokers_up() == 0);
        }
        statistics.is_some()
    }

    /// Replaces a client that does not send what the leaders would take, or sends it to a broker that is no leader any more.
    async fn replace_unless_sending(&mut self, reason: Reason, stuck: &[TopicPartition]) {
        let is_meant = |partition: &TopicPartition| reason != Reason::Partition || stuck.contains(partition);
        let mut unsent = self.sending.unsent();
        unsent.retain(is_meant);
        let is_sending = reason == Reason::Stalled && self.sending.is_sending();
        let is_unsent = !is_sending && !unsent.is_empty();
        if is_unsent && self.producer.is_a_leader_answering(unsent, REACHABLE_WITHIN).await {
            return self.replace(reason, "the brokers answer and the client sends them no records").await;
        }
        let mut sent_to = self.sending.refused();
        sent_to.retain(|(partition, _)| is_meant(partition));
        let elsewhere = self.producer.led_elsewhere(sent_to, REACHABLE_WITHIN).await;
        // A leader that moved just now is found by the client itself.
        let is_lasting =
            elsewhere.iter().any(|now| self.sent_elsewhere.iter().any(|before| now.bears_out(before)));
        let (is_elsewhere, away) = (!elsewhere.is_empty(), self.sending.leaders_away(is_meant));
        self.sent_elsewhere = elsewhere;
        if is_lasting {
            let why = "the client sends records to brokers that do not lead their partitions any more";
            self.replace(reason, why).await;
        } else if !is_elsewhere {
            self.say_why_not(&away, if is_unsent { "their leaders do not answer" } else { UNACKNOWLEDGED });
        }
    }

    /// Says why nothing is acknowledged: leaders are `away`, to which the client has no connection, or else `otherwise`.
    fn say_why_not(&self, away: &BTreeSet<i32>, otherwise: &str) {
        let now = Instant::now();
        let Some(suppressed) = self.refused.pass(now) else { return };
        let why = if away.is_empty() {
            otherwise.to_owned()
        } else {
            let reason =
                self.producer.last_reason(now).unwrap_or_else(|| String::from("for no known reason"));
            format!("their leaders, brokers {away:?}, are not connected ({reason})")
        };
        tracing::warn!(suppressed, "records are not acknowledged: {why}; the client keeps them and goes on");
    }

    /// Replaces a client that has lost its brokers, before its records run out of time.
    async fn replace_if_disconnected(&mut self, changes: &Changes) {
        if self.producer.check_topics(&[], REACHABLE_WITHIN).await.is_ok() {
            self.lost.forget();
        } else if self.producer.is_another_client_answered(REACHABLE_WITHIN).await
            && self.producer.check_topics(&[], RECONNECTS_WITHIN).await.is_err()
        {
            let kafka = self.producer.settings();
            if changes.are_coming(Arc::clone(&kafka)).await {
                // The other client has read files that have changed since this one was made: that is no fault of it.
                self.changed.get_or_insert(kafka);
            } else {
                self.replace(Reason::Disconnected, "no broker answers it, and one answers another client")
                    .await;
            }
        }
    }

    /// A broker that does not answer is no fault of the client; one that answers another client is.
    async fn ask(&mut self) {
        // What was seen of an earlier suspicion says nothing of this one.
        self.sent_elsewhere.clear();
        let answered = self.producer.check_topics(&[], REACHABLE_WITHIN).await.is_ok()
            || self.producer.is_another_client_answered(REACHABLE_WITHIN).await;
        self.progress.brokers_answered(answered, Instant::now());
        if !answered {
            self.producer.client().context().stuck.forget();
        }
    }

    /// Makes a client of settings that have changed; where that fails, they are tried again at the next look.
    async fn renew(&mut self) {
        let Some(kafka) = self.changed.clone() else { return };
        match self.producer.renew(kafka, RETIRES_WITHIN).await {
            Ok(()) => {
                self.changed = None;
                self.begin();
            }
            Err(error) => self.failed(&error),
        }
    }

    async fn replace(&mut self, reason: Reason, error: &str) {
        let now = Instant::now();
        if now.saturating_duration_since(self.built) < self.wait {
            return;
        }
        self.wait = (self.wait * 2).min(*REPLACE_EVERY.end());
        match self.producer.replace().await {
            Ok(_) => {
                self.rebuilt[reason as usize].inc();
                tracing::warn!(
                    reason = reason.as_str(),
                    error,
                    "replaced a Kafka producer that could never have sent again"
                );
            }
            Err(error) => self.failed(&error),
        }
        self.begin();
    }

    fn failed(&self, error: &ProducerError) {
        if let Some(suppressed) = self.refused.pass(Instant::now()) {
            tracing::error!(%error, suppressed, "the Kafka client cannot be replaced yet");
        }
    }

    /// A new client is known by what it does itself.
    fn begin(&mut self) {
        let now = Instant::now();
        self.built = now;
        self.progress = Progress::new(STALLED_AFTER, now);
        self.metrics.renewed();
        self.sending = Sending::default();
        self.lost.forget();
    }
}
