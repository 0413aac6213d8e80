//! A way to Kafka for the tests of what is around it.

use super::*;
use crate::settings::Settings;
use runtime::process::Process;
use runtime::process::health::Probe;
use runtime::settings::KafkaSettings;

/// A Kafka that was not seen yet, with the producers that see it.
pub(crate) fn unseen(brokers: impl Into<String>, process: &Process) -> (Arc<Kafka>, Producers) {
    let (settings, metrics) = (Settings::local("secret", "token"), Arc::new(Metrics::new(&process.registry)));
    let brokers = KafkaSettings::plain(brokers);
    let producers = Producers::start(&brokers, &settings, &topic_names("meta"), process).unwrap();
    let publisher = Publisher::new(producers.clone(), "meta", &settings, process.name, Arc::clone(&metrics));
    let gate = StartupGate::closed(&process.health, true);
    let (open, shown) = (metrics.breaker_open.clone(), process.health.check("breaker", Probe::Shown));
    let breaker = Breaker::new(settings.breaker_misses, settings.breaker_probe, open, shown);
    let limit = AccountLimit::new(1 << 20, 1 << 20);
    (Arc::new(Kafka::new(publisher, gate, breaker, limit, metrics)), producers)
}
