//! Counts what the limits of the public port refuse, and logs when connections or memory run short.

use super::by_label;
use enum_map::{Enum, EnumMap};
use prometheus::{IntCounter, Registry};
use runtime::throttle::Throttle;
use std::time::Instant;

/// A limit of the public port, as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum Limit {
    /// The limit of connections was reached: one was turned away, or evicted for another.
    Connections,
    /// The limit of body bytes was reached: a body was refused, or evicted for another.
    BodyBytes,
    /// The first byte, or the whole head, was not received in time.
    HeaderTime,
    /// The body was not received in time, or too slowly.
    BodyTime,
    /// Too many bodies waited for their turn to be hashed with every app secret.
    SignatureTime,
    /// The client did not read the response in time.
    AnswerTime,
    /// The head was too large, or had too many lines.
    HeaderSize,
    /// The request is no HTTP, or framed ambiguously.
    Malformed,
}

impl Limit {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::BodyBytes => "body_bytes",
            Self::HeaderTime => "header_time",
            Self::BodyTime => "body_time",
            Self::SignatureTime => "signature_time",
            Self::AnswerTime => "answer_time",
            Self::HeaderSize => "header_size",
            Self::Malformed => "malformed",
        }
    }
}

/// A counter for each limit, all of them present from the start.
#[derive(Debug)]
pub(crate) struct LimitMetrics {
    counters: EnumMap<Limit, IntCounter>,
    log: EnumMap<Limit, Throttle>,
}

impl LimitMetrics {
    pub(super) fn new(registry: &Registry) -> Self {
        let counters = by_label(
            registry,
            "weir_ingest_refused_total",
            "Requests and connections that a limit of the public port refused or evicted, by limit.",
            "limit",
            Limit::as_str,
        );
        Self { counters, log: EnumMap::default() }
    }

    /// Counts a refusal. A limit of connections, memory or hashing is logged too: it may be too low for honest clients.
    pub(crate) fn count(&self, limit: Limit) {
        let setting = match limit {
            Limit::Connections => "--max-connections",
            Limit::BodyBytes => "--max-body-bytes-in-flight",
            Limit::SignatureTime => "--body-timeout",
            _ => return self.counters[limit].inc(),
        };
        self.count_and_log(limit, setting);
    }

    /// Counts a connection that was evicted since the process may open no more files, which is below `--max-connections`.
    pub(crate) fn count_open_files(&self) {
        self.count_and_log(Limit::Connections, "open files (ulimit -n)");
    }

    fn count_and_log(&self, limit: Limit, setting: &str) {
        self.counters[limit].inc();
        if let Some(suppressed) = self.log[limit].pass(Instant::now()) {
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
        self.counters[limit].get()
    }
}
