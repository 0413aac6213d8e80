//! Which alerts each fault of the soak may bring about, and for how long after it.

use std::time::Duration;

use super::fault::Fault;

/// What any trouble with brokers brings about.
const OF_BROKERS: [&str; 11] = [
    "WeirAnswersLate",
    "WeirAnswersLateSlowly",
    "WeirBreakerOpen",
    "WeirBrokersUnreachable",
    "WeirConsumerLag",
    "WeirConsumerWithoutPartitions",
    "WeirEventsLate",
    "WeirEventsLateSlowly",
    "WeirProcessDown",
    "WeirSpoolFilling",
    "WeirSpoolNotDraining",
];
/// What brokers that forget a client, or are forgotten by it, bring about beside.
const OF_LOST_BROKERS: &str = "WeirProducerRebuilt";
/// What a file that is retired brings about, and what is counted of it until its process ends.
pub(super) const OF_A_RETIRED_FILE: &str = "WeirSpoolDamaged";
const OF_THE_DISK: [&str; 3] = ["WeirDeliveriesRefused", "WeirDeliveriesRefusedSlowly", "WeirSpoolUnhealthy"];
/// Rules look some minutes back, and hold for some before they fire.
const EXPLAINED_AFTER: Duration = Duration::from_mins(6);
/// These look back half an hour: at kills, at clients that were replaced, and at how fast a budget goes.
const LOOKING_BACK: [&str; 8] = [
    "WeirAnswersLate",
    "WeirCrashLoop",
    "WeirDeliveriesRefused",
    "WeirEventsLate",
    OF_LOST_BROKERS,
    // Two hours, and there is none of them without one of those above first.
    "WeirAnswersLateSlowly",
    "WeirDeliveriesRefusedSlowly",
    "WeirEventsLateSlowly",
];
const EXPLAINED_LONG_AFTER: Duration = Duration::from_mins(36);
const OF_PROCESSES: [&str; 8] = [
    "WeirConsumerLag",
    "WeirConsumerWithoutPartitions",
    "WeirCrashLoop",
    "WeirDeliveriesRefused",
    "WeirEventsLate",
    "WeirEventsLateSlowly",
    "WeirIngestAbsent",
    "WeirProcessDown",
];
const OF_THE_GRAPH_API: [&str; 4] =
    ["WeirConsumerLag", "WeirEventsLate", "WeirEventsLateSlowly", "WeirGraphApiSlow"];

impl Fault {
    /// Whether the alert is right while this lasts, or just after.
    pub(crate) fn explains(self, alert: &str) -> bool {
        let of_brokers = OF_BROKERS.contains(&alert);
        match self {
            Self::BrokerStopped | Self::TwoDown => of_brokers,
            Self::BrokerKilled | Self::BrokerHung | Self::AllDown => of_brokers || alert == OF_LOST_BROKERS,
            Self::DiskFull | Self::QuotaExceeded | Self::WritesFail => {
                of_brokers || alert == OF_LOST_BROKERS || OF_THE_DISK.contains(&alert)
            }
            // A file whose `fsync` failed, or that cannot be read as it is checked, is retired.
            Self::SyncsFail | Self::ReadsFail => {
                of_brokers
                    || [OF_LOST_BROKERS, OF_A_RETIRED_FILE].contains(&alert)
                    || OF_THE_DISK.contains(&alert)
            }
            // The error may be met by an `fsync`.
            Self::ReadOnly => Self::WrongOwner.explains(alert) || alert == OF_A_RETIRED_FILE,
            Self::WrongOwner => {
                of_brokers
                    || alert == OF_LOST_BROKERS
                    || OF_THE_DISK.contains(&alert)
                    || OF_PROCESSES.contains(&alert)
            }
            Self::IngestKilled | Self::ConsumerKilled => OF_PROCESSES.contains(&alert),
            Self::IngestKilledWithoutBrokers | Self::IngestKilledWhileDraining => {
                of_brokers || alert == OF_LOST_BROKERS || OF_PROCESSES.contains(&alert)
            }
            Self::GraphHangs
            | Self::GraphSlow
            | Self::GraphHalfAnswers
            | Self::GraphRefuses
            | Self::GraphForbids
            | Self::GraphFailsHalf => OF_THE_GRAPH_API.contains(&alert),
            Self::TransactionAborted | Self::PartitionAdded | Self::CodecChanged => false,
        }
    }

    /// For how long after a fault it explains an alert.
    pub(crate) fn explained_after(alert: &str) -> Duration {
        if LOOKING_BACK.contains(&alert) { EXPLAINED_LONG_AFTER } else { EXPLAINED_AFTER }
    }
}
