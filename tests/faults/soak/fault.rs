//! The faults of the soak.

use std::time::Duration;

use anyhow::Result;
use schemas::Topic;
use weir_graph_simulator::Behaviour;
use weir_tests::spool_matrix::failing_calls::{ALLOCATIONS, READS_AND_WRITES, SYNCS, WRITES};
use weir_tests::topics;
use weir_tests::until::until;
use weir_tests::writer::{self, Outgoing};

use super::{Everyone, spool};
use crate::rig::{PATIENCE, Rig};
use crate::scenario;

/// How long a fault lasts where it has a length.
const LENGTH: Duration = Duration::from_secs(20);
/// Longer than a record may stand still that nothing is known of (a minute).
const TROUBLE_OF_THE_GRAPH_API: Duration = Duration::from_secs(100);
/// What an answer of a slow one takes.
const SLOW: Duration = Duration::from_secs(20);
/// Those that aborted transactions, new partitions and another codec come to: what is read by weir-messages, and by weir-lookups.
const CHANGED: [Topic; 2] = [Topic::Messages, Topic::Comments];
/// What a proxy before it says.
const PAGE: &str = "<html><body><h1>403 Forbidden</h1></body></html>";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    BrokerKilled,
    BrokerHung,
    BrokerStopped,
    TwoDown,
    AllDown,
    DiskFull,
    QuotaExceeded,
    WritesFail,
    SyncsFail,
    ReadsFail,
    ReadOnly,
    WrongOwner,
    IngestKilled,
    IngestKilledWithoutBrokers,
    IngestKilledWhileDraining,
    ConsumerKilled,
    GraphHangs,
    GraphSlow,
    GraphHalfAnswers,
    GraphRefuses,
    GraphForbids,
    GraphFailsHalf,
    TransactionAborted,
    PartitionAdded,
    CodecChanged,
}

impl Fault {
    pub(crate) const ALL: [Self; 25] = [
        Self::BrokerKilled,
        Self::BrokerHung,
        Self::BrokerStopped,
        Self::TwoDown,
        Self::AllDown,
        Self::DiskFull,
        Self::QuotaExceeded,
        Self::WritesFail,
        Self::SyncsFail,
        Self::ReadsFail,
        Self::ReadOnly,
        Self::WrongOwner,
        Self::IngestKilled,
        Self::IngestKilledWithoutBrokers,
        Self::IngestKilledWhileDraining,
        Self::ConsumerKilled,
        Self::GraphHangs,
        Self::GraphSlow,
        Self::GraphHalfAnswers,
        Self::GraphRefuses,
        Self::GraphForbids,
        Self::GraphFailsHalf,
        Self::TransactionAborted,
        Self::PartitionAdded,
        Self::CodecChanged,
    ];

    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::BrokerKilled => "a broker is killed",
            Self::BrokerHung => "a broker hangs",
            Self::BrokerStopped => "a broker is stopped and started in order",
            Self::TwoDown => "two brokers are down",
            Self::AllDown => "all brokers are down",
            Self::DiskFull => "all brokers are down, and the volume of the spool is full",
            Self::QuotaExceeded => "all brokers are down, and `EDQUOT` on every write of the spool",
            Self::WritesFail => "all brokers are down, and `EIO` on every third write of the spool",
            Self::SyncsFail => "all brokers are down, and `EIO` on every fifth `fsync` of the spool",
            Self::ReadsFail => {
                "all brokers were down, and `EIO` on every other read and write while the spool drains"
            }
            Self::ReadOnly => {
                "all brokers are down, and the volume of the spool is read-only until a restart"
            }
            Self::WrongOwner => "all brokers are down, and the spool is root's for a while after a restart",
            Self::IngestKilled => "ingest is killed",
            Self::IngestKilledWithoutBrokers => "all brokers are down, and ingest is killed meanwhile",
            Self::IngestKilledWhileDraining => {
                "all brokers were down, and ingest is killed while its spool drains"
            }
            Self::ConsumerKilled => "a consumer is killed, each in turn",
            Self::GraphHangs => "the Graph API takes requests and never answers",
            Self::GraphSlow => "the Graph API takes 20 s an answer",
            Self::GraphHalfAnswers => "the Graph API cuts its answers off",
            Self::GraphRefuses => "the Graph API answers 503",
            Self::GraphForbids => "the Graph API answers 403 with a page of HTML",
            Self::GraphFailsHalf => "the Graph API answers 500 to a random half",
            Self::TransactionAborted => "topics end in a transaction that was aborted",
            Self::PartitionAdded => "topics get another partition",
            Self::CodecChanged => "topics get their batches in zstd",
        }
    }

    /// Whether a process begins anew, so that nothing can be told of what it keeps.
    pub(crate) const fn kills(self) -> bool {
        self.ends_ingest() || matches!(self, Self::ConsumerKilled)
    }

    /// Whether that process is ingest: what the one before has counted is gone.
    pub(crate) const fn ends_ingest(self) -> bool {
        matches!(
            self,
            Self::ReadOnly
                | Self::WrongOwner
                | Self::IngestKilled
                | Self::IngestKilledWithoutBrokers
                | Self::IngestKilledWhileDraining
        )
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
            Self::DiskFull => spool::full(rig).await,
            Self::QuotaExceeded => spool::storing_fails(rig, ALLOCATIONS, "error=EDQUOT").await,
            Self::WritesFail => spool::storing_fails(rig, WRITES, "error=EIO:when=1+3").await,
            Self::SyncsFail => spool::storing_fails(rig, SYNCS, "error=EIO:when=1+5").await,
            Self::ReadsFail => spool::draining_fails(rig, READS_AND_WRITES, "error=EIO:when=1+2").await,
            Self::ReadOnly => spool::read_only(rig).await,
            Self::WrongOwner => spool::wrong_owner(rig).await,
            Self::IngestKilledWhileDraining => spool::killed_while_draining(rig).await,
            Self::IngestKilled => rig.kill_and_restart().await.map(drop),
            Self::ConsumerKilled => everyone.kill_and_restart(turn).await,
            Self::IngestKilledWithoutBrokers => spool::killed_while_storing(rig).await,
            Self::GraphSlow => slow(everyone).await,
            Self::GraphHangs => misbehaving(everyone, Behaviour::Hang, 100).await,
            Self::GraphHalfAnswers => misbehaving(everyone, Behaviour::CutOff, 100).await,
            Self::GraphRefuses => misbehaving(everyone, answer(503, ""), 100).await,
            Self::GraphForbids => misbehaving(everyone, answer(403, PAGE), 100).await,
            Self::GraphFailsHalf => misbehaving(everyone, answer(500, ""), 50).await,
            Self::TransactionAborted => {
                for topic in CHANGED {
                    abort(&rig.cluster.bootstrap(), topic).await?;
                }
                Ok(())
            }
            Self::PartitionAdded => {
                everyone.partitions += 1;
                widen(&rig.cluster.bootstrap(), everyone.partitions).await
            }
            Self::CodecChanged => {
                compress(&rig.cluster.bootstrap(), "zstd").await?;
                tokio::time::sleep(LENGTH).await;
                compress(&rig.cluster.bootstrap(), "producer").await
            }
        }
    }
}

async fn slow(everyone: &Everyone) -> Result<()> {
    everyone.graph.slow_down(SLOW);
    tokio::time::sleep(TROUBLE_OF_THE_GRAPH_API).await;
    everyone.graph.slow_down(Duration::ZERO);
    Ok(())
}

/// So many percent of all requests, reads, batches and what is to be done, are answered like this for a while.
async fn misbehaving(everyone: &Everyone, behaviour: Behaviour, percent: u64) -> Result<()> {
    everyone.graph.misbehave_partly(behaviour, percent);
    tokio::time::sleep(TROUBLE_OF_THE_GRAPH_API).await;
    everyone.graph.behave_wholly();
    Ok(())
}

fn answer(status: u16, body: &str) -> Behaviour {
    Behaviour::Answer { status, body: body.to_owned() }
}

async fn widen(brokers: &str, partitions: i32) -> Result<()> {
    for topic in CHANGED {
        topics::widen(brokers, &topic.name("meta"), partitions).await?;
    }
    Ok(())
}

/// Brokers write batches anew where they come in another codec than that of their topic.
async fn compress(brokers: &str, codec: &str) -> Result<()> {
    for topic in CHANGED {
        topics::set(brokers, &topic.name("meta"), "compression.type", codec).await?;
    }
    Ok(())
}

/// The coordinators of transactions are the last to come back after what was before.
async fn abort(brokers: &str, topic: Topic) -> Result<()> {
    until("an aborted transaction", PATIENCE, async || {
        Ok(writer::transact(brokers, &topic.name("meta"), Outgoing::default(), false).await.ok())
    })
    .await
}
