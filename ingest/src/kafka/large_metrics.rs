//! The metrics of the producer for large deliveries: those of any producer, under the names `weir_ingest_large_…`.

use prometheus::Registry;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

/// What a producer shows, and what that is called of this one.
const NAMES: [(&str, &str); 3] = [
    ("weir_producer_in_flight", "weir_ingest_large_in_flight"),
    ("weir_producer_rebuilt_total", "weir_ingest_large_rebuilt_total"),
    ("weir_kafka_queue_bytes", "weir_ingest_large_queue_bytes"),
];

/// Shows in one registry what the producer shows in the other.
pub(super) fn show(registry: &Registry, of_large: Registry) {
    if let Err(error) = registry.register(Box::new(Renamed(of_large))) {
        tracing::error!(%error, "the metrics of large deliveries could not be registered and will not be shown");
    }
}

struct Renamed(Registry);

impl Collector for Renamed {
    /// They were described where they were registered.
    fn desc(&self) -> Vec<&Desc> {
        Vec::new()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.0.gather().into_iter().filter_map(renamed).collect()
    }
}

fn renamed(mut family: MetricFamily) -> Option<MetricFamily> {
    let (_, name) = NAMES.into_iter().find(|(name, _)| *name == family.name())?;
    family.set_name(name.to_owned());
    Some(family)
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::metrics::gauge;

    #[test]
    fn both_producers_are_shown_and_what_has_no_name_of_its_own_is_about_the_usual_one() {
        let (shown, of_large) = (Registry::new(), Registry::new());
        show(&shown, of_large.clone());
        for (registry, value) in [(&shown, 5), (&of_large, 3)] {
            gauge(registry, "weir_producer_in_flight", "Records").set(value);
            gauge(registry, "weir_kafka_brokers_up", "Brokers").set(value);
        }
        let gathered = shown.gather();
        let values: Vec<_> = gathered
            .iter()
            .map(|family| (family.name(), family.get_metric()[0].get_gauge().get_value()))
            .collect();
        let wanted = [
            ("weir_ingest_large_in_flight", 3.0),
            ("weir_kafka_brokers_up", 5.0),
            ("weir_producer_in_flight", 5.0),
        ];
        assert_eq!(values, wanted);
    }
}
