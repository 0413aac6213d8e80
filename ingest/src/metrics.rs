//! The metrics of ingest: requests, deliveries, events; those of the public port's limits in `limits`.

mod limits;

pub(crate) use limits::Limit;

use crate::http::response::{Unavailable, WebhookResponse};
use crate::signature::SignatureFault;
use enum_map::{Enum, EnumArray, EnumMap};
use limits::LimitMetrics;
use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge, Registry};
use runtime::metrics::{SECONDS, counter, counters, counters_of, gauge, histograms};
use schemas::{EventKind, Refusal};
use std::fmt::Debug;
use std::time::Duration;

/// All metrics of ingest; every label set is closed, and its counters exist from the start.
#[derive(Debug)]
pub(crate) struct Metrics {
    responses: EnumMap<Method, [(u16, IntCounter); STATUSES.len()]>,
    signature_failures: EnumMap<SignatureFault, IntCounter>,
    unavailable: EnumMap<Unavailable, IntCounter>,
    events: EnumMap<EventKind, IntCounter>,
    dead_letters: IntCounterVec,
    /// Deliveries that Kafka acknowledged, and how long it took.
    pub(crate) acknowledged: (IntCounter, Histogram),
    /// The same of those that were spooled.
    pub(crate) spooled: (IntCounter, Histogram),
    /// Verified deliveries that could not be made durable.
    rejected: IntCounter,
    pub(crate) breaker_open: IntGauge,
    pub(crate) breaker_opened: IntCounter,
    pub(crate) body_bytes: IntCounter,
    pub(crate) body_bytes_in_flight: IntGauge,
    pub(crate) connections: IntGauge,
    pub(crate) accept_errors: IntCounter,
    pub(crate) secret_reload_failures: IntCounter,
    pub(crate) limits: LimitMetrics,
}

/// The method of a request, as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum Method {
    Get,
    Post,
    Other,
}

impl Method {
    pub(crate) fn of(method: &hyper::Method) -> Self {
        match *method {
            hyper::Method::GET => Self::Get,
            hyper::Method::POST => Self::Post,
            _ => Self::Other,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Other => "other",
        }
    }
}

/// The one that nearly every request is answered stands first: they are gone through in this order.
const STATUSES: [u16; 12] = [200, 400, 401, 403, 404, 405, 408, 413, 415, 431, 500, 503];

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> Self {
        let ([acknowledged, spooled], rejected) = deliveries(registry);
        Self {
            responses: responses(registry),
            signature_failures: by_label(
                registry,
                "weir_ingest_signature_failures_total",
                "Deliveries answered 401, by what was wrong with the signature.",
                "reason",
                SignatureFault::as_str,
            ),
            unavailable: by_label(
                registry,
                "weir_ingest_unavailable_total",
                "Requests answered 503, by reason.",
                "reason",
                Unavailable::as_str,
            ),
            events: events(registry),
            dead_letters: counters_of(
                registry,
                "weir_ingest_dead_letters_total",
                "Verified bodies that were dead-lettered, by reason.",
                "reason",
                Refusal::ALL.iter().map(|refusal| refusal.as_str()),
            ),
            acknowledged,
            spooled,
            rejected,
            breaker_open: gauge(
                registry,
                "weir_ingest_breaker_open",
                "1 while the circuit breaker is open: deliveries do not wait for Kafka; 0 otherwise.",
            ),
            breaker_opened: counter(
                registry,
                "weir_ingest_breaker_opened_total",
                "Times the circuit breaker opened.",
            ),
            body_bytes: counter(registry, "weir_ingest_body_bytes_total", "Bytes of verified bodies."),
            body_bytes_in_flight: gauge(
                registry,
                "weir_ingest_body_bytes_in_flight",
                "Bytes of request bodies held in memory: being read, verified or made durable.",
            ),
            connections: gauge(registry, "weir_ingest_connections", "Open connections of the public port."),
            accept_errors: counter(
                registry,
                "weir_ingest_accept_errors_total",
                "Failed accepts, for instance because the process is out of file descriptors.",
            ),
            secret_reload_failures: counter(
                registry,
                "weir_ingest_secret_reload_failures_total",
                "Reads of a directory of secrets that found no secret, or a file that cannot be used.",
            ),
            limits: LimitMetrics::new(registry),
        }
    }

    /// Counts a response, and the limit that it was refused by where that is counted by nobody else.
    pub(crate) fn answered(&self, method: Method, response: &WebhookResponse) {
        self.answered_with(method, response.status().as_u16());
        match response {
            WebhookResponse::Unauthorized(fault) => self.signature_failures[*fault].inc(),
            WebhookResponse::Unavailable(why) => self.unavailable[*why].inc(),
            WebhookResponse::BodyTimeout => self.limits.count(Limit::BodyTime),
            WebhookResponse::BadRequest(_) => self.limits.count(Limit::Malformed),
            _ => {}
        }
    }

    /// Counts a response of this status; of hyper's own too, to what is no request.
    pub(crate) fn answered_with(&self, method: Method, status: u16) {
        if let Some((_, counter)) = self.responses[method].iter().find(|(known, _)| *known == status) {
            counter.inc();
        }
    }

    /// Counts a verified delivery by how it became durable, `None` where it did not.
    pub(crate) fn delivered(&self, how: Option<&(IntCounter, Histogram)>, took: Duration) {
        let Some((deliveries, seconds)) = how else { return self.rejected.inc() };
        deliveries.inc();
        seconds.observe(took.as_secs_f64());
    }

    /// Counts an event.
    pub(crate) fn event(&self, kind: EventKind) {
        self.events[kind].inc();
    }

    /// Counts a dead-lettered body.
    pub(crate) fn dead_letter(&self, refusal: Refusal) {
        self.dead_letters.with_label_values(&[refusal.as_str()]).inc();
    }
}

/// A counter for each value of a label.
fn by_label<L: EnumArray<IntCounter>, V: AsRef<str> + Debug>(
    registry: &Registry,
    name: &str,
    help: &str,
    label: &str,
    value: impl Fn(L) -> V,
) -> EnumMap<L, IntCounter> {
    let counters = counters(registry, name, help, &[label]);
    EnumMap::from_fn(|of: L| counters.with_label_values(&[value(of)]))
}

fn responses(registry: &Registry) -> EnumMap<Method, [(u16, IntCounter); STATUSES.len()]> {
    let responses = counters(
        registry,
        "weir_ingest_requests_total",
        "Requests answered, by method and status.",
        &["method", "status"],
    );
    let of =
        |method: Method, status: u16| responses.with_label_values(&[method.as_str(), &status.to_string()]);
    EnumMap::from_fn(|method| STATUSES.map(|status| (status, of(method, status))))
}

/// By Kafka and by the spool, and those that could not be made durable.
fn deliveries(registry: &Registry) -> ([(IntCounter, Histogram); 2], IntCounter) {
    let deliveries = counters(
        registry,
        "weir_ingest_deliveries_total",
        "Verified deliveries by how they were made durable: broker, spool, or rejected with 503.",
        &["path"],
    );
    let ack_seconds = histograms(
        registry,
        "weir_ingest_ack_seconds",
        "Seconds from verifying a delivery until it was durable, by path: acknowledged by Kafka, or spooled.",
        &["path"],
        SECONDS,
    );
    let of_path =
        |path: &str| (deliveries.with_label_values(&[path]), ack_seconds.with_label_values(&[path]));
    (["broker", "spool"].map(of_path), deliveries.with_label_values(&["rejected"]))
}

fn events(registry: &Registry) -> EnumMap<EventKind, IntCounter> {
    let help = "Events of the deliveries that were sent to Kafka, by kind.";
    by_label(registry, "weir_ingest_events_total", help, "kind", |kind: EventKind| kind.to_string())
}
