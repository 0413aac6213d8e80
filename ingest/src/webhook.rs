//! From a request to its answer: the refusals in their order, then verify, make durable, answer.

use crate::answer::Answer;
use crate::body::{self, BodyFault};
use crate::complaints::Complaints;
use crate::delivery::Delivery;
use crate::durable::Durable;
use crate::handshake;
use crate::metrics::{Method, Metrics};
use crate::reload::Current;
use crate::settings::Settings;
use crate::signature;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::CONTENT_ENCODING;
use hyper::{HeaderMap, Request, Response};
use runtime::shutdown::Shutdown;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Answers the requests of the public port.
#[derive(Debug)]
pub(crate) struct Webhook {
    path: String,
    max_body: usize,
    body_timeout: Duration,
    parts: Parts,
    complaints: Complaints,
}

/// What answering needs beside the settings.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) secrets: Arc<Current>,
    pub(crate) durable: Durable,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) shutdown: Shutdown,
}

/// An answer, and whether the connection can go on after it.
struct Outcome {
    answer: Answer,
    /// The body was left unread, so where the next request begins is not known.
    close: bool,
}

impl Outcome {
    const fn early(answer: Answer) -> Self {
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
            body_timeout: settings.body_timeout,
            parts,
            complaints: Complaints::new(),
        }
    }

    /// Answers one request; never fails.
    pub(crate) async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let method = Method::of(request.method());
        let Outcome { answer, close } = self.outcome(method, request).await;
        self.parts.metrics.answered(method, &answer);
        match &answer {
            Answer::Unsigned(fault) => self.complaints.unsigned(*fault),
            Answer::HandshakeRefused(why) => self.complaints.handshake(why),
            Answer::Unavailable(why) => self.complaints.unavailable(*why),
            Answer::Accepted => self.complaints.acknowledged(),
            _ => {}
        }
        // While this process drains, clients are told to connect anew: to another one.
        answer.into_response(close || self.parts.shutdown.is_requested())
    }

    /// Refusals are tried in the order 404, 405, 415, 413, 401.
    async fn outcome(&self, method: Method, request: Request<Incoming>) -> Outcome {
        if request.uri().path() != self.path {
            return Outcome::early(Answer::NotFound);
        }
        match method {
            Method::Get => {
                let tokens = self.parts.secrets.verify_tokens.load();
                Outcome::of(handshake::answer(request.uri().query(), &tokens))
            }
            Method::Post => self.deliver(request).await,
            Method::Other => Outcome::early(Answer::MethodNotAllowed),
        }
    }

    async fn deliver(&self, request: Request<Incoming>) -> Outcome {
        let received = SystemTime::now();
        let (head, body) = request.into_parts();
        if is_encoded(&head.headers) {
            return Outcome::early(Answer::Encoded);
        }
        if body::is_declared_too_large(&body, self.max_body) {
            return Outcome::early(Answer::TooLarge);
        }
        let claim = signature::claim(&head.headers);
        if let (Err(fault), true) = (&claim, body::is_length_declared(&body)) {
            return Outcome::early(Answer::Unsigned(*fault));
        }
        let bytes = match body::read(body, self.max_body, self.body_timeout).await {
            Ok(bytes) => bytes,
            Err(BodyFault::TooLarge) => return Outcome::early(Answer::TooLarge),
            Err(BodyFault::Incomplete) => return Outcome::early(Answer::Incomplete),
        };
        let verified =
            claim.and_then(|claim| signature::verify(&self.parts.secrets.keyring.load(), claim, bytes));
        match verified {
            Ok(body) => Outcome::of(self.accept(&Delivery::new(body, received)).await),
            Err(fault) => Outcome::of(Answer::Unsigned(fault)),
        }
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
