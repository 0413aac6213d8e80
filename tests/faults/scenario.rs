//! The faults, and what is measured of each.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::ValueEnum;
use weir_tests::oracle::{Lap, Verdict};

use crate::chance::Chance;
use crate::rig::Rig;

/// How much load, how long, and by which chance.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) rate: u32,
    pub(crate) scale: f64,
    pub(crate) seed: u64,
    /// Ingest's `--linger`.
    pub(crate) linger: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    Calm,
    LeaderKilled,
    RollingRestart,
    Hung,
    TwoDown,
    AllDown,
    Restart,
    Mixed,
}

/// What was seen.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Answers from the fault to the end.
    pub(crate) all: Lap,
    /// Answers while the fault lasted.
    pub(crate) during: Lap,
    /// Answers once it was over, while the spool drained.
    pub(crate) draining: Lap,
    pub(crate) verdict: Verdict,
    /// From the end of the fault to an empty spool.
    pub(crate) drained: Duration,
    /// Resident memory of ingest before and at the end, in MiB.
    pub(crate) memory: (u64, u64),
    /// What only this scenario tells.
    pub(crate) note: String,
    /// Whether ingest had the limit of memory of `k8s/base`.
    pub(crate) is_limited: bool,
}

impl Scenario {
    pub(crate) const ALL: [Self; 8] = [
        Self::Calm,
        Self::LeaderKilled,
        Self::RollingRestart,
        Self::Hung,
        Self::TwoDown,
        Self::AllDown,
        Self::Restart,
        Self::Mixed,
    ];

    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::Calm => "no fault, for comparison; 60 s",
            Self::LeaderKilled => "a broker is killed (SIGKILL) and started again, ten times in turn",
            Self::RollingRestart => "every broker is restarted in order, three rounds",
            Self::Hung => "a broker hangs (SIGSTOP) for 60 s",
            Self::TwoDown => "two of three brokers are down for 60 s, so that nothing can be acknowledged",
            Self::AllDown => "all brokers are down for 10 minutes",
            Self::Restart => {
                "ingest is killed with 120,000 deliveries in its spool, and starts without Kafka"
            }
            Self::Mixed => "20 minutes of load with a fault by chance every 60 s, kills of ingest among them",
        }
    }

    /// Runs it on a cluster of its own.
    pub(crate) async fn run(self, load: &Load) -> Result<Row> {
        let mut rig = Rig::start(&load.linger).await?;
        let deliveries = rig.oracle.load(&rig.sender, load.rate);
        tokio::time::sleep(load.seconds(10.0)).await;
        let (memory, is_limited) = (rig.memory()?, rig.is_limited());
        let start = Instant::now();
        let note = self.inflict(&mut rig, load).await?;
        let during = rig.lap(start);
        let over = Instant::now();
        let drained = rig.until_drained().await?;
        let draining = rig.lap(over);
        tokio::time::sleep(load.seconds(20.0)).await;
        deliveries.stop().await?;
        let all = rig.lap(start);
        let memory = (memory, rig.memory()?);
        let verdict = rig.verdict().await?;
        Ok(Row { all, during, draining, verdict, drained, memory, note, is_limited })
    }

    async fn inflict(self, rig: &mut Rig, load: &Load) -> Result<String> {
        match self {
            Self::Calm => tokio::time::sleep(load.seconds(60.0)).await,
            Self::LeaderKilled => {
                for node in 0..10 {
                    kill_and_start(rig, node, load.seconds(5.0)).await?;
                }
            }
            Self::RollingRestart => {
                for node in 0..9 {
                    rig.cluster.node(node).stop().await?;
                    rig.cluster.node(node).start_again().await?;
                    tokio::time::sleep(load.seconds(5.0)).await;
                }
            }
            Self::Hung => hang(rig, 0, load.seconds(60.0)).await?,
            Self::TwoDown => two_down(rig, load.seconds(60.0)).await?,
            Self::AllDown => return all_down(rig, load.seconds(600.0)).await,
            Self::Restart => return restart(rig).await,
            Self::Mixed => return mixed(rig, load).await,
        }
        Ok(String::new())
    }
}

impl Load {
    fn seconds(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds * self.scale)
    }
}

pub(crate) async fn kill_and_start(rig: &mut Rig, node: usize, down: Duration) -> Result<()> {
    rig.cluster.node(node).kill()?;
    tokio::time::sleep(down).await;
    rig.cluster.node(node).start_again().await?;
    tokio::time::sleep(down).await;
    Ok(())
}

pub(crate) async fn hang(rig: &mut Rig, node: usize, time: Duration) -> Result<()> {
    rig.cluster.node(node).pause()?;
    tokio::time::sleep(time).await;
    rig.cluster.node(node).resume()
}

pub(crate) async fn two_down(rig: &mut Rig, time: Duration) -> Result<()> {
    rig.cluster.node(1).kill()?;
    rig.cluster.node(2).kill()?;
    tokio::time::sleep(time).await;
    // Neither answers before the other is there: a majority of the controllers is needed.
    rig.cluster.start_again(&[1, 2]).await
}

pub(crate) async fn all_killed(rig: &mut Rig, time: Duration) -> Result<()> {
    rig.cluster.kill_all()?;
    tokio::time::sleep(time).await;
    rig.cluster.start_again(&[0, 1, 2]).await
}

async fn all_down(rig: &mut Rig, time: Duration) -> Result<String> {
    rig.cluster.kill_all()?;
    rig.until("weir_ingest_breaker_open", |open| open > 0.0).await?;
    let (opened, first) = (Instant::now(), rig.memory()?);
    tokio::time::sleep(time).await;
    let (lap, last) = (rig.lap(opened), rig.memory()?);
    rig.cluster.start_again(&[0, 1, 2]).await?;
    Ok(format!(
        "after the breaker opened: p50 {:.1?}, p99 {:.1?}, max {:.1?}; memory from {first} to {last} MiB",
        lap.p50, lap.p99, lap.max
    ))
}

async fn restart(rig: &mut Rig) -> Result<String> {
    rig.cluster.kill_all()?;
    let full = rig.oracle.load(&rig.sender, 3_000);
    rig.until("weir_spool_deliveries", |waiting| waiting >= 120_000.0).await?;
    full.stop().await?;
    let waiting = rig.metric("weir_spool_deliveries").await?;
    let ready = rig.kill_and_restart().await?;
    rig.cluster.start_again(&[0, 1, 2]).await?;
    Ok(format!("ready {ready:.2?} after the kill, with {waiting} deliveries in the spool and no broker"))
}

async fn mixed(rig: &mut Rig, load: &Load) -> Result<String> {
    let (mut chance, mut faults) = (Chance(load.seed), Vec::new());
    for minute in 0..20 {
        let begin = Instant::now();
        let (fault, node) = (chance.below(5), minute);
        let name = match fault {
            0 => {
                kill_and_start(rig, node, load.seconds(10.0)).await?;
                "broker killed"
            }
            1 => {
                hang(rig, node, load.seconds(20.0)).await?;
                "broker hung"
            }
            2 => {
                two_down(rig, load.seconds(15.0)).await?;
                "two brokers down"
            }
            3 => {
                rig.kill_and_restart().await?;
                "ingest killed"
            }
            _ => {
                all_killed(rig, load.seconds(15.0)).await?;
                "all brokers down"
            }
        };
        faults.push(name);
        tokio::time::sleep(load.seconds(60.0).saturating_sub(begin.elapsed())).await;
    }
    let count = |name| faults.iter().filter(|fault| **fault == name).count();
    let names = ["broker killed", "broker hung", "two brokers down", "ingest killed", "all brokers down"];
    Ok(names.map(|name| format!("{name} × {}", count(name))).join(", "))
}

impl Row {
    /// Nothing lost, invented or altered.
    pub(crate) fn is_clean(&self) -> Result<()> {
        let Verdict { lost, invented, altered, .. } = self.verdict;
        ensure!(lost + invented + altered == 0, "{:?}", self.verdict);
        Ok(())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { during, draining, verdict, drained, memory, note, .. } = self;
        write!(
            formatter,
            "during: {during}\n  draining: {draining}\n  {verdict:?}\n  drained in {drained:.1?}, memory {memory:?} MiB; {note}"
        )
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.to_possible_value().map(|value| value.get_name().to_owned());
        formatter.write_str(&name.unwrap_or_default())
    }
}
