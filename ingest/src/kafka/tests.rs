//! A way to Kafka for the tests of what is around it.

use super::*;
use crate::metrics::Metrics;
use crate::settings::Settings;
use runtime::process::Process;
use runtime::settings::KafkaSettings;

/// A Kafka that was not seen yet, beside a spool.
pub(crate) fn unseen(brokers: impl Into<String>, process: &Process) -> Arc<Kafka> {
    let (settings, metrics) = (Settings::local("secret", "token"), Arc::new(Metrics::new(&process.registry)));
    let brokers = KafkaSettings::plain(brokers);
    let producers = Producers::start(&brokers, &settings, &topic_names("meta"), process).unwrap();
    Arc::new(Kafka {
        publisher: Publisher::new(producers, "meta", &settings, process.name, Arc::clone(&metrics)),
        gate: StartupGate::closed(&process.health, true),
        breaker: Breaker::new(&settings, metrics, &process.health),
        account_limit: AccountLimit::new(1 << 20, 1 << 20),
        ack_timeout: settings.ack_timeout,
        has_spool: true,
    })
}
