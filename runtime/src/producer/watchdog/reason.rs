//! Why a client was replaced, and how often.

use prometheus::{IntCounter, Registry};

use crate::metrics;

/// Why a new client was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// librdkafka says that it can never send again.
    Fatal,
    /// The brokers answer and no record is acknowledged.
    Stalled,
    /// The brokers answer and the records of one partition run out of time.
    Partition,
    /// No broker answers this client, and one answers another.
    Disconnected,
}

impl Reason {
    pub(super) const ALL: [Self; 4] = [Self::Fatal, Self::Stalled, Self::Partition, Self::Disconnected];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Fatal => "fatal",
            Self::Stalled => "stalled",
            Self::Partition => "partition",
            Self::Disconnected => "disconnected",
        }
    }

    /// How often that was so, by reason.
    pub(super) fn counters(registry: &Registry) -> Vec<IntCounter> {
        let rebuilt = metrics::counters(
            registry,
            "weir_producer_rebuilt_total",
            "Kafka clients that were replaced by a new one because they would never have sent again, by reason.",
            &["reason"],
        );
        Self::ALL.map(|reason| rebuilt.with_label_values(&[reason.as_str()])).into()
    }
}
