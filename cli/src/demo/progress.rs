//! How far the consumers are, by their own metrics.

use super::pipeline::Shape;
use prometheus::proto::{Metric, MetricFamily};
use schemas::Topic;
use std::collections::BTreeMap;

/// Every consumer of the demo, with the topics that it reads.
const READERS: [(&str, &[Topic]); 4] = [
    ("weir-messages", Topic::MessagesDlq.sources()),
    ("weir-lookups", Topic::LookupsDlq.sources()),
    ("weir-replies", Topic::RepliesDlq.sources()),
    ("weir-metrics", Topic::MetricsDlq.sources()),
];

/// Of every consumer its name, the records that it is done with, outputs acknowledged, and those that it has to do of those
/// that are on the topics.
pub(super) fn readers(
    shape: &Shape,
    on_topics: &BTreeMap<Topic, usize>,
) -> [(&'static str, usize, usize); 4] {
    READERS.map(|(name, topics)| {
        let due = topics.iter().filter_map(|topic| on_topics.get(topic)).sum();
        (name, total(shape, name, "weir_consumer_records_total"), due)
    })
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
