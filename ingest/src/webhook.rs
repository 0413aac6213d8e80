//! From a request to its response: the refusals in their order, then verify, make durable, respond.

use crate::delivery::Delivery;
use crate::durable::Durable;
use crate::http::body::{self, BodyFault, BodyReader};
use crate::http::body_memory::BodyMemory;
use crate::http::framing::{self, FramingFault};
use crate::http::incidents::IncidentLog;
use crate::http::response::{Unavailable, WebhookResponse};
use crate::http::{handshake, response};
use crate::metrics::{Limit, LimitMetrics, Method, Metrics};
use crate::settings::Settings;
use crate::signature::{self, CurrentSecrets, UnauthenticatedWork};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::header::CONTENT_ENCODING;
use hyper::{HeaderMap, Method as HttpMethod, Request, Response};
use runtime::http::connections::Slot;
use runtime::process::health::{Health, Probe};
use runtime::process::shutdown::Shutdown;
use runtime::telemetry::{TRACEPARENT, TraceContext, spans};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tracing::Span;

/// Responds to the requests of the public port.
#[derive(Debug)]
pub(crate) struct Webhook {
    path: String,
    health_path: Option<String>,
    max_body: usize,
    bodies: BodyReader,
    work: UnauthenticatedWork,
    signature_timeout: Duration,
    parts: Parts,
    incidents: IncidentLog,
}

/// What the webhook needs beside the settings.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) secrets: Arc<CurrentSecrets>,
    pub(crate) durable: Durable,
    pub(crate) memory: Arc<BodyMemory>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) limit_metrics: LimitMetrics,
    pub(crate) shutdown: Shutdown,
    pub(crate) health: Health,
}

/// Which app secrets a path asks for.
enum RequestedApp<'p> {
    Any,
    Named(&'p str),
}

/// A response, and whether the connection is closed after it.
struct Outcome {
    response: WebhookResponse,
    /// The request was refused: it may not be known where the next one begins.
    close: bool,
}

impl Outcome {
    const fn refused(response: WebhookResponse) -> Self {
        Self { response, close: true }
    }
}

impl Webhook {
    pub(crate) fn new(settings: &Settings, parts: Parts) -> Self {
        Self {
            path: settings.path.clone(),
            health_path: settings.health_path.clone(),
            max_body: settings.max_body,
            bodies: BodyReader::new(settings, Arc::clone(&parts.memory)),
            work: UnauthenticatedWork::new(),
            signature_timeout: settings.limits.body_timeout,
            parts,
            incidents: IncidentLog::new(),
        }
    }

    /// Responds to one request of the connection with this slot; never fails.
    pub(crate) async fn respond(
        &self,
        request: Request<Incoming>,
        slot: &Arc<Slot>,
    ) -> Response<Full<Bytes>> {
        // No part of the traffic that is counted and traced.
        if self.is_probe(&request) {
            return response::probed(self.parts.health.report(Probe::Readiness).passes());
        }
        let method = Method::of(request.method());
        let span = self.span(method, &request);
        let Outcome { response, close } = self.outcome(method, request, slot, &span).await;
        let status = response.status();
        spans::answered(&span, status.as_u16(), status.is_server_error());
        self.parts.metrics.answered(method, &response);
        match &response {
            WebhookResponse::Unauthorized(fault) => self.incidents.unsigned(*fault),
            WebhookResponse::HandshakeRefused(fault) => self.incidents.handshake(*fault),
            WebhookResponse::Unavailable(why) => self.incidents.unavailable(*why, Instant::now()),
            WebhookResponse::Accepted => self.incidents.acknowledged(),
            _ => {}
        }
        // While this process drains, clients are told to connect anew: to another one.
        response.into_response(close || self.parts.shutdown.is_requested())
    }

    /// Whether a load balancer asks for the readiness of this process. What is malformed is refused as everywhere.
    fn is_probe(&self, request: &Request<Incoming>) -> bool {
        self.health_path.as_deref() == Some(request.uri().path())
            && [HttpMethod::GET, HttpMethod::HEAD].contains(request.method())
            && framing::fault(request.version(), request.headers()).is_none()
    }

    /// The span of a request begins a trace: Meta sends none to join, and unauthenticated clients must neither decide
    /// what is traced nor join traces of others. A proxy's is linked to.
    fn span(&self, method: Method, request: &Request<Incoming>) -> Span {
        let method = match method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Other => "_OTHER",
        };
        let is_known = request.uri().path() == self.path;
        let span = spans::server(method, is_known.then_some(&self.path));
        if !span.is_disabled()
            && let Some(header) = request.headers().get(TRACEPARENT)
            && let Some(other) = TraceContext::parse(header.as_bytes())
        {
            other.link_to(&span);
        }
        span
    }

    /// Refusals are tried in the order 400, 404, 405, 415, 413, 401.
    async fn outcome(
        &self,
        method: Method,
        request: Request<Incoming>,
        slot: &Arc<Slot>,
        span: &Span,
    ) -> Outcome {
        if let Some(fault) = framing::fault(request.version(), request.headers()) {
            return self.malformed(fault);
        }
        let Some(secrets) = self.secrets(request.uri().path()) else {
            return Outcome::refused(WebhookResponse::NotFound);
        };
        match method {
            Method::Get => {
                let tokens = self.parts.secrets.verify_tokens.load();
                match handshake::challenge(request.uri().query(), &tokens) {
                    Ok(challenge) => Outcome {
                        response: WebhookResponse::Challenge(challenge),
                        close: !request.body().is_end_stream(),
                    },
                    Err(fault) => Outcome::refused(WebhookResponse::HandshakeRefused(fault)),
                }
            }
            Method::Post => {
                let app = match secrets {
                    RequestedApp::Any => None,
                    RequestedApp::Named(name) => Some(name.to_owned()),
                };
                self.deliver(request, app.as_deref(), slot, span).await
            }
            Method::Other => Outcome::refused(WebhookResponse::MethodNotAllowed),
        }
    }

    /// The path of the webhook is for every app; `/` and the name of an app behind it are for that app alone.
    fn secrets<'p>(&self, path: &'p str) -> Option<RequestedApp<'p>> {
        match path.strip_prefix(self.path.as_str())? {
            "" => Some(RequestedApp::Any),
            rest => {
                let app = rest.strip_prefix('/')?;
                self.parts.secrets.keyring.load().has(app).then_some(RequestedApp::Named(app))
            }
        }
    }

    async fn deliver(
        &self,
        request: Request<Incoming>,
        app: Option<&str>,
        slot: &Arc<Slot>,
        span: &Span,
    ) -> Outcome {
        let received = SystemTime::now();
        let (head, body) = request.into_parts();
        if is_encoded(&head.headers) {
            return Outcome::refused(WebhookResponse::UnsupportedEncoding);
        }
        if body::is_declared_too_large(&body, self.max_body) {
            return Outcome::refused(WebhookResponse::BodyTooLarge);
        }
        let claim = match signature::claim(&head.headers) {
            Ok(claim) => claim,
            Err(fault) => return Outcome::refused(WebhookResponse::Unauthorized(fault)),
        };
        // The permit is held until the response: the bytes are in memory until then.
        let (bytes, mut permit) = match self.bodies.read(body).await {
            Ok(read) => read,
            Err(fault) => return self.body_refused(fault),
        };
        let keyring = self.parts.secrets.keyring.load();
        let verified = tokio::select! {
            biased;
            verified = signature::verify(&keyring, app, &self.work, claim, bytes) => verified,
            () = permit.is_evicted() => return self.body_refused(BodyFault::LimitReached),
            () = passes(self.signature_timeout) => {
                self.parts.limit_metrics.count(Limit::SignatureTime);
                return Outcome::refused(WebhookResponse::Unavailable(Unavailable::SignatureTime));
            }
        };
        // A thread has few places for what is borrowed so: none is kept while Kafka is waited for.
        drop(keyring);
        let verified = match verified {
            Ok(verified) => verified,
            Err(fault) => return Outcome::refused(WebhookResponse::Unauthorized(fault)),
        };
        // The connection is not evicted before the response.
        let _authenticated = slot.authenticate();
        if permit.authenticate().is_err() {
            return self.body_refused(BodyFault::LimitReached);
        }
        let delivery = Delivery::new(verified, received, TraceContext::of(span));
        Outcome { response: self.accept(&delivery).await, close: false }
    }

    fn body_refused(&self, fault: BodyFault) -> Outcome {
        match fault {
            BodyFault::TooLarge => Outcome::refused(WebhookResponse::BodyTooLarge),
            BodyFault::Malformed => self.malformed(FramingFault::Body),
            // `body_memory` has counted it.
            BodyFault::LimitReached => Outcome::refused(WebhookResponse::Unavailable(Unavailable::BodyBytes)),
            BodyFault::Slow => {
                self.parts.limit_metrics.count(Limit::BodyTime);
                Outcome::refused(WebhookResponse::BodyTimeout)
            }
        }
    }

    fn malformed(&self, fault: FramingFault) -> Outcome {
        self.parts.limit_metrics.count(Limit::Malformed);
        Outcome::refused(WebhookResponse::BadRequest(fault))
    }

    async fn accept(&self, delivery: &Delivery) -> WebhookResponse {
        self.parts.metrics.body_bytes.inc_by(delivery.body.bytes().len() as u64);
        match self.parts.durable.store(delivery).await {
            Ok(()) => WebhookResponse::Accepted,
            Err(why) => WebhookResponse::Unavailable(why),
        }
    }
}

/// Makes its timer when it is first waited for, which is never where a body is verified at once.
async fn passes(limit: Duration) {
    tokio::time::sleep(limit).await;
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}
