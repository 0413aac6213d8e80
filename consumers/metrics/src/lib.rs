//! Counts and ages of every typed event, for Prometheus.
//!
//! It reads all typed topics and writes nothing but dead letters: [`observe`] decides what one event says, [`metrics`]
//! keeps the sums, [`handler`] brings both together. An event that Kafka hands over twice is counted twice.

pub mod handler;
pub mod metrics;
pub mod observe;
pub mod settings;

pub use settings::{MetricsArgs, MetricsSettings};

use handler::Counting;
use metrics::EventMetrics;
use runtime::consumer::{self, ConsumerError, ConsumerOptions};
use runtime::process::{About, Process};
use runtime::settings::CommonSettings;
use schemas::Topic;

/// Who this process is.
pub const ABOUT: About = About {
    name: "weir-metrics",
    version: env!("CARGO_PKG_VERSION"),
    description: "Counts all events and measures their age, for Prometheus",
};

/// Counts events until the end is asked for.
pub async fn run(
    common: CommonSettings,
    MetricsSettings: MetricsSettings,
    process: Process,
) -> Result<(), ConsumerError> {
    let handler = Counting::new(EventMetrics::new(&process.registry));
    let options = options(&common.topic_prefix).within(&common.consumer);
    consumer::run(&common.kafka, options, handler, &process).await
}

fn options(topic_prefix: &str) -> ConsumerOptions {
    let topics = Topic::TYPED.map(|topic| topic.name(topic_prefix)).to_vec();
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
