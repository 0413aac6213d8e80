//! What requests, connections and the watch over the cluster share.

use super::options::Tuning;
use super::security::Security;
use super::state::{BatchOutcome, STALE_METADATA, State, local};
use super::ticket::Ticket;
use crate::blocking_work::BlockingWork;
use arc_swap::ArcSwap;
use kafka_protocol::messages::MetadataResponse;
use runtime::kafka::credentials::Credentials;
use runtime::kafka::last_reason::LastReason;
use runtime::producer::{ProduceError, ProducerOptions};
use runtime::settings::KafkaSettings;
use runtime::throttle::Throttle;
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;
use tokio::sync::{Notify, watch};

/// The state behind its lock, and everything that does not change.
pub(super) struct Shared {
    state: Mutex<State<Ticket>>,
    /// What a connection begins with; another one when credentials have changed.
    pub(super) security: ArcSwap<Security>,
    pub(super) credentials: Credentials,
    pub(super) kafka: KafkaSettings,
    pub(super) client_id: String,
    pub(super) tuning: Tuning,
    pub(super) topics: Vec<String>,
    /// What came of asking for the cluster: the last answer, or that every broker in turn has given none since; `None` before that.
    pub(super) metadata_result: watch::Sender<Option<Result<(), String>>>,
    /// Somebody has reason to believe that the cluster has changed.
    pub(super) refresh_metadata: Notify,
    /// Nothing waits and nothing is on its way, for the one who asks.
    pub(super) drained: Notify,
    /// Why a connection or request failed last, with the address of the broker.
    pub(super) last_reason: LastReason,
    /// Batches that take long to compress.
    pub(super) blocking: BlockingWork,
    not_acknowledged: Throttle,
}

impl Shared {
    /// Blocks for as long as it takes to read the files that the properties name.
    pub(super) fn new(
        kafka: &KafkaSettings,
        options: &ProducerOptions,
        topics: &[String],
        credentials: Credentials,
    ) -> Result<Self, String> {
        let tuning = Tuning::of(&kafka.properties, options);
        Ok(Self {
            state: Mutex::new(State::new(tuning, topics)),
            security: ArcSwap::from_pointee(Security::new(&kafka.properties)?),
            credentials,
            kafka: kafka.clone(),
            client_id: options.client_id.clone(),
            tuning,
            topics: topics.to_vec(),
            metadata_result: watch::Sender::new(None),
            refresh_metadata: Notify::new(),
            drained: Notify::new(),
            last_reason: LastReason::default(),
            blocking: BlockingWork::default(),
            not_acknowledged: Throttle::default(),
        })
    }

    /// Gives everything back and forgets the cluster: what a panic has left of the state is not relied on.
    pub(super) fn begin_anew(&self) {
        let empty = State::new(self.tuning, &self.topics);
        let left = std::mem::replace(&mut *self.lock(), empty);
        self.metadata_result.send_replace(None);
        // Its tickets tell everyone, and not under the lock.
        drop(left);
        self.drained.notify_one();
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State<Ticket>> {
        runtime::mutex::lock(&self.state)
    }

    /// Takes up what the cluster looks like.
    pub(super) fn update(&self, cluster: &MetadataResponse) {
        let ended = self.lock().update(cluster);
        self.metadata_result.send_replace(Some(Ok(())));
        self.report(ended);
        self.lock().wake(Instant::now());
    }

    /// Tells everyone who waits for these records.
    pub(super) fn report(&self, ended: Vec<BatchOutcome<Ticket>>) {
        if ended.is_empty() {
            return;
        }
        for BatchOutcome { topic, partition, tickets, failure } in ended {
            if let Some(code) = failure {
                // Nobody took them: a leader may have moved to where nobody is connected yet. Connections that end say so themselves.
                if code == local::TIMED_OUT || STALE_METADATA.contains(&code) {
                    self.refresh_metadata.notify_one();
                }
                let (now, error) = (Instant::now(), ProduceError::from_code(code));
                if error.is_of_broker() {
                    self.last_reason.set(format!("{topic} partition {partition}: {error}"), now);
                }
                if let Some(suppressed) = self.not_acknowledged.pass(now) {
                    let (topic, records) = (&*topic, tickets.len());
                    tracing::warn!(topic, partition, records, %error, suppressed, "records were not acknowledged");
                }
            }
            for ticket in tickets {
                ticket.report(failure);
            }
        }
        if self.lock().queued().1 == 0 {
            self.drained.notify_one();
        }
    }
}
