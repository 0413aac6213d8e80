//! A collector of traces in the test's own process: OTLP over HTTP, protobuf, every span kept.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span as Proto;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A span as it was exported; ids in hex.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// `service.name` of its resource.
    pub service: String,
    /// Its name.
    pub name: String,
    /// The number of its kind: 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
    pub kind: i32,
    /// Of its trace.
    pub trace: String,
    /// Its own.
    pub id: String,
    /// Of its parent; empty where it has none.
    pub parent: String,
    /// The traces and spans that it links to.
    pub links: Vec<(String, String)>,
    /// Its attributes, numbers as text.
    pub attributes: Vec<(String, String)>,
    /// Whether its status is an error.
    pub is_error: bool,
}

impl Span {
    /// The attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Default)]
struct Kept {
    spans: Vec<Span>,
    bodies: Vec<Bytes>,
    faults: Vec<String>,
}

/// A running collector; it ends when dropped.
#[derive(Debug)]
pub struct Collector {
    url: String,
    kept: Arc<Mutex<Kept>>,
    task: JoinHandle<()>,
}

impl Collector {
    /// Listens on a free port of the loopback.
    ///
    /// # Errors
    ///
    /// When there is no port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("a port for the collector")?;
        let url = format!("http://{}", listener.local_addr()?);
        let kept = Arc::<Mutex<Kept>>::default();
        let task = tokio::spawn(serve(listener, Arc::clone(&kept)));
        Ok(Self { url, kept, task })
    }

    /// For `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The spans so far.
    ///
    /// # Errors
    ///
    /// When anything came that is not what OTLP says.
    pub fn spans(&self) -> Result<Vec<Span>> {
        let kept = lock(&self.kept);
        anyhow::ensure!(kept.faults.is_empty(), "not OTLP: {:?}", kept.faults);
        Ok(kept.spans.clone())
    }

    /// Whether anything that came holds these bytes, in whatever field.
    pub fn holds(&self, text: &str) -> bool {
        let kept = lock(&self.kept);
        kept.bodies.iter().any(|body| body.windows(text.len()).any(|window| window == text.as_bytes()))
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, kept: Arc<Mutex<Kept>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let kept = Arc::clone(&kept);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, Arc::clone(&kept)));
            let connection = hyper::server::conn::http1::Builder::new();
            // A client that goes away is its own business.
            drop(connection.serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    kept: Arc<Mutex<Kept>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let result = take(request, &kept).await;
    let mut response = Response::new(Full::new(Bytes::new()));
    if let Err(error) = result {
        lock(&kept).faults.push(format!("{error:#}"));
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
}

async fn take(request: Request<Incoming>, kept: &Mutex<Kept>) -> Result<()> {
    let path = request.uri().path().to_owned();
    anyhow::ensure!(path == "/v1/traces", "a request for {path}");
    let kind = request.headers().get("content-type").context("no content type")?.to_str()?.to_owned();
    anyhow::ensure!(kind == "application/x-protobuf", "a body of {kind}");
    let body = request.into_body().collect().await?.to_bytes();
    let export = ExportTraceServiceRequest::decode(body.clone())?;
    let mut kept = lock(kept);
    kept.bodies.push(body);
    for resource in export.resource_spans {
        let of_resource =
            attributes(resource.resource.map(|resource| resource.attributes).unwrap_or_default());
        let service = of_resource.iter().find(|(name, _)| name == "service.name");
        let service = service.map(|(_, value)| value.clone()).unwrap_or_default();
        let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
        kept.spans.extend(spans.map(|span| read(service.clone(), span)));
    }
    Ok(())
}

fn read(service: String, span: Proto) -> Span {
    Span {
        service,
        name: span.name,
        kind: span.kind,
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        links: span.links.iter().map(|link| (hex(&link.trace_id), hex(&link.span_id))).collect(),
        attributes: attributes(span.attributes),
        is_error: span.status.is_some_and(|status| status.code == 2),
    }
}

fn attributes(attributes: Vec<KeyValue>) -> Vec<(String, String)> {
    attributes.into_iter().map(|attribute| (attribute.key, text(attribute.value))).collect()
}

fn text(value: Option<AnyValue>) -> String {
    match value.and_then(|value| value.value) {
        Some(any_value::Value::StringValue(text)) => text,
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|n| char::from_digit(n.into(), 16))
        .collect()
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
