//! Notices that the files with which clients prove who they are have changed.
//!
//! librdkafka reads certificates and keys once, when a client is made. A renewed file is of use to a new client alone, so
//! everyone who holds one hears of it, and makes another in its own time; see docs/adr/0037.

mod certificates;
mod files;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use prometheus::{IntCounter, IntGaugeVec, Registry};
use rdkafka::consumer::BaseConsumer;
use tokio::sync::watch;

use self::files::Fingerprint;
use crate::metrics;
use crate::process::shutdown::Shutdown;
use crate::settings::KafkaSettings;

/// How often the files are looked at. What has changed counts once it is the same in two looks: a certificate and its
/// key are written one after the other.
const LOOK_EVERY: Duration = Duration::from_secs(5);

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
    let first = look(kafka.clone()).await;
    metrics.show(&first.ends);
    let mut watched = Watched { taken: first.fingerprint.clone(), latest: first.fingerprint };
    let mut kafka = kafka.clone();
    async move {
        loop {
            tokio::select! {
                () = shutdown.requested() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let seen = look(kafka.clone()).await;
            if !watched.is_changed(seen.fingerprint) {
                continue;
            }
            match usable(kafka.clone()).await {
                Ok(latest) => {
                    tracing::info!("files of --kafka-config have changed, clients of Kafka are made anew");
                    metrics.show(&seen.ends);
                    metrics.renewed.inc();
                    kafka = latest.clone();
                    credentials.0.send_replace(Some(Arc::new(latest)));
                }
                Err(reason) => tracing::warn!(
                    reason,
                    "files of --kafka-config have changed and cannot be used, clients of Kafka keep what they have"
                ),
            }
        }
    }
}

/// What the files were when they were taken up last, or tried, and at the latest look.
struct Watched {
    taken: Fingerprint,
    latest: Fingerprint,
}

impl Watched {
    /// Whether there is something else than what was taken, and no longer in the writing; each change once.
    fn is_changed(&mut self, seen: Fingerprint) -> bool {
        let is_written = seen == self.latest;
        self.latest = seen;
        let is_changed = is_written && self.latest != self.taken;
        if is_changed {
            self.taken = self.latest.clone();
        }
        is_changed
    }
}

struct Seen {
    fingerprint: Fingerprint,
    ends: Vec<(&'static str, i64)>,
}

/// Reads everything off the runtime. The fingerprint of a look that panicked is that of no files.
async fn look(kafka: KafkaSettings) -> Seen {
    let look = move || Seen { fingerprint: files::fingerprint(&kafka), ends: certificates::ends(&kafka) };
    let seen = tokio::task::spawn_blocking(look).await;
    seen.unwrap_or_else(|_| Seen { fingerprint: Fingerprint::default(), ends: Vec::new() })
}

/// The settings as the files have them now, if a client can be made of them.
async fn usable(kafka: KafkaSettings) -> Result<KafkaSettings, String> {
    let make = move || {
        let latest = kafka.read_again()?;
        let made = latest.client_config("weir").create::<BaseConsumer>();
        made.map(|_| latest).map_err(|error| error.to_string())
    };
    tokio::task::spawn_blocking(make).await.unwrap_or_else(|error| Err(error.to_string()))
}

struct CredentialMetrics {
    expiry: IntGaugeVec,
    renewed: IntCounter,
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
        }
    }

    fn show(&self, ends: &[(&str, i64)]) {
        self.expiry.reset();
        for (certificate, end) in ends {
            self.expiry.with_label_values(&[certificate]).set(*end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(content: &str) -> Fingerprint {
        Fingerprint::of([("a", content)])
    }

    #[test]
    fn a_change_counts_once_and_only_when_it_is_written() {
        let old = fingerprint("old");
        let mut watched = Watched { taken: old.clone(), latest: old.clone() };
        let looks = ["old", "half", "new", "new", "new", "old", "new", "new", "newer", "newer"];
        let changed = looks.map(|content| watched.is_changed(fingerprint(content)));
        assert_eq!(changed, [false, false, false, true, false, false, false, false, false, true]);
    }
}
