//! Traces of this process, by OTLP over HTTP, where OpenTelemetry's variables ask for them.

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Key, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

use super::collector::Collector;
use super::environment::{Environment, Refused};
use super::export::{Admission, SpanCounts};
use super::spans;
use crate::process::{About, chain};

/// How long the last spans may take at the end of a process; what is left then is lost.
const LAST_SPANS: Duration = Duration::from_secs(3);

/// What makes spans and sends them away. It never hinders the process: a collector that is away costs spans alone.
#[derive(Debug)]
pub(crate) struct Traces {
    provider: SdkTracerProvider,
    foreign_protocol: Option<String>,
    refused: Vec<Refused>,
}

impl Traces {
    /// As the variables say: `None` where they ask for none, or why there are none although they do. Nothing is connected yet.
    pub(crate) fn start(about: About, counts: SpanCounts, runtime: &Handle) -> Result<Option<Self>, String> {
        let Some(environment) = Environment::of_process() else { return Ok(None) };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector::new(&environment, runtime.clone())?)
            .with_protocol(Protocol::HttpBinary)
            .build()
            .map_err(|error| format!("OTEL_EXPORTER_OTLP_*: {}", chain(&error)))?;
        let provider = SdkTracerProvider::builder()
            .with_resource(resource(about))
            .with_span_processor(Admission::new(exporter, environment.queue, counts))
            .build();
        let Environment { foreign_protocol, refused, .. } = environment;
        Ok(Some(Self { provider, foreign_protocol, refused }))
    }

    /// Makes spans of those of [`spans::TARGET`] and of nothing else: what is logged stays out of traces.
    pub(super) fn layer<S>(&self) -> impl Layer<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("weir"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(Targets::new().with_target(spans::TARGET, LevelFilter::INFO))
    }

    /// Says that spans go out, and how.
    pub(crate) fn announce(&self) {
        if let Some(found) = &self.foreign_protocol {
            tracing::warn!(
                found,
                "OTEL_EXPORTER_OTLP_PROTOCOL is not spoken here: spans go as http/protobuf"
            );
        }
        for Refused { variable, found, expected } in &self.refused {
            tracing::warn!(
                variable,
                found,
                expected,
                "a variable of OpenTelemetry's cannot be used: its default goes"
            );
        }
        tracing::info!("spans of traces are exported, as the variables OTEL_* say");
    }

    /// Sends the last spans, within a bound.
    pub(crate) async fn end(self) {
        let ended = tokio::task::spawn_blocking(move || self.provider.shutdown_with_timeout(LAST_SPANS));
        if let Ok(Err(error)) = ended.await {
            tracing::warn!(%error, "the last spans of traces are lost");
        }
    }
}

/// The name that `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES` gives, or the binary's.
fn resource(about: About) -> Resource {
    let (name, version) = (Key::from_static_str("service.name"), Key::from_static_str("service.version"));
    let found = Resource::builder().build();
    let is_named = found.get(&name).is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    let has_version = found.get(&version).is_some();
    let mut builder = Resource::builder();
    if !is_named {
        builder = builder.with_service_name(about.name);
    }
    if !has_version {
        builder = builder.with_attribute(KeyValue::new(version, about.version));
    }
    builder.build()
}
