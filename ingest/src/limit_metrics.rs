//! Counts what the limits of the public port refuse, and logs when there is not enough room.

use prometheus::{IntCounter, Registry};
use runtime::metrics::counters;
use runtime::throttle::Throttle;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often the same lack of room is said again.
const SAY_EVERY: Duration = Duration::from_mins(1);

/// A limit of the public port, as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// As many connections are open as are allowed: one was turned away, or evicted for another.
    Connections,
    /// As many bytes of bodies are held as are allowed: one was refused, or evicted for another.
    BodyBytes,
    /// The first byte, or the whole head, did not come in time.
    HeaderTime,
    /// The body did not come in time, or not fast enough.
    BodyTime,
    /// The answer was not taken in time.
    AnswerTime,
    /// The head was too large, or had too many lines.
    HeaderSize,
    /// What came is no HTTP, or framed in a way that can be read in two ways.
    Malformed,
}

impl Limit {
    pub(crate) const ALL: [Self; 7] = [
        Self::Connections,
        Self::BodyBytes,
        Self::HeaderTime,
        Self::BodyTime,
        Self::AnswerTime,
        Self::HeaderSize,
        Self::Malformed,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::BodyBytes => "body_bytes",
            Self::HeaderTime => "header_time",
            Self::BodyTime => "body_time",
            Self::AnswerTime => "answer_time",
            Self::HeaderSize => "header_size",
            Self::Malformed => "malformed",
        }
    }
}

/// A counter a limit, all of them there from the start.
#[derive(Clone, Debug)]
pub(crate) struct LimitMetrics {
    counters: [IntCounter; Limit::ALL.len()],
    connections: Arc<Throttle>,
    body_bytes: Arc<Throttle>,
}

impl LimitMetrics {
    pub(crate) fn new(registry: &Registry) -> Self {
        let refused = counters(
            registry,
            "weir_ingest_refused_total",
            "Requests and connections that a limit of the public port refused or evicted, by limit.",
            &["limit"],
        );
        let throttle = || Arc::new(Throttle::new(SAY_EVERY));
        Self {
            counters: Limit::ALL.map(|limit| refused.with_label_values(&[limit.as_str()])),
            connections: throttle(),
            body_bytes: throttle(),
        }
    }

    /// Counts a refusal. A lack of room is said too: it can be too little room for honest clients.
    pub(crate) fn count(&self, limit: Limit) {
        self.counters[limit as usize].inc();
        let (throttle, setting) = match limit {
            Limit::Connections => (&self.connections, "--max-connections"),
            Limit::BodyBytes => (&self.body_bytes, "--max-body-bytes-in-flight"),
            _ => return,
        };
        if let Some(suppressed) = throttle.pass(Instant::now()) {
            tracing::warn!(
                setting,
                suppressed,
                "limit reached: evicting unauthenticated clients, or answering 503"
            );
        }
    }
}

#[cfg(test)]
impl LimitMetrics {
    pub(crate) fn of(&self, limit: Limit) -> u64 {
        self.counters[limit as usize].get()
    }
}
