//! From a request to its answer: the refusals in their order, then verify, make durable, answer.

use crate::acceptor;
use crate::answer::{Answer, Unavailable};
use crate::body::{self, BodyFault, Reading};
use crate::body_memory::BodyMemory;
use crate::delivery::Delivery;
use crate::durable::Durable;
use crate::framing;
use crate::handshake;
use crate::incidents::IncidentLog;
use crate::keyring::UnauthenticatedWork;
use crate::limit_metrics::{Limit, LimitMetrics};
use crate::metrics::{Method, Metrics};
use crate::reload::Current;
use crate::settings::Settings;
use crate::signature;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::header::CONTENT_ENCODING;
use hyper::{HeaderMap, Request, Response};
use runtime::process::shutdown::Shutdown;
use runtime::telemetry::{TRACEPARENT, TraceContext, spans};
use std::sync::Arc;
use std::time::{Instant, SystemTime};
use tracing::Span;

/// Answers the requests of the public port.
#[derive(Debug)]
pub(crate) struct Webhook {
    path: String,
    max_body: usize,
    reading: Reading,
    work: UnauthenticatedWork,
    parts: Parts,
    incidents: IncidentLog,
}

/// What answering needs beside the settings.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) secrets: Arc<Current>,
    pub(crate) durable: Durable,
    pub(crate) memory: Arc<BodyMemory>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) limit_metrics: LimitMetrics,
    pub(crate) shutdown: Shutdown,
}

/// Whose secrets are tried.
enum Hook<'p> {
    AnyApp,
    App(&'p str),
}

/// An answer, and whether the connection can go on after it.
struct Outcome {
    answer: Answer,
    /// The request was refused: where the next one begins may not be known, and nothing good is to be expected of it.
    close: bool,
}

impl Outcome {
    const fn refused(answer: Answer) -> Self {
        Self { answer, close: true }
    }

    const fn of(answer: Answer) -> Self {
        Self { answer, close: false }
    }
}

impl Webhook {
    pub(crate) fn new(settings: &Settings, parts: Parts) -> Self {
        Self {
            path: settings.path.clone(),
            max_body: settings.max_body,
            reading: Reading::new(settings, Arc::clone(&parts.memory)),
            work: UnauthenticatedWork::new(),
            parts,
            incidents: IncidentLog::new(),
        }
    }

    /// Answers one request; never fails.
    pub(crate) async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let method = Method::of(request.method());
        let span = self.span(method, &request);
        let Outcome { answer, close } = self.outcome(method, request, &span).await;
        let status = answer.status();
        spans::answered(&span, status.as_u16(), status.is_server_error());
        self.parts.metrics.answered(method, &answer);
        match &answer {
            Answer::Unsigned(fault) => self.incidents.unsigned(*fault),
            Answer::HandshakeRefused(why) => self.incidents.handshake(why),
            Answer::Unavailable(why) => self.incidents.unavailable(*why, Instant::now()),
            Answer::Accepted => self.incidents.acknowledged(Instant::now()),
            _ => {}
        }
        // While this process drains, clients are told to connect anew: to another one.
        answer.into_response(close || self.parts.shutdown.is_requested())
    }

    /// The span of a request begins a trace: Meta sends none to be part of, and what a stranger sends must neither
    /// decide what is traced nor join traces of others. A proxy's is linked to.
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

    /// Refusals are tried in the order 404, 405, 415, 413, 401.
    async fn outcome(&self, method: Method, request: Request<Incoming>, span: &Span) -> Outcome {
        if let Some(fault) = framing::fault(request.version(), request.headers()) {
            return self.malformed(fault);
        }
        let Some(hook) = self.hook(request.uri().path()) else {
            return Outcome::refused(Answer::NotFound);
        };
        match method {
            Method::Get => {
                let tokens = self.parts.secrets.verify_tokens.load();
                let answer = handshake::answer(request.uri().query(), &tokens);
                let passed = matches!(answer, Answer::Challenge(_)) && request.body().is_end_stream();
                Outcome { answer, close: !passed }
            }
            Method::Post => {
                let app = match hook {
                    Hook::AnyApp => None,
                    Hook::App(name) => Some(name.to_owned()),
                };
                self.deliver(request, app.as_deref(), span).await
            }
            Method::Other => Outcome::refused(Answer::MethodNotAllowed),
        }
    }

    /// What a path asks for: the webhook itself, or that of an app whose secret is here.
    fn hook<'p>(&self, path: &'p str) -> Option<Hook<'p>> {
        match path.strip_prefix(self.path.as_str())? {
            "" => Some(Hook::AnyApp),
            rest => {
                let app = rest.strip_prefix('/')?;
                self.parts.secrets.keyring.load().has(app).then_some(Hook::App(app))
            }
        }
    }

    async fn deliver(&self, request: Request<Incoming>, app: Option<&str>, span: &Span) -> Outcome {
        let received = SystemTime::now();
        let (head, body) = request.into_parts();
        if is_encoded(&head.headers) {
            return Outcome::refused(Answer::Encoded);
        }
        if body::is_declared_too_large(&body, self.max_body) {
            return Outcome::refused(Answer::TooLarge);
        }
        let claim = match signature::claim(&head.headers) {
            Ok(claim) => claim,
            Err(fault) => return Outcome::refused(Answer::Unsigned(fault)),
        };
        // The permit is held until the answer: the bytes are in memory until then.
        let (bytes, mut permit) = match self.reading.read(body).await {
            Ok(read) => read,
            Err(fault) => return self.unread(fault),
        };
        let keyring = self.parts.secrets.keyring.load_full();
        let verified = tokio::select! {
            biased;
            verified = signature::verify(&keyring, app, &self.work, claim, bytes) => verified,
            () = permit.is_evicted() => return self.unread(BodyFault::NoRoom),
        };
        let verified = match verified {
            Ok(verified) => verified,
            Err(fault) => return Outcome::refused(Answer::Unsigned(fault)),
        };
        let _authenticated = acceptor::authenticate(&head.extensions);
        if permit.authenticate().is_err() {
            return self.unread(BodyFault::NoRoom);
        }
        Outcome::of(self.accept(&Delivery::new(verified, received, TraceContext::of(span))).await)
    }

    fn unread(&self, fault: BodyFault) -> Outcome {
        match fault {
            BodyFault::TooLarge => Outcome::refused(Answer::TooLarge),
            BodyFault::Malformed => self.malformed("the chunks of the body are malformed, or it ended early"),
            // The memory of bodies has counted it.
            BodyFault::NoRoom => Outcome::refused(Answer::Unavailable(Unavailable::BodyBytes)),
            BodyFault::Slow => {
                self.parts.limit_metrics.count(Limit::BodyTime);
                Outcome::refused(Answer::Slow)
            }
        }
    }

    fn malformed(&self, fault: &'static str) -> Outcome {
        self.parts.limit_metrics.count(Limit::Malformed);
        Outcome::refused(Answer::Malformed(fault))
    }

    async fn accept(&self, delivery: &Delivery) -> Answer {
        self.parts.metrics.body_bytes.inc_by(delivery.body.bytes().len() as u64);
        match self.parts.durable.make(delivery).await {
            Ok(()) => Answer::Accepted,
            Err(why) => Answer::Unavailable(why),
        }
    }
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}
