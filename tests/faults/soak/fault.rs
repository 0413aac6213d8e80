//! The faults of the soak, and the alerts that each may bring about.

use std::time::Duration;

use anyhow::{Context as _, Result};
use schemas::Topic;
use weir_graph_simulator::Behaviour;
use weir_tests::topics;
use weir_tests::until::until;
use weir_tests::writer::{self, Outgoing};

use super::Everyone;
use crate::rig::{PATIENCE, Rig};
use crate::scenario;

/// How long a fault lasts where it has a length.
const LENGTH: Duration = Duration::from_secs(20);
/// Longer than a record may stand still that nothing is known of (a minute).
const TROUBLE_OF_THE_GRAPH_API: Duration = Duration::from_secs(100);
/// What an answer of a slow one takes.
const SLOW: Duration = Duration::from_secs(20);
/// Those that aborted transactions and new partitions come to: what is read by weir-messages, and by weir-lookups.
const CHANGED: [Topic; 2] = [Topic::Messages, Topic::Comments];
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
    IngestKilledWithoutBrokers,
    ConsumerKilled,
    GraphHangs,
    GraphSlow,
    GraphHalfAnswers,
    GraphRefuses,
    TransactionAborted,
    PartitionAdded,
}

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
const OF_THE_DISK: [&str; 3] = ["WeirDeliveriesRefused", "WeirDeliveriesRefusedSlowly", "WeirSpoolUnhealthy"];
/// Rules look some minutes back, and hold for some before they fire.
const EXPLAINED_AFTER: Duration = Duration::from_mins(6);
/// These look back half an hour: at kills, and at how fast a budget goes.
const LOOKING_BACK: [&str; 5] = [
    "WeirAnswersLate",
    "WeirCrashLoop",
    "WeirDeliveriesRefused",
    "WeirEventsLate",
    // Two hours, and there is none of them without the one above first.
    "WeirDeliveriesRefusedSlowly",
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
    pub(crate) const ALL: [Self; 15] = [
        Self::BrokerKilled,
        Self::BrokerHung,
        Self::BrokerStopped,
        Self::TwoDown,
        Self::AllDown,
        Self::DiskFull,
        Self::IngestKilled,
        Self::IngestKilledWithoutBrokers,
        Self::ConsumerKilled,
        Self::GraphHangs,
        Self::GraphSlow,
        Self::GraphHalfAnswers,
        Self::GraphRefuses,
        Self::TransactionAborted,
        Self::PartitionAdded,
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
            Self::IngestKilledWithoutBrokers => "all brokers are down, and ingest is killed meanwhile",
            Self::ConsumerKilled => "a consumer is killed, each in turn",
            Self::GraphHangs => "the Graph API takes requests and never answers",
            Self::GraphSlow => "the Graph API takes 20 s an answer",
            Self::GraphHalfAnswers => "the Graph API cuts its answers off",
            Self::GraphRefuses => "the Graph API answers 503",
            Self::TransactionAborted => "topics end in a transaction that was aborted",
            Self::PartitionAdded => "topics get another partition",
        }
    }

    /// Whether the alert is right while this lasts, or just after.
    pub(crate) fn explains(self, alert: &str) -> bool {
        let of_brokers = OF_BROKERS.contains(&alert);
        match self {
            Self::BrokerStopped | Self::TwoDown => of_brokers,
            Self::BrokerKilled | Self::BrokerHung | Self::AllDown => of_brokers || alert == OF_LOST_BROKERS,
            Self::DiskFull => of_brokers || alert == OF_LOST_BROKERS || OF_THE_DISK.contains(&alert),
            Self::IngestKilled | Self::ConsumerKilled => OF_PROCESSES.contains(&alert),
            Self::IngestKilledWithoutBrokers => of_brokers || OF_PROCESSES.contains(&alert),
            Self::GraphHangs | Self::GraphSlow | Self::GraphHalfAnswers | Self::GraphRefuses => {
                OF_THE_GRAPH_API.contains(&alert)
            }
            Self::TransactionAborted | Self::PartitionAdded => false,
        }
    }

    /// For how long after a fault it explains an alert.
    pub(crate) fn explained_after(alert: &str) -> Duration {
        if LOOKING_BACK.contains(&alert) { EXPLAINED_LONG_AFTER } else { EXPLAINED_AFTER }
    }

    /// Whether a process begins anew, so that nothing can be told of what it keeps.
    pub(crate) const fn kills(self) -> bool {
        matches!(self, Self::IngestKilled | Self::IngestKilledWithoutBrokers | Self::ConsumerKilled)
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
            Self::IngestKilledWithoutBrokers => {
                rig.cluster.kill_all()?;
                tokio::time::sleep(LENGTH / 2).await;
                rig.kill_and_restart().await?;
                tokio::time::sleep(LENGTH / 2).await;
                rig.cluster.start_again(&[0, 1, 2]).await
            }
            Self::GraphHangs => batches(everyone, Behaviour::Hang).await,
            Self::GraphSlow => {
                everyone.graph.slow_down(SLOW);
                tokio::time::sleep(TROUBLE_OF_THE_GRAPH_API).await;
                everyone.graph.slow_down(Duration::ZERO);
                Ok(())
            }
            Self::GraphHalfAnswers => batches(everyone, Behaviour::CutOff).await,
            Self::GraphRefuses => {
                batches(everyone, Behaviour::Answer { status: 503, body: String::new() }).await
            }
            Self::TransactionAborted => {
                for topic in CHANGED {
                    abort(&rig.cluster.bootstrap(), topic).await?;
                }
                Ok(())
            }
            Self::PartitionAdded => {
                everyone.partitions += 1;
                for topic in CHANGED {
                    topics::widen(&rig.cluster.bootstrap(), &topic.name("meta"), everyone.partitions).await?;
                }
                Ok(())
            }
        }
    }
}

/// Every batch is answered like this for a while.
async fn batches(everyone: &Everyone, behaviour: Behaviour) -> Result<()> {
    everyone.graph.misbehave_batches(behaviour);
    tokio::time::sleep(TROUBLE_OF_THE_GRAPH_API).await;
    everyone.graph.behave_about_batches();
    Ok(())
}

/// The coordinators of transactions are the last to come back after what was before.
async fn abort(brokers: &str, topic: Topic) -> Result<()> {
    until("an aborted transaction", PATIENCE, async || {
        Ok(writer::transact(brokers, &topic.name("meta"), Outgoing::default(), false).await.ok())
    })
    .await
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
