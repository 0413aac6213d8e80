//! Every answer that the public port gives: its status, its one line of text, its headers.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use hyper::{Response, StatusCode};

/// What a request is answered. Errors say what to fix, and repeat nothing of what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The delivery is durable.
    Accepted,
    /// The handshake is passed: the challenge and nothing else.
    Challenge(String),
    /// The handshake is refused.
    HandshakeRefused(&'static str),
    /// The path is not the webhook's.
    NotFound,
    /// The method is neither GET nor POST.
    MethodNotAllowed,
    /// The body is compressed or otherwise encoded.
    Encoded,
    /// The body is larger than the cap.
    TooLarge,
    /// The signature is missing, repeated, malformed or wrong.
    Unsigned(SignatureFault),
    /// The body did not come in time, or too slowly.
    Slow,
    /// The request, or its body, is framed in a way that cannot be relied on.
    Malformed(&'static str),
    /// A mistake in the program: nothing is known of what became of the request.
    Failed,
    /// Nothing could be made durable.
    Unavailable(Unavailable),
}

/// What is wrong with a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureFault {
    Missing,
    Repeated,
    Malformed,
    Wrong,
}

/// Why nothing could be made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unavailable {
    /// The brokers and topics have not been seen yet.
    Starting,
    /// The producer's queue is full.
    QueueFull,
    /// The account has as much on its way to Kafka, and waiting, as it may.
    AccountBusy,
    /// The acknowledgement did not come within `--ack-timeout`.
    Late,
    /// Kafka refused a record.
    Refused,
    /// Kafka has not acknowledged for a while, so it is not waited for.
    BreakerOpen,
    /// Kafka did not acknowledge, and the spool or its disk is full.
    SpoolFull,
    /// Kafka did not acknowledge, and the spool's disk fails or is too slow.
    SpoolFailing,
    /// As many connections are open as `--max-connections` allows.
    Connections,
    /// All bodies together hold as much as `--max-body-bytes-in-flight` allows.
    BodyBytes,
}

/// How long a client may wait before it tries again, in seconds.
pub(crate) const RETRY_AFTER_SECONDS: &str = "30";

impl SignatureFault {
    pub(crate) const ALL: [Self; 4] = [Self::Missing, Self::Repeated, Self::Malformed, Self::Wrong];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Repeated => "repeated",
            Self::Malformed => "malformed",
            Self::Wrong => "wrong",
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::Missing => "the header X-Hub-Signature-256 is missing",
            Self::Repeated => "the header X-Hub-Signature-256 is there more than once",
            Self::Malformed => "X-Hub-Signature-256 has to be sha256= and 64 hexadecimal digits",
            Self::Wrong => {
                "no app secret gives this signature: check the app's secret, and that nothing in front re-encodes the body"
            }
        }
    }
}

impl Unavailable {
    pub(crate) const ALL: [Self; 10] = [
        Self::Starting,
        Self::QueueFull,
        Self::AccountBusy,
        Self::Late,
        Self::Refused,
        Self::BreakerOpen,
        Self::SpoolFull,
        Self::SpoolFailing,
        Self::Connections,
        Self::BodyBytes,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::QueueFull => "queue_full",
            Self::AccountBusy => "account_busy",
            Self::Late => "late",
            Self::Refused => "refused",
            Self::BreakerOpen => "breaker_open",
            Self::SpoolFull => "spool_full",
            Self::SpoolFailing => "spool_failing",
            Self::Connections => "connections",
            Self::BodyBytes => "body_bytes",
        }
    }
}

impl Unavailable {
    /// For the log: what happened, and what to look at.
    pub(crate) const fn explanation(self) -> &'static str {
        match self {
            Self::Starting => "Kafka or a topic has not been seen yet, see /readyz?verbose",
            Self::QueueFull => {
                "the producer's queue is full (--queue-bytes), Kafka is slower than what comes in"
            }
            Self::AccountBusy => {
                "one account sends more than its part (--account-bytes-in-flight), the others are not held up"
            }
            Self::Late => "Kafka did not acknowledge within --ack-timeout",
            Self::Refused => "Kafka refuses a record",
            Self::BreakerOpen => "Kafka has not acknowledged for a while",
            Self::SpoolFull => {
                "Kafka does not acknowledge, and the spool (--spool-max-bytes) or its disk is full"
            }
            Self::SpoolFailing => "Kafka does not acknowledge, and the spool's disk fails or is too slow",
            Self::Connections => "as many connections are open as --max-connections allows",
            Self::BodyBytes => "all bodies together are as large as --max-body-bytes-in-flight allows",
        }
    }

    /// For the client: what happened, in a line that names nothing of the inside but settings.
    const fn text(self) -> &'static str {
        match self {
            Self::Starting => {
                "starting: Kafka or a topic has not been seen yet, send it again (/readyz?verbose of the admin port says more)"
            }
            Self::QueueFull => {
                "Kafka is slower than what comes in, and the queue for it is full: send it again"
            }
            Self::AccountBusy => "this account has as much on its way as it may: send it again",
            Self::Late => "Kafka is late: it did not acknowledge within --ack-timeout, send it again",
            Self::Refused => "Kafka refuses a record: send it again (the log of this process says more)",
            Self::BreakerOpen => "Kafka has not acknowledged for a while: send it again",
            Self::SpoolFull => "Kafka does not acknowledge and the spool is full: send it again",
            Self::SpoolFailing => "Kafka does not acknowledge and the spool's disk fails: send it again",
            Self::Connections => "as many connections are open as can be served: send it again",
            Self::BodyBytes => "as many bytes are being received as can be held: send it again",
        }
    }
}

impl Answer {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Accepted | Self::Challenge(_) => StatusCode::OK,
            Self::HandshakeRefused(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unsigned(_) => StatusCode::UNAUTHORIZED,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn text(self) -> Bytes {
        let line = match self {
            Self::Accepted => return Bytes::new(),
            Self::Challenge(challenge) => return Bytes::from(challenge),
            Self::HandshakeRefused(advice) => advice,
            Self::NotFound => "not found: the path of the webhook is a setting (--path)",
            Self::MethodNotAllowed => "method not allowed: GET for the handshake, POST for deliveries",
            Self::Encoded => {
                "Content-Encoding has to be absent or identity: the signature is over the bytes as sent"
            }
            Self::TooLarge => "the body is larger than the cap (--max-body)",
            Self::Unsigned(fault) => fault.advice(),
            Self::Slow => "the body did not come in time (--body-timeout), or too slowly (--body-min-rate)",
            Self::Malformed(fault) => fault,
            Self::Failed => "a mistake in the program: send it again, and report what the log says",
            Self::Unavailable(why) => why.text(),
        };
        Bytes::from_static(line.as_bytes())
    }

    /// Lays the answer out; `close` ends the connection after it, for a body that was not read.
    pub(crate) fn into_response(self, close: bool) -> Response<Full<Bytes>> {
        let status = self.status();
        let retry = matches!(self, Self::Unavailable(_));
        let allow = matches!(self, Self::MethodNotAllowed);
        let text = self.text();
        let has_text = !text.is_empty();
        let mut response = Response::new(Full::new(text));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        if has_text {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        }
        if retry {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        if allow {
            headers.insert(ALLOW, HeaderValue::from_static("GET, POST"));
        }
        if close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// The answer to a connection that is not served at all, as bytes on the wire.
pub(crate) const TURNED_AWAY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 30\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: 46\r\n\r\nas many connections are open as can be served\n";
