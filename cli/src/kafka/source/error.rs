//! Why a topic could not be read.

use super::RecordPosition;
use runtime::producer::{ProducerError, TopicsError};
use std::time::Duration;

/// Why a topic could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No broker answers, or a topic is missing; says which, and what to do.
    #[error(transparent)]
    Unreachable(#[from] TopicsError),
    /// The client cannot be made from its settings.
    #[error(transparent)]
    Producer(#[from] ProducerError),
    /// A topic cannot be read, now or for good; says where, and why.
    #[error(transparent)]
    Topic(#[from] runtime::consumer::ReadError),
    /// Nothing comes any more.
    #[error(
        "nothing came from {brokers} for {} s at {position}{}; look at the brokers, and start again",
        .within.as_secs(),
        .reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"))
    )]
    Stalled {
        /// The brokers.
        brokers: String,
        /// What was to come next.
        position: RecordPosition,
        /// How long it was waited for.
        within: Duration,
        /// The client's last error, where it had one.
        reason: Option<String>,
    },
}
