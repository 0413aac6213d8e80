//! From a request to its response: the first that applies of
//!
//! | status | of what |
//! |---|---|
//! | 400 | a head that is framed in a way that cannot be relied on |
//! | 404 | a path that is not the webhook's |
//! | 200 or 403 | a GET: the handshake |
//! | 405 | any other method than POST |
//! | 415 | an encoded body |
//! | 413 | a body that is too large by its `Content-Length` |
//! | 401 | a signature that is missing or malformed |
//! | 503, 408, 413 or 400 | a body for which there is no memory; that is slow, too large, or malformed (`body.rs`) |
//! | 401 | a signature that no secret gives |
//! | 503 | a body for which time or memory runs out before that is known |
//! | 200 or 503 | a verified delivery: `durable.rs` |
//!
//! The connection is kept after the last, whose body was read to its end, and after a handshake without a body.

use crate::delivery::Delivery;
use crate::durable::Durable;
use crate::http::body_memory::BodyMemory;
use crate::http::incidents::IncidentLog;
use crate::http::response::{Unavailable, WebhookResponse};
use crate::http::{body, framing, handshake, response};
use crate::metrics::{Limit, Method, Metrics};
use crate::settings::Settings;
use crate::signature::{self, CurrentSecrets, UnauthenticatedWork};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::header::CONTENT_ENCODING;
use hyper::{HeaderMap, Method as HttpMethod, Request, Response};
use runtime::http::connections::Slot;
use runtime::process::Process;
use runtime::process::health::Probe;
use runtime::telemetry::{TRACEPARENT, TraceContext, spans};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tracing::Span;

/// Responds to the requests of the public port.
pub(crate) struct Webhook {
    settings: Settings,
    secrets: Arc<CurrentSecrets>,
    durable: Durable,
    memory: Arc<BodyMemory>,
    work: UnauthenticatedWork,
    metrics: Arc<Metrics>,
    incidents: IncidentLog,
    process: Process,
}

/// A response after which the connection is closed, since it may not be known where the next request begins.
struct ThenClose(WebhookResponse);

/// What a request is answered. The status does not tell which: a 503 for a delivery that was read keeps the connection.
type Outcome = Result<WebhookResponse, ThenClose>;

impl From<WebhookResponse> for ThenClose {
    fn from(response: WebhookResponse) -> Self {
        Self(response)
    }
}

impl Webhook {
    pub(crate) fn new(
        settings: &Settings,
        secrets: Arc<CurrentSecrets>,
        durable: Durable,
        metrics: Arc<Metrics>,
        process: &Process,
    ) -> Self {
        Self {
            settings: settings.clone(),
            secrets,
            durable,
            memory: BodyMemory::new(settings.limits.max_body_bytes_in_flight, Arc::clone(&metrics)),
            work: UnauthenticatedWork::default(),
            metrics,
            incidents: IncidentLog::default(),
            process: process.clone(),
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
            return response::probed(self.process.health.report(Probe::Readiness).passes());
        }
        let method = Method::of(request.method());
        let span = self.span(method, &request);
        let outcome = self.outcome(method, request, slot, &span).await;
        // While this process drains, clients are told to connect anew: to another one.
        let close = outcome.is_err() || self.process.shutdown.is_requested();
        let (Ok(response) | Err(ThenClose(response))) = outcome;
        let status = response.status();
        spans::answered(&span, status.as_u16(), status.is_server_error());
        self.metrics.answered(method, &response);
        match &response {
            WebhookResponse::Unauthorized(fault) => self.incidents.unsigned(*fault),
            WebhookResponse::HandshakeRefused(why) => self.incidents.handshake(why),
            WebhookResponse::Unavailable(why) => self.incidents.unavailable(*why, Instant::now()),
            WebhookResponse::Accepted => self.incidents.acknowledged(),
            _ => {}
        }
        response.into_response(close)
    }

    /// Whether a load balancer asks for the readiness of this process. What is malformed is refused as everywhere.
    fn is_probe(&self, request: &Request<Incoming>) -> bool {
        self.settings.health_path.as_deref() == Some(request.uri().path())
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
        let is_known = request.uri().path() == self.settings.path;
        let span = spans::server(method, is_known.then_some(&self.settings.path));
        if !span.is_disabled()
            && let Some(header) = request.headers().get(TRACEPARENT)
            && let Some(other) = TraceContext::parse(header.as_bytes())
        {
            other.link_to(&span);
        }
        span
    }

    async fn outcome(
        &self,
        method: Method,
        request: Request<Incoming>,
        slot: &Arc<Slot>,
        span: &Span,
    ) -> Outcome {
        if let Some(why) = framing::fault(request.version(), request.headers()) {
            return Err(ThenClose(WebhookResponse::BadRequest(why)));
        }
        // The path of the webhook is for every app; `/` and the name of an app behind it are for that app alone.
        let path = request.uri().path().strip_prefix(self.settings.path.as_str());
        let Some(behind) = path else { return Err(ThenClose(WebhookResponse::NotFound)) };
        let app = behind.strip_prefix('/').filter(|app| self.secrets.keyring.load().has(app));
        if app.is_none() && !behind.is_empty() {
            return Err(ThenClose(WebhookResponse::NotFound));
        }
        match method {
            Method::Get => {
                let tokens = self.secrets.verify_tokens.load();
                let challenge = handshake::challenge(request.uri().query(), &tokens);
                let response =
                    WebhookResponse::Challenge(challenge.map_err(WebhookResponse::HandshakeRefused)?);
                if request.body().is_end_stream() { Ok(response) } else { Err(ThenClose(response)) }
            }
            Method::Post => {
                let app = app.map(str::to_owned);
                self.deliver(request, app.as_deref(), slot, span).await
            }
            Method::Other => Err(ThenClose(WebhookResponse::MethodNotAllowed)),
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
            return Err(ThenClose(WebhookResponse::UnsupportedEncoding));
        }
        // `Content-Length` alone may say so.
        if body.size_hint().lower() > self.settings.max_body as u64 {
            return Err(ThenClose(WebhookResponse::BodyTooLarge));
        }
        let claim = signature::claim(&head.headers).map_err(WebhookResponse::Unauthorized)?;
        // The permit is held until the response: the bytes are in memory until then.
        let (bytes, mut permit) = body::read(body, &self.settings, &self.memory).await?;
        let keyring = self.secrets.keyring.load();
        let verified = tokio::select! {
            biased;
            verified = signature::verify(&keyring, app, &self.work, claim, bytes) => verified,
            () = permit.is_evicted() => return Err(ThenClose(WebhookResponse::Unavailable(Unavailable::BodyBytes))),
            () = passes(self.settings.limits.body_timeout) => {
                self.metrics.limits.count(Limit::SignatureTime);
                return Err(ThenClose(WebhookResponse::Unavailable(Unavailable::SignatureTime)));
            }
        };
        // A thread has few slots for such loans of `arc_swap`: none is kept while Kafka is waited for.
        drop(keyring);
        let verified = verified.map_err(WebhookResponse::Unauthorized)?;
        // The connection is not evicted before the response.
        let _authenticated = slot.authenticate();
        permit.authenticate().map_err(WebhookResponse::Unavailable)?;
        let delivery = Delivery::new(verified, received, TraceContext::of(span));
        self.metrics.body_bytes.inc_by(delivery.body.bytes().len() as u64);
        let stored = self.durable.store(&delivery).await;
        Ok(stored.map_or_else(WebhookResponse::Unavailable, |()| WebhookResponse::Accepted))
    }
}

/// Makes its timer when it is first waited for, which is never where a body is verified at once.
async fn passes(limit: Duration) {
    tokio::time::sleep(limit).await;
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}
