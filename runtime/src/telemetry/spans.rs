//! The spans of a trace, as OpenTelemetry's conventions 1.44 for HTTP and messaging name them.
//!
//! They carry ids, names and numbers: never a body, a query, a token or a path that a stranger chose. Without traces
//! each of these functions costs two loads and a branch.

use tracing::field::Empty;
use tracing::{Span, info_span};

use super::context::TraceContext;
use crate::kafka::RecordPosition;

/// What tells these spans from what is logged.
pub const TARGET: &str = "weir::traces";

const KAFKA: &str = "kafka";

/// A request that came in: `method` is one of HTTP's, or `_OTHER`; `route` the path where it is a known one.
pub fn server(method: &'static str, route: Option<&str>) -> Span {
    info_span!(
        target: TARGET, parent: None, "request",
        otel.name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}")),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        url.path = route,
        url.scheme = "http",
        http.response.status_code = Empty,
        otel.status_code = Empty,
        "error.type" = Empty,
    )
}

/// A request to `host`, within the span that is current.
pub fn client(method: &'static str, host: &str, port: u16) -> Span {
    info_span!(
        target: TARGET, "call",
        otel.name = method,
        otel.kind = "client",
        http.request.method = method,
        server.address = host,
        server.port = port,
        http.response.status_code = Empty,
        otel.status_code = Empty,
        "error.type" = Empty,
    )
}

/// A record that is sent to `topic`; `id` is its `ce_id`.
pub fn send(topic: &str, id: Option<&str>, parent: &TraceContext) -> Span {
    let span = info_span!(
        target: TARGET, parent: None, "send",
        otel.name = format!("send {topic}"),
        otel.kind = "producer",
        messaging.system = KAFKA,
        messaging.operation.name = "send",
        "messaging.operation.type" = "send",
        messaging.destination.name = topic,
        messaging.message.id = id,
        otel.status_code = Empty,
        "error.type" = Empty,
    );
    parent.adopt(&span);
    span
}

/// A record that `group` handles, with the `id` and the span of who `sent` it, which are looked up where there are traces. It is the child
/// of that span: one record, one parent.
pub fn process<'a>(
    position: RecordPosition<'_>,
    id: impl Fn() -> Option<&'a str>,
    group: &str,
    sent: impl Fn() -> Option<TraceContext>,
) -> Span {
    let RecordPosition { topic, partition, offset } = position;
    let span = info_span!(
        target: TARGET, parent: None, "process",
        otel.name = format!("process {topic}"),
        otel.kind = "consumer",
        messaging.system = KAFKA,
        messaging.operation.name = "process",
        "messaging.operation.type" = "process",
        messaging.destination.name = topic,
        messaging.destination.partition.id = partition.to_string(),
        messaging.kafka.offset = offset,
        messaging.consumer.group.name = group,
        messaging.message.id = id(),
        otel.status_code = Empty,
        "error.type" = Empty,
    );
    adopted(span, sent)
}

/// Work that begins before the turn of its record, which `sent` tells.
pub fn ahead(name: &'static str, sent: Option<TraceContext>) -> Span {
    let span = info_span!(target: TARGET, parent: None, "ahead", otel.name = name, otel.kind = "internal");
    adopted(span, || sent)
}

/// Says that what `span` stands for came to nothing; `class` is a word of a closed set.
pub fn failed(span: &Span, class: &str) {
    span.record("otel.status_code", "ERROR");
    span.record("error.type", class);
}

/// Says how a request was answered; an error of the server's is an error of the span.
pub fn answered(span: &Span, status: u16, is_error: bool) {
    if span.is_disabled() {
        return;
    }
    span.record("http.response.status_code", status);
    if is_error {
        failed(span, &status.to_string());
    }
}

fn adopted(span: Span, sent: impl Fn() -> Option<TraceContext>) -> Span {
    if !span.is_disabled()
        && let Some(sent) = sent()
    {
        sent.adopt(&span);
    }
    span
}
