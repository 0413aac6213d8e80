//! The faults of the soak, and the alerts that each may bring about.

use std::time::Duration;

use anyhow::{Context as _, Result};
use weir_graph_simulator::Behaviour;

use super::Everyone;
use crate::rig::Rig;
use crate::scenario;

/// How long a fault lasts where it has a length.
const LENGTH: Duration = Duration::from_secs(20);
/// A Graph API that hangs does so for longer than a record may stand still that nothing is known of (a minute).
const HANG: Duration = Duration::from_secs(100);
/// A piece of what fills the disk.
const PIECE: usize = 4 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    BrokerKilled,
    BrokerHung,
    BrokerStopped,
    TwoDown,
    AllDown,
    DiskFull,
    IngestKilled,
    ConsumerKilled,
    GraphHangs,
}

/// What any trouble with brokers brings about.
const OF_BROKERS: [&str; 12] = [
    "WeirAnswersLate",
    "WeirAnswersLateSlowly",
    "WeirBreakerOpen",
    "WeirBrokersUnreachable",
    "WeirConsumerLag",
    "WeirConsumerWithoutPartitions",
    "WeirEventsLate",
    "WeirEventsLateSlowly",
    "WeirProcessDown",
    "WeirProducerRebuilt",
    "WeirSpoolFilling",
    "WeirSpoolNotDraining",
];
const OF_THE_DISK: [&str; 3] = ["WeirDeliveriesRefused", "WeirDeliveriesRefusedSlowly", "WeirSpoolUnhealthy"];
const OF_PROCESSES: [&str; 8] = [
    "WeirConsumerLag",
    "WeirConsumerWithoutPartitions",
    // Several kills in its window, and all of them were ours.
    "WeirCrashLoop",
    "WeirDeliveriesRefused",
    "WeirEventsLate",
    "WeirEventsLateSlowly",
    "WeirIngestAbsent",
    "WeirProcessDown",
];
const OF_THE_GRAPH_API: [&str; 2] = ["WeirConsumerLag", "WeirConsumerFarBehind"];

impl Fault {
    pub(crate) const ALL: [Self; 9] = [
        Self::BrokerKilled,
        Self::BrokerHung,
        Self::BrokerStopped,
        Self::TwoDown,
        Self::AllDown,
        Self::DiskFull,
        Self::IngestKilled,
        Self::ConsumerKilled,
        Self::GraphHangs,
    ];

    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::BrokerKilled => "a broker is killed",
            Self::BrokerHung => "a broker hangs",
            Self::BrokerStopped => "a broker is stopped and started in order",
            Self::TwoDown => "two brokers are down",
            Self::AllDown => "all brokers are down",
            Self::DiskFull => "all brokers are down, and the volume of the spool is full",
            Self::IngestKilled => "ingest is killed",
            Self::ConsumerKilled => "a consumer is killed, each in turn",
            Self::GraphHangs => "the Graph API takes requests and never answers",
        }
    }

    /// Whether the alert is right while this lasts, or just after.
    pub(crate) fn explains(self, alert: &str) -> bool {
        match self {
            Self::DiskFull => OF_BROKERS.contains(&alert) || OF_THE_DISK.contains(&alert),
            Self::IngestKilled | Self::ConsumerKilled => OF_PROCESSES.contains(&alert),
            Self::GraphHangs => OF_THE_GRAPH_API.contains(&alert),
            _ => OF_BROKERS.contains(&alert),
        }
    }

    /// Inflicts it, and ends it; `turn` says which broker or consumer it is.
    pub(crate) async fn inflict(self, rig: &mut Rig, everyone: &mut Everyone, turn: usize) -> Result<()> {
        match self {
            Self::BrokerKilled => scenario::kill_and_start(rig, turn, LENGTH / 2).await,
            Self::BrokerHung => scenario::hang(rig, turn, LENGTH).await,
            Self::BrokerStopped => {
                rig.cluster.node(turn).stop().await?;
                rig.cluster.node(turn).start_again().await
            }
            Self::TwoDown => scenario::two_down(rig, LENGTH).await,
            Self::AllDown => scenario::all_killed(rig, LENGTH).await,
            Self::DiskFull => {
                let filler = rig.inside().join("filler");
                fill(&filler)?;
                let down = scenario::all_killed(rig, LENGTH).await;
                std::fs::remove_file(&filler).context("emptying the volume")?;
                down
            }
            Self::IngestKilled => rig.kill_and_restart().await.map(drop),
            Self::ConsumerKilled => everyone.kill_and_restart(turn).await,
            Self::GraphHangs => {
                everyone.graph.misbehave_batches(Behaviour::Hang);
                tokio::time::sleep(HANG).await;
                everyone.graph.behave_about_batches();
                Ok(())
            }
        }
    }
}

/// Writes until nothing more fits.
fn fill(file: &std::path::Path) -> Result<()> {
    use std::io::Write as _;
    let mut filler = std::fs::File::create(file).with_context(|| format!("making {}", file.display()))?;
    let piece = vec![1; PIECE];
    for size in [PIECE, 4096] {
        while filler.write_all(piece.get(..size).unwrap_or_default()).is_ok() {}
    }
    Ok(())
}
