//! What requests, connections and the watch over the cluster share.

use super::options::Tuning;
use super::security::Security;
use super::state::{Outcome, State, asks_another, local};
use super::supervision;
use super::ticket::Ticket;
use arc_swap::ArcSwap;
use kafka_protocol::messages::MetadataResponse;
use runtime::kafka::credentials::Credentials;
use runtime::producer::{ProduceError, ProducerMetrics, ProducerOptions};
use runtime::settings::KafkaSettings;
use runtime::throttle::Throttle;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

/// What fails once fails often.
pub(super) const LOG_EVERY: Duration = Duration::from_mins(1);

/// The state behind its lock, and everything that does not change.
pub(super) struct Shared {
    inner: Mutex<Inner>,
    /// What a connection begins with; another one when credentials have changed.
    pub(super) security: ArcSwap<Security>,
    pub(super) credentials: Credentials,
    pub(super) kafka: KafkaSettings,
    pub(super) options: ProducerOptions,
    pub(super) tuning: Tuning,
    pub(super) topics: Vec<String>,
    /// What came of asking for the cluster last; `None` before that.
    asked: watch::Sender<Option<Result<(), String>>>,
    /// Somebody is in doubt about the cluster.
    pub(super) doubt: Notify,
    drained: Notify,
    running: Mutex<Option<AbortHandle>>,
    not_acknowledged: Throttle,
}

/// What is behind the lock.
pub(super) struct Inner {
    pub(super) state: State<Ticket>,
    /// Whoever sends to a broker waits here.
    wakes: BTreeMap<i32, Arc<Notify>>,
}

impl Shared {
    /// Blocks for as long as it takes to read the files that the properties name.
    pub(super) fn new(
        kafka: &KafkaSettings,
        options: &ProducerOptions,
        topics: &[String],
        credentials: Credentials,
    ) -> Result<Self, String> {
        let tuning = Tuning::of(&kafka.properties);
        let state = State::new(tuning.limits(options), topics);
        Ok(Self {
            inner: Mutex::new(Inner { state, wakes: BTreeMap::new() }),
            security: ArcSwap::from_pointee(Security::new(&kafka.properties)?),
            credentials,
            kafka: kafka.clone(),
            options: options.clone(),
            tuning,
            topics: topics.to_vec(),
            asked: watch::Sender::new(None),
            doubt: Notify::new(),
            drained: Notify::new(),
            running: Mutex::default(),
            not_acknowledged: Throttle::new(LOG_EVERY),
        })
    }

    /// Begins to connect.
    pub(super) fn begin(self: &Arc<Self>, metrics: ProducerMetrics) {
        let running = tokio::spawn(supervision::run(Arc::clone(self), metrics)).abort_handle();
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
    }

    /// Gives up what is left, and returns how many records that were.
    pub(super) fn close(&self) -> usize {
        let (left, ended) = {
            let state = &mut self.lock().state;
            (state.queued().1, state.close())
        };
        self.report(ended);
        if let Some(running) = self.running.lock().unwrap_or_else(PoisonError::into_inner).take() {
            running.abort();
        }
        left
    }

    /// Gives everything back and forgets the cluster: what a panic has left of the state is not relied on.
    pub(super) fn begin_anew(&self) {
        let empty = State::new(self.tuning.limits(&self.options), &self.topics);
        let left = std::mem::replace(&mut self.lock().state, empty);
        self.asked.send_replace(None);
        // Its tickets tell everyone, and not under the lock.
        drop(left);
        self.drained.notify_waiters();
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has brokers sent what waits for them, unless they have enough to do.
    pub(super) fn wake(&self, now: Instant) {
        let inner = self.lock();
        for wake in inner.state.waited_for(now).filter_map(|id| inner.wakes.get(&id)) {
            wake.notify_one();
        }
    }

    /// Whoever sends to this broker is woken by this.
    pub(super) fn wake_of(&self, broker: i32) -> Arc<Notify> {
        Arc::clone(self.lock().wakes.entry(broker).or_default())
    }

    /// Takes up what the cluster looks like; returns the brokers that somebody has to connect to.
    pub(super) fn update(&self, cluster: &MetadataResponse) -> Vec<i32> {
        let (ended, unserved) = {
            let mut inner = self.lock();
            (inner.state.update(cluster), inner.state.unserved())
        };
        self.asked.send_replace(Some(Ok(())));
        self.report(ended);
        self.wake(Instant::now());
        unserved
    }

    /// Tells everyone who waits for these records.
    pub(super) fn report(&self, ended: Vec<Outcome<Ticket>>) {
        if ended.is_empty() {
            return;
        }
        for Outcome { topic, partition, tickets, failure } in ended {
            if let Some(code) = failure {
                // Nobody took them: a leader may have moved to where nobody is connected yet. Connections that end say so themselves.
                if code == local::TIMED_OUT || asks_another(code) {
                    self.doubt.notify_one();
                }
                if let Some(suppressed) = self.not_acknowledged.pass(Instant::now()) {
                    let (topic, error, records) = (&*topic, ProduceError::from_code(code), tickets.len());
                    tracing::warn!(topic, partition, records, %error, suppressed, "records were not acknowledged");
                }
            }
            for ticket in tickets {
                ticket.report(failure);
            }
        }
        if self.lock().state.queued().1 == 0 {
            self.drained.notify_waiters();
        }
    }

    /// Returns once nothing waits and nothing is on its way.
    pub(super) async fn drained(&self) {
        loop {
            let drained = self.drained.notified();
            let mut drained = std::pin::pin!(drained);
            drained.as_mut().enable();
            if self.lock().state.queued().1 == 0 {
                return;
            }
            drained.await;
        }
    }

    /// Topics that the brokers do not have or do not show, or why no broker has said so.
    pub(super) async fn missing_topics(&self, limit: Duration) -> Result<Vec<String>, String> {
        let mut asked = self.asked.subscribe();
        let outcome = tokio::time::timeout(limit, asked.wait_for(Option::is_some)).await;
        let outcome = outcome.ok().and_then(Result::ok).and_then(|outcome| outcome.clone());
        outcome.unwrap_or_else(|| Err(format!("none within {limit:?}")))?;
        Ok(self.lock().state.missing())
    }

    /// No broker has said where the topics are.
    pub(super) fn failed(&self, reason: String) {
        self.asked.send_replace(Some(Err(reason)));
        self.doubt.notify_one();
    }

    /// Where to ask next: the brokers that the cluster names, then those of `--brokers`.
    pub(super) fn addresses(&self) -> Vec<String> {
        let known = self.lock().state.addresses();
        known.into_iter().chain(self.kafka.brokers.split(',').map(|one| one.trim().to_owned())).collect()
    }
}
