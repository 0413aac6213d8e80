//! Why a call came to nothing.

use crate::graph::{Refusal, RefusalClass};
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
    /// The answer is larger than allowed.
    #[error("the Graph API's answer has more than {limit} bytes, which --graph-max-bytes allows")]
    TooLarge {
        /// The setting `--graph-max-bytes`.
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
    Tls(#[source] rustls::Error),
    /// The HTTP client cannot be set up.
    #[error("the HTTP client of the Graph API cannot be set up")]
    Http(#[source] reqwest::Error),
}

impl CallError {
    /// Every word that [`CallError::class`] gives.
    pub const CLASSES: [&str; 12] = [
        RefusalClass::Token.as_str(),
        RefusalClass::Permission.as_str(),
        RefusalClass::Throttled.as_str(),
        RefusalClass::Blocked.as_str(),
        RefusalClass::Transient.as_str(),
        RefusalClass::Invalid.as_str(),
        RefusalClass::Malformed.as_str(),
        RefusalClass::Redirected.as_str(),
        "unreachable",
        "timed_out",
        "answer_too_large",
        "interrupted",
    ];

    /// A word of a closed set, for a metric's label.
    pub const fn class(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.class.as_str(),
            Self::Unreachable { .. } => "unreachable",
            Self::TimedOut { .. } => "timed_out",
            Self::TooLarge { .. } => "answer_too_large",
            Self::Interrupted { .. } => "interrupted",
        }
    }
}
