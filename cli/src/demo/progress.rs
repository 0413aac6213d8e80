//! How far the consumers are, by their own metrics.

use super::pipeline::Shape;
use prometheus::proto::{Metric, MetricFamily};
use schemas::Topic;
use std::collections::BTreeMap;

/// A consumer, and the topics that it reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader {
    pub(super) name: &'static str,
    topics: &'static [Topic],
}

/// Every consumer of the demo.
pub(super) const READERS: [Reader; 4] = [
    Reader { name: "weir-messages", topics: Topic::MessagesDlq.sources() },
    Reader { name: "weir-lookups", topics: Topic::LookupsDlq.sources() },
    Reader { name: "weir-replies", topics: Topic::RepliesDlq.sources() },
    Reader { name: "weir-metrics", topics: Topic::MetricsDlq.sources() },
];

impl Reader {
    /// Records that it has to do, of those that are on the topics.
    pub(super) fn due(&self, on_topics: &BTreeMap<Topic, usize>) -> usize {
        self.topics.iter().filter_map(|topic| on_topics.get(topic)).sum()
    }

    /// Records that it is done with, outputs acknowledged.
    pub(super) fn done(&self, shape: &Shape) -> usize {
        total(shape, self.name, "weir_consumer_records_total")
    }
}

/// Events that weir-metrics shows.
pub(super) fn counted_events(shape: &Shape) -> usize {
    total(shape, "weir-metrics", "weir_metrics_events_total")
}

/// The sum of a counter over all its labels.
fn total(shape: &Shape, part: &str, counter: &str) -> usize {
    let families = shape.part(part).map(|process| process.registry.gather()).unwrap_or_default();
    let metrics =
        families.iter().filter(|family| family.name() == counter).flat_map(MetricFamily::get_metric);
    metrics.map(whole).sum()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it counts whole records")]
fn whole(metric: &Metric) -> usize {
    metric.get_counter().get_value() as usize
}
