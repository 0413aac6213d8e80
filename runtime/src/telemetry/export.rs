//! Spans on their way to the collector: a bounded queue, every span that is lost counted, trouble said once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor};
use prometheus::{IntCounter, IntCounterVec, Registry};

use crate::metrics;

/// What became of spans.
#[derive(Clone, Debug)]
pub(crate) struct SpanCounts {
    exported: IntCounter,
    refused: IntCounter,
    dropped: IntCounter,
}

impl SpanCounts {
    pub(crate) fn new(registry: &Registry) -> Self {
        let help = "Spans of traces: exported, refused (the collector was away or refused them), or dropped \
                    (more than the queue holds)";
        let counts: IntCounterVec = metrics::counters(registry, "weir_trace_spans_total", help, &["result"]);
        let count = |result: &str| counts.with_label_values(&[result]);
        Self { exported: count("exported"), refused: count("refused"), dropped: count("dropped") }
    }
}

/// Hands spans to the library's queue while there is room, and counts those that find none.
#[derive(Debug)]
pub(super) struct Admission {
    inner: BatchSpanProcessor,
    waiting: Arc<AtomicUsize>,
    limit: usize,
    counts: SpanCounts,
}

/// The library's exporter, with what became of each batch counted and said.
#[derive(Debug)]
struct Counted<E> {
    inner: E,
    waiting: Arc<AtomicUsize>,
    counts: SpanCounts,
    is_failing: AtomicBool,
}

impl Admission {
    /// Exports through `exporter`, with `limit` spans waiting at most.
    pub(super) fn new(exporter: impl SpanExporter + 'static, limit: usize, counts: SpanCounts) -> Self {
        let waiting = Arc::new(AtomicUsize::new(0));
        let exporter = Counted {
            inner: exporter,
            waiting: Arc::clone(&waiting),
            counts: counts.clone(),
            is_failing: AtomicBool::new(false),
        };
        Self { inner: BatchSpanProcessor::builder(exporter).build(), waiting, limit, counts }
    }
}

impl SpanProcessor for Admission {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) < self.limit {
            self.inner.on_end(span);
        } else {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.counts.dropped.inc();
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, limit: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(limit)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

impl<E: SpanExporter> SpanExporter for Counted<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        let result = self.inner.export(batch).await;
        let count = if result.is_ok() { &self.counts.exported } else { &self.counts.refused };
        count.inc_by(spans as u64);
        let was_failing = self.is_failing.swap(result.is_err(), Ordering::Relaxed);
        match &result {
            Err(error) if !was_failing => tracing::warn!(
                %error,
                "the collector of traces (OTEL_EXPORTER_OTLP_ENDPOINT) does not take spans: they are dropped and \
                 counted (weir_trace_spans_total), which is said once"
            ),
            Ok(()) if was_failing => tracing::info!("the collector of traces takes spans again"),
            _ => {}
        }
        result
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{Tracer as _, TracerProvider as _};
    use opentelemetry_sdk::error::OTelSdkError;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use std::sync::{Condvar, Mutex};

    use super::*;

    /// Takes nothing before it is opened, then answers as it is told.
    #[derive(Clone, Debug)]
    struct Collector(Arc<(Mutex<bool>, Condvar)>, bool);

    impl Collector {
        fn closed(takes: bool) -> Self {
            Self(Arc::default(), takes)
        }

        fn open(&self) {
            *self.0.0.lock().unwrap() = true;
            self.0.1.notify_all();
        }
    }

    impl SpanExporter for Collector {
        async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
            let is_open = self.0.0.lock().unwrap();
            drop(self.0.1.wait_while(is_open, |is_open| !*is_open).unwrap());
            if self.1 { Ok(()) } else { Err(OTelSdkError::InternalFailure(String::from("away"))) }
        }
    }

    fn counted(takes: bool) -> [u64; 3] {
        let (counts, collector) = (SpanCounts::new(&Registry::new()), Collector::closed(takes));
        let admission = Admission::new(collector.clone(), 3, counts.clone());
        let provider = SdkTracerProvider::builder().with_span_processor(admission).build();
        for _ in 0..5 {
            provider.tracer("test").start("a span");
        }
        collector.open();
        provider.shutdown().unwrap();
        [counts.exported.get(), counts.refused.get(), counts.dropped.get()]
    }

    #[test]
    fn what_finds_no_room_in_the_queue_is_counted() {
        assert_eq!(counted(true), [3, 0, 2]);
    }

    #[test]
    fn what_the_collector_does_not_take_is_counted() {
        assert_eq!(counted(false), [0, 3, 2]);
    }
}
