//! Every response that Weir writes on the public port: its status, its one line of text, its headers. What is wrong with a head, a
//! body's chunks or a handshake is said where it is found.
//!
//! hyper itself answers 400 or 431, without a text, where it cannot parse a head, and closes without an answer where one comes too
//! late: `acceptor.rs` counts those.

use crate::signature::SignatureFault;
use bytes::Bytes;
use enum_map::Enum;
use http_body_util::Full;
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use hyper::{Response, StatusCode};

/// How long a client may wait before it tries again, in seconds.
const RETRY_AFTER_SECONDS: &str = "30";

/// What a request is answered. Errors say what to fix, and repeat nothing of what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WebhookResponse {
    /// The delivery is durable.
    Accepted,
    /// The handshake is passed: the challenge and nothing else.
    Challenge(String),
    HandshakeRefused(&'static str),
    /// The path is not the webhook's.
    NotFound,
    /// The method is neither GET nor POST.
    MethodNotAllowed,
    /// The body is compressed or otherwise encoded.
    UnsupportedEncoding,
    /// The body is larger than `--max-body`.
    BodyTooLarge,
    Unauthorized(SignatureFault),
    /// The body was not received in time, or came too slowly.
    BodyTimeout,
    /// The request, or its body, is framed in a way that cannot be relied on.
    BadRequest(&'static str),
    /// A bug: nothing is known of what became of the request.
    InternalError,
    /// There is no capacity, or nothing could be made durable.
    Unavailable(Unavailable),
}

/// Why a request is answered 503.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum Unavailable {
    Starting,
    QueueFull,
    AccountBusy,
    /// Not acknowledged within `--ack-timeout`, or failed before that in a way that may pass.
    Late,
    Refused,
    BreakerOpen,
    /// `--spool-max-bytes` or the disk is full.
    SpoolFull,
    /// The disk fails, or is too slow.
    SpoolFailing,
    Connections,
    BodyBytes,
    SignatureTime,
}

/// What a load balancer's probe of `--health-path` is answered. A connection has one, so that the limit of connections bounds
/// what nothing counts.
pub(crate) fn probed(is_ready: bool) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    if !is_ready {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

impl WebhookResponse {
    pub(crate) const fn status(&self) -> StatusCode {
        self.status_and_text().0
    }

    /// The challenge is its own text.
    const fn status_and_text(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Accepted | Self::Challenge(_) => (StatusCode::OK, ""),
            Self::BadRequest(why) => (StatusCode::BAD_REQUEST, *why),
            Self::Unauthorized(fault) => (StatusCode::UNAUTHORIZED, unauthorized(*fault)),
            Self::HandshakeRefused(why) => (StatusCode::FORBIDDEN, *why),
            Self::NotFound => {
                (StatusCode::NOT_FOUND, "not found: the path of the webhook is a setting (--path)")
            }
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method not allowed: GET for the handshake, POST for deliveries",
            ),
            Self::BodyTimeout => (
                StatusCode::REQUEST_TIMEOUT,
                "the body was not received within --body-timeout, or came slower than --body-min-rate",
            ),
            Self::BodyTooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than the cap (--max-body)")
            }
            Self::UnsupportedEncoding => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Content-Encoding has to be absent or identity: the signature is over the bytes as sent",
            ),
            Self::InternalError => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal error: send it again, and report what the log says",
            ),
            Self::Unavailable(why) => (StatusCode::SERVICE_UNAVAILABLE, why.texts().text),
        }
    }

    /// The response as hyper sends it; `close` ends the connection after it.
    pub(crate) fn into_response(self, close: bool) -> Response<Full<Bytes>> {
        let (status, text) = self.status_and_text();
        let body = match self {
            Self::Challenge(challenge) => Bytes::from(challenge),
            _ => Bytes::from_static(text.as_bytes()),
        };
        let has_text = !body.is_empty();
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        if has_text {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, HeaderValue::from_static("GET, POST"));
        }
        if close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// What a connection that is not served at all is answered, as bytes on the wire.
pub(crate) fn turned_away() -> Vec<u8> {
    let (status, text) = WebhookResponse::Unavailable(Unavailable::Connections).status_and_text();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\nx-content-type-options: nosniff\r\nretry-after: \
         {RETRY_AFTER_SECONDS}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    )
    .into_bytes()
}

/// 401.
const fn unauthorized(fault: SignatureFault) -> &'static str {
    match fault {
        SignatureFault::Missing => "the header X-Hub-Signature-256 is missing",
        SignatureFault::Repeated => "the header X-Hub-Signature-256 is there more than once",
        SignatureFault::Malformed => "X-Hub-Signature-256 has to be sha256= and 64 hexadecimal digits",
        SignatureFault::Wrong => {
            "no app secret gives this signature: check the app's secret, and that nothing in front re-encodes the body"
        }
    }
}

/// How one reason for a 503 is put.
pub(crate) struct UnavailableTexts {
    /// The label of metrics and logs.
    label: &'static str,
    /// For the log: what happened, and what to look at.
    pub(crate) log: &'static str,
    /// For the client: what happened, in a line that names nothing of the inside but settings.
    text: &'static str,
}

impl Unavailable {
    pub(crate) const fn as_str(self) -> &'static str {
        self.texts().label
    }

    pub(crate) const fn texts(self) -> UnavailableTexts {
        match self {
            Self::Starting => UnavailableTexts {
                label: "starting",
                log: "Kafka or a topic has not been seen yet, see /readyz?verbose",
                text: "starting: Kafka or a topic has not been seen yet, send it again (/readyz?verbose of the admin port says more)",
            },
            Self::QueueFull => UnavailableTexts {
                label: "queue_full",
                log: "the producer's queue is full (--queue-bytes), Kafka is slower than what comes in",
                text: "Kafka is slower than what comes in, and the queue for it is full: send it again",
            },
            Self::AccountBusy => UnavailableTexts {
                label: "account_busy",
                log: "one account waits for what it has in flight to Kafka (--account-bytes-in-flight) for half of --ack-timeout, or has an eighth of --max-body-bytes-in-flight waiting for Kafka or for the spool already; other accounts are not affected",
                text: "this account has as much on its way as it may: send it again",
            },
            Self::Late => UnavailableTexts {
                label: "late",
                log: "Kafka did not acknowledge the delivery: --ack-timeout passed, or a record or the producer failed",
                text: "Kafka did not acknowledge the delivery in time or failed a record of it: send it again",
            },
            Self::Refused => UnavailableTexts {
                label: "refused",
                log: "Kafka refuses a record",
                text: "Kafka refuses a record: send it again (the log of this process says more)",
            },
            Self::BreakerOpen => UnavailableTexts {
                label: "breaker_open",
                log: "the circuit breaker is open: Kafka has not acknowledged for a while",
                text: "Kafka has not acknowledged for a while: send it again",
            },
            Self::SpoolFull => UnavailableTexts {
                label: "spool_full",
                log: "the delivery is not on Kafka, and the spool (--spool-max-bytes) or its disk is full",
                text: "the delivery is not on Kafka and the spool is full: send it again",
            },
            Self::SpoolFailing => UnavailableTexts {
                label: "spool_failing",
                log: "the delivery is not on Kafka, and the spool cannot be used or is too slow: /readyz?verbose says why",
                text: "the delivery is not on Kafka and the spool cannot be used or is too slow: send it again",
            },
            Self::Connections => UnavailableTexts {
                label: "connections",
                log: "the limit of connections is reached (--max-connections)",
                text: "as many connections are open as can be served: send it again",
            },
            Self::BodyBytes => UnavailableTexts {
                label: "body_bytes",
                log: "the limit of body bytes in flight is reached (--max-body-bytes-in-flight)",
                text: "as many bytes are being received as can be held: send it again",
            },
            Self::SignatureTime => UnavailableTexts {
                label: "signature_time",
                log: "too many bodies that no app secret signed are being hashed with every one (an address an app, /webhook/{name}, avoids that)",
                text: "too many bodies wait for their signature to be verified: send it again",
            },
        }
    }
}
