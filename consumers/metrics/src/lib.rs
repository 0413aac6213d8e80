//! Metrics of what arrives: events by object, kind and carrier, their age, and who waits for an answer.
//!
//! It reads all typed topics and writes nothing but dead letters: `observe` decides what one event says, `metrics`
//! keeps the sums, `handler` brings both together. An event that Kafka hands over twice is counted twice. What a restart
//! must not forget (when accounts were last heard of, their last stories, who waits for an answer) is read back from the
//! topics.

mod account_read_back;
mod conversation_message;
mod conversations;
mod duplicates;
mod handler;
mod metrics;
mod observe;
mod seen_accounts;
mod settings;
mod silence;
mod stories;
mod unknown;

pub use settings::MetricsSettings;

use account_read_back::AccountReadBack;
use handler::{AccountState, MetricsHandler};
use prometheus::Registry;
use runtime::consumer::{self, ConsumerError, ConsumerOptions, Tail};
use runtime::process::{About, Process};
use runtime::settings::CommonSettings;
use schemas::Topic;
use silence::Silence;
use stories::Stories;

/// Who this process is.
pub const ABOUT: About = About {
    name: "weir-metrics",
    version: env!("CARGO_PKG_VERSION"),
    description: "Counts all events and measures their age, for Prometheus",
};

/// Counts events until the end is asked for.
pub async fn run(
    common: CommonSettings,
    settings: MetricsSettings,
    process: Process,
) -> Result<(), ConsumerError> {
    let options = options(&common.topic_prefix).within(&common.consumer);
    let tail = Tail::new(common.kafka.clone(), process.credentials.clone(), ABOUT.name);
    let account_state = account_state(&process.registry, &settings);
    if !settings.accounts.is_empty() {
        let read_back = AccountReadBack {
            topics: options.topics.clone(),
            most: settings.read_back_records,
            window: settings.read_back,
        };
        process.shutdown.spawn(read_back.run(tail.clone(), account_state.clone(), process.clone()));
    }
    let handler = MetricsHandler::new(&process.registry, account_state, tail, settings);
    consumer::run(&common.kafka, options, handler, &process).await
}

fn account_state(registry: &Registry, settings: &MetricsSettings) -> AccountState {
    let silence =
        Silence::new(&settings.accounts).expect("its name and label are constants that Prometheus takes");
    if let Err(error) = registry.register(Box::new(silence.clone())) {
        tracing::error!(%error, "the silence of the accounts will not be shown");
    }
    AccountState { silence, stories: Stories::new(registry, &settings.accounts) }
}

fn options(topic_prefix: &str) -> ConsumerOptions {
    let topics = Topic::MetricsDlq.sources().iter().map(|topic| topic.name(topic_prefix)).collect();
    ConsumerOptions::new(ABOUT.name, topics, Vec::new(), Topic::MetricsDlq.name(topic_prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_typed_topic_is_read_and_none_but_dead_letters_is_written() {
        let options = options("meta");
        assert_eq!(options.group, "weir-metrics");
        assert_eq!(options.topics, Topic::TYPED.map(|topic| topic.name("meta")));
        assert_eq!(options.dlq_topic, "meta.metrics.dlq.v1");
        assert!(options.output_topics.is_empty());
    }
}
