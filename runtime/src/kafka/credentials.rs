//! Notices that the files with which clients prove who they are have changed.
//!
//! librdkafka reads certificates and keys once, when a client is made. A renewed file is of use to a new client alone, so
//! everyone who holds one hears of it, and makes another in its own time; see docs/adr/0037.

mod certificates;
mod files;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus::{IntCounter, IntGauge, IntGaugeVec, Registry};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use tokio::sync::watch;

use self::files::Fingerprint;
use crate::blocking::{Blocking, BlockingError};
use crate::metrics;
use crate::process::shutdown::Shutdown;
use crate::secret_files::READ_TIMEOUT;
use crate::settings::KafkaSettings;
use crate::throttle::Throttle;

/// How often the files are looked at. What has changed counts once it is the same in two looks: a certificate and its
/// key are written one after the other.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long a broker may take to answer a client of changed files.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// What keeps files from being used is said this often.
const LOG_EVERY: Duration = Duration::from_mins(1);

/// Tells clients of Kafka of settings that have changed; clones tell the same.
#[derive(Clone, Debug, Default)]
pub struct Credentials(Arc<watch::Sender<Option<Arc<KafkaSettings>>>>);

/// Whether there were changes, for whoever asks now and then.
#[derive(Debug)]
pub struct Changes(Renewals);

/// Hears of each change from now on.
pub(crate) type Renewals = watch::Receiver<Option<Arc<KafkaSettings>>>;

impl Credentials {
    /// For one holder of a client.
    pub(crate) fn renewals(&self) -> Renewals {
        self.0.subscribe()
    }

    /// For one holder of a client who asks for changes.
    pub fn changes(&self) -> Changes {
        Changes(self.renewals())
    }

    /// The settings as they were last taken up, else those of the start.
    pub fn latest(&self, start: &KafkaSettings) -> KafkaSettings {
        self.0.borrow().as_ref().map_or_else(|| start.clone(), |latest| (**latest).clone())
    }
}

impl Changes {
    /// Whether there are other settings than when this was asked last; `false` where there never will be.
    pub fn seen(&mut self) -> bool {
        let is_changed = self.0.has_changed().unwrap_or(false);
        self.0.mark_unchanged();
        is_changed
    }
}

/// Returns once there are other settings; for ever where there never will be.
pub(crate) async fn renewed(renewals: &mut Renewals) -> Arc<KafkaSettings> {
    while renewals.changed().await.is_ok() {
        if let Some(latest) = renewals.borrow_and_update().clone() {
            return latest;
        }
    }
    std::future::pending().await
}

/// Watches the files that `kafka` names until the end of the process is asked for. The first look is over when this
/// returns: what changes later is noticed.
pub(crate) async fn watch(
    credentials: Credentials,
    kafka: &KafkaSettings,
    registry: &Registry,
    shutdown: Shutdown,
) -> impl Future<Output = ()> + Send + use<> {
    let metrics = CredentialMetrics::register(registry);
    let (blocking, log) = (Blocking::default(), Throttle::new(LOG_EVERY));
    let mut kafka = kafka.clone();
    let first = look(&blocking, kafka.clone()).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "files of --kafka-config cannot be looked at");
        Seen::default()
    });
    metrics.show(&first);
    let mut watched = Watched::of(first.fingerprint);
    let watch = async move {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let latest = match look(&blocking, kafka.clone()).await {
                Ok(seen) => {
                    if !watched.is_changed(seen.fingerprint) {
                        metrics.refused.set(0);
                        continue;
                    }
                    usable(&blocking, kafka.clone()).await
                }
                Err(error) => Err(error.to_string()),
            };
            match latest {
                Ok((latest, seen)) => {
                    tracing::info!("files of --kafka-config have changed, clients of Kafka are made anew");
                    metrics.show(&seen);
                    metrics.renewed.inc();
                    watched = Watched::of(seen.fingerprint);
                    kafka = latest.clone();
                    credentials.0.send_replace(Some(Arc::new(latest)));
                    metrics.refused.set(0);
                }
                Err(reason) => {
                    metrics.refused.set(1);
                    if let Some(suppressed) = log.pass(Instant::now()) {
                        tracing::warn!(
                            reason,
                            suppressed,
                            "files of --kafka-config cannot be used at the moment, clients of Kafka keep what they have"
                        );
                    }
                }
            }
        }
    };
    async move {
        tokio::select! {
            () = shutdown.requested() => {}
            () = watch => {}
        }
    }
}

/// What the files were when they were taken up last, and at the latest look.
struct Watched {
    taken: Fingerprint,
    latest: Fingerprint,
}

impl Watched {
    fn of(taken: Fingerprint) -> Self {
        Self { latest: taken.clone(), taken }
    }

    /// Whether there is something else than what was taken, and no longer in the writing. It is so again at the next look, until it
    /// is taken: a file that is named may come later, and so may a broker that accepts it.
    fn is_changed(&mut self, seen: Fingerprint) -> bool {
        let is_written = seen == self.latest;
        self.latest = seen;
        is_written && self.latest != self.taken
    }
}

#[derive(Default)]
struct Seen {
    fingerprint: Fingerprint,
    ends: Vec<(&'static str, i64)>,
    unwatched: Vec<&'static str>,
}

impl Seen {
    fn of(kafka: &KafkaSettings) -> Self {
        let (ends, unwatched) = (certificates::ends(kafka), certificates::unwatched(kafka));
        Self { fingerprint: files::fingerprint(kafka), ends, unwatched }
    }
}

async fn look(blocking: &Blocking, kafka: KafkaSettings) -> Result<Seen, BlockingError> {
    blocking.run(READ_TIMEOUT, move || Seen::of(&kafka)).await
}

/// The settings as the files have them now, if a client can be made of them and a broker answers it: clients that are answered
/// would otherwise give way to ones that are not.
async fn usable(blocking: &Blocking, kafka: KafkaSettings) -> Result<(KafkaSettings, Seen), String> {
    let make = move || {
        let latest = kafka.read_again()?;
        // Before they are used, so that what changes meanwhile is noticed.
        let seen = Seen::of(&latest);
        let client: BaseConsumer =
            latest.client_config("weir").create().map_err(|error| error.to_string())?;
        match client.fetch_metadata(None, ANSWER_WITHIN) {
            Ok(_) => Ok((latest, seen)),
            Err(error) => Err(format!("no broker answers a client that uses them: {error}")),
        }
    };
    let answered = blocking.run(READ_TIMEOUT + ANSWER_WITHIN, make).await;
    answered.unwrap_or_else(|error| Err(error.to_string()))
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

    fn show(&self, seen: &Seen) {
        self.expiry.reset();
        for (certificate, end) in &seen.ends {
            self.expiry.with_label_values(&[certificate]).set(*end);
        }
        certificates::warn_of(&seen.unwatched);
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::mocking::MockCluster;

    use super::*;

    fn fingerprint(content: &str) -> Fingerprint {
        Fingerprint::of([("a", content)])
    }

    #[test]
    fn a_change_counts_when_it_is_written_until_it_is_taken_up() {
        let mut watched = Watched::of(fingerprint("old"));
        let looks = ["old", "half", "new", "new", "new", "old", "new", "new"];
        let changed = looks.map(|content| watched.is_changed(fingerprint(content)));
        assert_eq!(changed, [false, false, false, true, true, false, false, true]);
        watched = Watched::of(fingerprint("new"));
        let changed = ["new", "newer", "newer"].map(|content| watched.is_changed(fingerprint(content)));
        assert_eq!(changed, [false, false, true]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_no_broker_answers_is_taken_up_once_one_does() {
        let cluster = MockCluster::new(1).unwrap();
        let dir = std::env::temp_dir().join(format!("weir-credentials-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let file = dir.join("client.properties");
        std::fs::write(&file, "socket.timeout.ms=9000").unwrap();
        let start =
            KafkaSettings { file: Some(file.clone()), ..KafkaSettings::plain(cluster.bootstrap_servers()) };
        let (credentials, registry, shutdown) = (Credentials::default(), Registry::new(), Shutdown::new());
        let mut changes = credentials.changes();
        let watching = tokio::spawn(watch(credentials.clone(), &start, &registry, shutdown.clone()).await);
        let refused = || {
            let shown = registry.gather();
            let gauge =
                shown.iter().find(|family| family.name() == "weir_kafka_credentials_refused").unwrap();
            gauge.get_metric()[0].get_gauge().get_value() > 0.5
        };
        cluster.broker_down(1).unwrap();
        std::fs::write(&file, "socket.timeout.ms=8000").unwrap();
        eventually(&refused).await;
        assert!(!changes.seen());
        cluster.broker_up(1).unwrap();
        eventually(|| !refused()).await;
        assert!(changes.seen());
        assert_eq!(credentials.latest(&start).properties["socket.timeout.ms"], "8000");
        shutdown.trigger();
        watching.await.unwrap();
        std::fs::remove_dir_all(&dir).unwrap();
    }

    async fn eventually(is_so: impl Fn() -> bool) {
        let wanted = async {
            let mut looks = tokio::time::interval(Duration::from_millis(50));
            while !is_so() {
                looks.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), wanted).await.unwrap();
    }
}
