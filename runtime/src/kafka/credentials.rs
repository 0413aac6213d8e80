//! Notices that the files with which clients prove who they are have changed.
//!
//! librdkafka reads certificates and keys once, when a client is made. A renewed file is of use to a new client alone, so
//! everyone who holds one hears of it, and makes another in its own time; see docs/adr/0037.

mod certificates;
mod files;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use prometheus::{IntCounter, IntGauge, IntGaugeVec, Registry};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use tokio::sync::watch;

use crate::blocking::Blocking;
use crate::kafka::log::KafkaLog;
use crate::metrics;
use crate::process::shutdown::Shutdown;
use crate::process::supervisor::Supervisor;
use crate::secret_files::READ_TIMEOUT;
use crate::settings::KafkaSettings;
use crate::throttle::Throttle;

/// How often the files are looked at. What has changed counts once it is the same in two looks: a certificate and its
/// key are written one after the other.
const REREAD_EVERY: Duration = Duration::from_secs(5);
/// How long a broker may take to answer a client of changed files.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// What a client has to say of a failure comes among other events of it, of which each is waited for a moment.
const MAX_EVENTS: usize = 20;
const NEXT_EVENT: Duration = Duration::from_millis(20);
const UNUSABLE: &str =
    "files of --kafka-config cannot be used at the moment, clients of Kafka keep what they have";

/// Tells clients of Kafka of settings that have changed; clones tell the same.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    latest: Arc<watch::Sender<Option<Arc<KafkaSettings>>>>,
    taken: Taken,
}

/// The fingerprint of the files as they were taken up last; 0 where nobody watches them.
type Taken = Arc<AtomicU64>;

/// Hears of each change from now on.
#[derive(Clone, Debug)]
pub struct Changes {
    latest: watch::Receiver<Option<Arc<KafkaSettings>>>,
    taken: Taken,
}

impl Credentials {
    /// For one holder of a client.
    pub fn changes(&self) -> Changes {
        Changes { latest: self.latest.subscribe(), taken: Arc::clone(&self.taken) }
    }

    /// The settings as they were last taken up, else those of the start.
    pub fn latest(&self, start: &KafkaSettings) -> KafkaSettings {
        self.latest.borrow().as_ref().map_or_else(|| start.clone(), |latest| (**latest).clone())
    }
}

impl Changes {
    /// Whether there are other settings than when this was asked last; `false` where there never will be.
    pub fn seen(&mut self) -> bool {
        let is_changed = self.latest.has_changed().unwrap_or(false);
        self.latest.mark_unchanged();
        is_changed
    }

    /// Whether what these settings name has changed since it was taken up: a client that is made now reads what others do not have yet,
    /// who hear of it once it is the same in two looks and a broker answers.
    pub(crate) async fn are_coming(&self, kafka: Arc<KafkaSettings>) -> bool {
        let taken = self.taken.load(Ordering::Relaxed);
        let seen = Blocking::default().run(READ_TIMEOUT, move || files::latest_fingerprint(&kafka)).await;
        taken != 0 && seen.is_ok_and(|seen| seen != taken)
    }

    /// The settings as they are once there are others; waits for ever where there never will be.
    pub(crate) async fn next_settings(&mut self) -> Arc<KafkaSettings> {
        while self.latest.changed().await.is_ok() {
            if let Some(latest) = self.latest.borrow_and_update().clone() {
                return latest;
            }
        }
        std::future::pending().await
    }
}

/// Watches the files that `kafka` names until the end of the process is asked for. The first look is over when this
/// returns: what changes later is noticed, and of the properties what has changed since they were read.
pub(crate) async fn watch(
    credentials: Credentials,
    kafka: &KafkaSettings,
    registry: &Registry,
    shutdown: Shutdown,
) -> impl Future<Output = ()> + Send + use<> {
    CredentialWatch::begin(credentials, kafka.clone(), registry).await.run(shutdown)
}

struct CredentialWatch {
    credentials: Credentials,
    kafka: KafkaSettings,
    watched: Watched,
    metrics: CredentialMetrics,
    blocking: Blocking,
    log: Throttle,
}

impl CredentialWatch {
    async fn begin(credentials: Credentials, kafka: KafkaSettings, registry: &Registry) -> Self {
        let metrics = CredentialMetrics::register(registry);
        let (blocking, start) = (Blocking::default(), kafka.clone());
        let first = blocking.run(READ_TIMEOUT, move || CredentialFiles::of(&start)).await;
        let first = first.unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot read files of --kafka-config");
            CredentialFiles::default()
        });
        metrics.show(&first);
        credentials.taken.store(first.fingerprint, Ordering::Relaxed);
        let watched = Watched::of(first.fingerprint);
        Self { credentials, kafka, watched, metrics, blocking, log: Throttle::default() }
    }

    async fn run(mut self, shutdown: Shutdown) {
        let mut supervisor = Supervisor::new("the reload of Kafka credentials");
        let looks = async {
            loop {
                tokio::time::sleep(REREAD_EVERY).await;
                supervisor.catches_panic_of(self.look()).await;
            }
        };
        let _ended: Option<()> = shutdown.child().run_until_cancelled(looks).await;
    }

    async fn look(&mut self) {
        let changed = self.changed().await;
        self.metrics.refused.set(i64::from(changed.is_err()));
        match changed {
            Ok(None) => {}
            Ok(Some((latest, seen))) => {
                tracing::info!("files of --kafka-config have changed: clients of Kafka are made anew");
                self.metrics.show(&seen);
                self.metrics.renewed.inc();
                self.watched = Watched::of(seen.fingerprint);
                self.credentials.taken.store(seen.fingerprint, Ordering::Relaxed);
                self.credentials.latest.send_replace(Some(Arc::new(latest)));
            }
            Err(reason) => {
                if let Some(suppressed) = self.log.pass(Instant::now()) {
                    tracing::warn!(reason, suppressed, "{UNUSABLE}");
                }
            }
        }
    }

    /// Other settings than those in use, which a broker answers.
    async fn changed(&mut self) -> Result<Option<(KafkaSettings, CredentialFiles)>, String> {
        let used = self.kafka.clone();
        let seen = self.blocking.run(READ_TIMEOUT, move || files::latest_fingerprint(&used)).await;
        if !self.watched.is_changed(seen.map_err(|error| error.to_string())?) {
            return Ok(None);
        }
        let used = self.kafka.clone();
        let answered = self.blocking.run(READ_TIMEOUT + ANSWER_TIMEOUT, move || usable(&used)).await;
        answered.unwrap_or_else(|error| Err(error.to_string())).map(Some)
    }
}

/// The fingerprint of the files when they were taken up last, and at the latest look.
struct Watched {
    taken: u64,
    latest: u64,
}

impl Watched {
    const fn of(taken: u64) -> Self {
        Self { taken, latest: taken }
    }

    /// Whether the files differ from those in use and have not changed since the last check. It stays true until they are taken: a
    /// file that is named may come later, and so may a broker that accepts it.
    const fn is_changed(&mut self, seen: u64) -> bool {
        let is_written = seen == self.latest;
        self.latest = seen;
        is_written && self.latest != self.taken
    }
}

#[derive(Default)]
struct CredentialFiles {
    fingerprint: u64,
    ends: Vec<(&'static str, i64)>,
    unwatched: Vec<&'static str>,
}

impl CredentialFiles {
    fn of(kafka: &KafkaSettings) -> Self {
        let (ends, unwatched) = (certificates::ends(kafka), certificates::unwatched(kafka));
        Self { fingerprint: files::fingerprint(kafka), ends, unwatched }
    }
}

/// The settings as the files have them now, if a client can be made of them and a broker answers it: clients that are answered
/// would otherwise give way to ones that are not. Blocks.
fn usable(kafka: &KafkaSettings) -> Result<(KafkaSettings, CredentialFiles), String> {
    let latest = kafka.read_again()?;
    // Before they are used, so that what changes meanwhile is noticed.
    let seen = CredentialFiles::of(&latest);
    let client = latest.client_config("weir").create_with_context::<_, BaseConsumer<_>>(KafkaLog::of_a_try());
    let client = client.map_err(|error| error.to_string())?;
    match client.fetch_metadata(None, ANSWER_TIMEOUT) {
        Ok(_) => Ok((latest, seen)),
        Err(error) => {
            let reason = reason(&client).unwrap_or_else(|| error.to_string());
            Err(format!("no broker answers a client that uses them: {reason}"))
        }
    }
}

/// What the client says of its connections, such as what a broker thinks of a certificate.
fn reason(client: &BaseConsumer<KafkaLog>) -> Option<String> {
    let context = client.context();
    (0..MAX_EVENTS).find_map(|_| {
        drop(client.poll(NEXT_EVENT));
        context.last_reason()
    })
}

struct CredentialMetrics {
    expiry: IntGaugeVec,
    renewed: IntCounter,
    refused: IntGauge,
}

impl CredentialMetrics {
    fn register(registry: &Registry) -> Self {
        Self {
            expiry: metrics::gauges(
                registry,
                "weir_kafka_certificate_expiry_timestamp_seconds",
                "When the certificates that clients of Kafka use end, since 1970: `client` this process' own, `authority` the last of those that it trusts.",
                &["certificate"],
            ),
            renewed: metrics::counter(
                registry,
                "weir_kafka_credentials_renewed_total",
                "Times that files of --kafka-config had changed and clients of Kafka were made anew.",
            ),
            refused: metrics::gauge(
                registry,
                "weir_kafka_credentials_refused",
                "1 while files of --kafka-config have changed and no client can be made of them that a broker answers.",
            ),
        }
    }

    fn show(&self, seen: &CredentialFiles) {
        self.expiry.reset();
        for (certificate, end) in &seen.ends {
            self.expiry.with_label_values(&[certificate]).set(*end);
        }
        if !seen.unwatched.is_empty() {
            tracing::warn!(
                properties = seen.unwatched.join(", "),
                "the expiry of these certificates of --kafka-config is not monitored: give them in PEM, or monitor it yourself"
            );
        }
    }
}

#[cfg(test)]
mod tests;
