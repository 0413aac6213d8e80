//! Constructors that register a metric and never end the process.
//!
//! A name that is taken or malformed is a mistake in the code, not a reason to stop answering: it is
//! logged, and the metric that comes back counts without being shown.

use prometheus::core::Collector;
use prometheus::{
    Counter, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry,
};

/// Buckets for what takes from a fraction of a millisecond to a minute, in seconds.
pub const SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// A counter; its name ends in `_total`.
pub fn counter(registry: &Registry, name: &str, help: &str) -> IntCounter {
    register(registry, name, |name| IntCounter::new(name, help))
}

/// A counter that has parts after the point.
pub fn counter_of_parts(registry: &Registry, name: &str, help: &str) -> Counter {
    register(registry, name, |name| Counter::new(name, help))
}

/// Counters by label.
pub fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    register(registry, name, |name| IntCounterVec::new(Opts::new(name, help), labels))
}

/// Counters by one label, each of which starts at zero, so that its first increase is seen.
pub fn counters_of<'v>(
    registry: &Registry,
    name: &str,
    help: &str,
    label: &str,
    values: impl IntoIterator<Item = &'v str>,
) -> IntCounterVec {
    let counters = counters(registry, name, help, &[label]);
    for value in values {
        counters.with_label_values(&[value]);
    }
    counters
}

/// A value that goes up and down.
pub fn gauge(registry: &Registry, name: &str, help: &str) -> IntGauge {
    register(registry, name, |name| IntGauge::new(name, help))
}

/// A value that goes up and down and has parts after the point.
pub fn gauge_of_parts(registry: &Registry, name: &str, help: &str) -> Gauge {
    register(registry, name, |name| Gauge::new(name, help))
}

/// Gauges by label.
pub fn gauges(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    register(registry, name, |name| IntGaugeVec::new(Opts::new(name, help), labels))
}

/// A histogram; `buckets` are upper bounds in the unit that the name ends with.
pub fn histogram(registry: &Registry, name: &str, help: &str, buckets: &[f64]) -> Histogram {
    register(registry, name, |name| {
        Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec()))
    })
}

/// Histograms by label.
pub fn histograms(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
    buckets: &[f64],
) -> HistogramVec {
    register(registry, name, |name| {
        HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels)
    })
}

/// `weir_build_info{name,version} 1`, so that a dashboard can tell versions apart.
pub(crate) fn build_info(registry: &Registry, name: &str, version: &str) {
    gauges(registry, "weir_build_info", "Always 1; what runs here.", &["name", "version"])
        .with_label_values(&[name, version])
        .set(1);
}

/// What the system says of the process: processor time, memory, open files. Only Linux is asked.
#[cfg(target_os = "linux")]
pub(crate) fn of_the_system(registry: &Registry) {
    let collector = prometheus::process_collector::ProcessCollector::for_self();
    if let Err(error) = registry.register(Box::new(collector)) {
        tracing::error!(%error, "the metrics of the process could not be registered and will not be shown");
    }
}

/// What the system says of the process: nothing where it is not Linux.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn of_the_system(_: &Registry) {}

pub(crate) fn register<M>(registry: &Registry, name: &str, make: impl Fn(&str) -> prometheus::Result<M>) -> M
where
    M: Collector + Clone + 'static,
{
    let metric = make(name).unwrap_or_else(|error| {
        tracing::error!(metric = name, %error, "a metric is malformed and will not be shown");
        make("weir_malformed").expect("the callers' labels and buckets are constants that fit")
    });
    if let Err(error) = registry.register(Box::new(metric.clone())) {
        tracing::error!(metric = name, %error, "a metric could not be registered and will not be shown");
    }
    metric
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_gathered() {
        let registry = Registry::new();
        counters(&registry, "weir_things_total", "Things", &["kind"]).with_label_values(&["a"]).inc();
        let families = registry.gather();
        assert_eq!(families.len(), 1);
        assert_eq!(families[0].name(), "weir_things_total");
    }

    #[test]
    fn a_taken_name_still_gives_a_counter() {
        let registry = Registry::new();
        counter(&registry, "weir_things_total", "Things").inc();
        counter(&registry, "weir_things_total", "Things").inc();
        assert_eq!(registry.gather().len(), 1);
    }

    #[test]
    fn a_malformed_name_still_gives_a_gauge() {
        let gauge = gauge(&Registry::new(), "not a name", "Nothing");
        gauge.set(3);
        assert_eq!(gauge.get(), 3);
    }
}
