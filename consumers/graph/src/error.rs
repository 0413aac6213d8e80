//! Why a call came to nothing.

use crate::{Refusal, RefusalClass};
use std::time::Duration;

/// Why a call came to nothing. Its text names no token and quotes nothing that people wrote.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The Graph API answered with an error, or something else did.
    #[error(transparent)]
    Refused(Refusal),
    /// No connection.
    #[error("{host} cannot be reached")]
    Unreachable {
        /// Scheme, host and port.
        host: String,
        /// What happened.
        source: reqwest::Error,
    },
    /// Connected, but no whole answer in time.
    #[error("the Graph API did not answer within {}", humantime::format_duration(*limit))]
    TimedOut {
        /// The setting `--graph-timeout`.
        limit: Duration,
    },
    /// An item of a batch that the Graph API did not get to in its own time.
    #[error("the Graph API did not get to this call of a batch")]
    Unanswered,
    /// The answer is larger than allowed.
    #[error(
        "the Graph API's answer has more than {limit} bytes, which --graph-max-bytes or --graph-batch-max-bytes allows"
    )]
    TooLarge {
        /// The setting `--graph-max-bytes`, of a batch `--graph-batch-max-bytes`.
        limit: usize,
    },
    /// The connection broke before the answer was whole.
    #[error("the connection to the Graph API broke")]
    Interrupted {
        /// What happened.
        source: reqwest::Error,
    },
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The cryptography has none of the protocol versions.
    #[error("TLS cannot be set up")]
    Tls(#[source] runtime::http::tls::TlsError),
    /// The HTTP client cannot be set up.
    #[error("the HTTP client of the Graph API cannot be set up")]
    Http(#[source] reqwest::Error),
}

impl CallError {
    /// Every word that [`CallError::class`] gives.
    pub const CLASSES: [&str; 18] = [
        RefusalClass::Token.as_str(),
        RefusalClass::Permission.as_str(),
        RefusalClass::Throttled.as_str(),
        RefusalClass::Blocked.as_str(),
        RefusalClass::Transient.as_str(),
        RefusalClass::TryLater.as_str(),
        RefusalClass::WindowClosed.as_str(),
        RefusalClass::NotReachable.as_str(),
        RefusalClass::ThreadControl.as_str(),
        RefusalClass::Invalid.as_str(),
        RefusalClass::UnknownCode.as_str(),
        RefusalClass::Malformed.as_str(),
        RefusalClass::Redirected.as_str(),
        "unreachable",
        "timed_out",
        "timed_out_in_batch",
        "answer_too_large",
        "interrupted",
    ];

    /// Whether Meta knows the token and had something to say about this very call. That it refuses a token says nothing of calls: it does
    /// so where it answers none.
    pub const fn accepts_token<T>(result: &Result<T, Self>) -> bool {
        match result {
            Ok(_) => true,
            Err(Self::Refused(refusal)) => !matches!(
                refusal.class,
                RefusalClass::Token
                    | RefusalClass::Throttled
                    | RefusalClass::Blocked
                    | RefusalClass::Transient
                    | RefusalClass::UnknownCode
                    | RefusalClass::Malformed
                    | RefusalClass::Redirected
            ),
            Err(_) => false,
        }
    }

    /// Whether the call certainly did nothing: it did not get there, or was refused for what it was.
    ///
    /// Of all else (silence, a broken connection, Meta's own trouble, an answer that is none) nobody knows.
    pub const fn is_undone(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused(refusal) => refusal.class.is_undone(),
            _ => false,
        }
    }

    /// A word of a closed set, for a metric's label.
    pub const fn class(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.class.as_str(),
            Self::Unreachable { .. } => "unreachable",
            Self::TimedOut { .. } => "timed_out",
            Self::Unanswered => "timed_out_in_batch",
            Self::TooLarge { .. } => "answer_too_large",
            Self::Interrupted { .. } => "interrupted",
        }
    }
}
