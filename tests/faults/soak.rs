//! The soak: every process, every shipped alert, and a fault a minute by chance, for as long as one likes.

mod alerts;
mod commands;
mod draw;
mod fault;
mod outcome;
mod report;
mod spool;
mod watch;

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use commands::{CarriedOut, Commands};
use fault::Fault;
use outcome::Outcome;
use tempfile::TempDir;
use weir_graph_simulator::Simulator;
use weir_tests::history;
use weir_tests::mounted::Mounted;
use weir_tests::oracle::{Lap, Verdict};
use weir_tests::ports;
use weir_tests::process::Binary;
use weir_tests::prometheus::{Patience, Prometheus};

pub(crate) use report::{HEADING, write};
use watch::{Flat, Watch};

use crate::rig::{PATIENCE, Rig};
use crate::scenario::Load;

const CONSUMERS: [&str; 4] = ["weir-messages", "weir-lookups", "weir-metrics", "weir-replies"];
/// Of every topic at first, as the rig makes them.
const PARTITIONS: i32 = 3;
/// What weir-messages remembers of a partition: every one comes to that in some minutes, and to no more memory.
const REMEMBERED: &str = "10000";
/// Why ingest replaces a Kafka client.
const REASONS: [&str; 4] = ["fatal", "stalled", "partition", "disconnected"];
const MINUTE: Duration = Duration::from_mins(1);
/// Before the first fault and after the last one.
const CALM: Duration = Duration::from_mins(1);

/// The consumers and what they ask.
pub(crate) struct Everyone {
    pub(crate) graph: Simulator,
    tokens: Mounted,
    brokers: String,
    consumers: Vec<Consumer>,
    /// Of the topics that get more of them.
    pub(crate) partitions: i32,
}

struct Consumer {
    name: &'static str,
    admin: String,
    process: Binary,
}

/// What was seen.
pub(crate) struct Seen {
    pub(crate) minutes: u32,
    pub(crate) faults: Vec<Fault>,
    pub(crate) lap: Lap,
    pub(crate) verdict: Verdict,
    pub(crate) commands: CarriedOut,
    pub(crate) outcome: Outcome,
    /// How many clients ingest has replaced, by the fault that came last and by reason.
    pub(crate) replaced: BTreeMap<(Fault, &'static str), f64>,
    /// Each alert that fired, and whether a fault explains it.
    pub(crate) alerts: Vec<(String, bool)>,
    /// Each process's memory and descriptors.
    pub(crate) flat: Vec<Flat>,
    /// Whether ingest had the limit of memory of `k8s/base`.
    pub(crate) is_limited: bool,
}

impl Everyone {
    async fn start(brokers: String) -> Result<Self> {
        let graph = Simulator::start().await.context("starting the Graph API's simulator")?;
        let tokens = Mounted::new(&[("default", b"a-valid-access-token")])?;
        let mut everyone = Self { graph, tokens, brokers, consumers: Vec::new(), partitions: PARTITIONS };
        for (name, port) in CONSUMERS.into_iter().zip(ports::free::<{ CONSUMERS.len() }>()?) {
            let admin = format!("127.0.0.1:{port}");
            let process = everyone.consumer(name, &admin).await?;
            everyone.consumers.push(Consumer { name, admin, process });
        }
        Ok(everyone)
    }

    async fn consumer(&self, name: &str, admin: &str) -> Result<Binary> {
        let url = self.graph.url();
        let tokens = self.tokens.path().to_str().context("a path that is no text")?;
        let mut args = vec!["--brokers", &self.brokers, "--admin-listen", admin];
        if ["weir-lookups", "weir-replies"].contains(&name) {
            args.extend(["--graph-url", &url, "--access-tokens", tokens]);
        }
        if name == "weir-messages" {
            args.extend(["--dedupe-events", REMEMBERED]);
        }
        let mut process = Binary::start(name, &args, &[])?;
        process.ready(&format!("http://{admin}/readyz"), PATIENCE).await?;
        Ok(process)
    }

    async fn kill_and_restart(&mut self, turn: usize) -> Result<()> {
        let turn = turn % self.consumers.len();
        self.consumers[turn].process.kill()?;
        let (name, admin) = (self.consumers[turn].name, self.consumers[turn].admin.clone());
        self.consumers[turn].process = self.consumer(name, &admin).await?;
        Ok(())
    }

    fn pids(&self, rig: &Rig) -> Vec<(&'static str, u32)> {
        let consumers = self.consumers.iter().map(|consumer| (consumer.name, consumer.process.pid()));
        [("weir-ingest", rig.pid())].into_iter().chain(consumers).collect()
    }
}

/// Runs it for so many minutes.
pub(crate) async fn run(minutes: u32, load: &Load) -> Result<Seen> {
    ensure!(
        usize::try_from(minutes)? >= Fault::ALL.len(),
        "{} minutes at least, one a fault",
        Fault::ALL.len()
    );
    let mut rig = Rig::start(&load.linger).await?;
    // Else what fills it would fill this machine.
    ensure!(
        std::fs::metadata(rig.inside())?.dev() != std::fs::metadata(std::env::temp_dir())?.dev(),
        "the spool has no volume of its own here, which needs root"
    );
    let mut everyone = Everyone::start(rig.cluster.bootstrap()).await?;
    let prometheus = prometheus(&rig, &everyone, load.rate).await?;
    let mut watch = Watch::of(prometheus);
    let deliveries = rig.oracle.load(&rig.sender, load.rate);
    let commands = Commands::begin(rig.cluster.bootstrap());
    let (begin, faults) = (Instant::now(), draw::faults(usize::try_from(minutes)?, load.seed));
    let mut replaced = BTreeMap::new();
    watch.until(Instant::now() + CALM, &everyone.pids(&rig)).await?;
    for (turn, fault) in faults.iter().copied().enumerate() {
        let (next, before) = (Instant::now() + MINUTE, replaced_so_far(&rig).await?);
        if turn == faults.len() / 2 {
            watch.half();
        }
        crate::say(&format!("minute {}: {}", turn + 1, fault.about()));
        watch.begins(fault);
        let inflicted = watch.during(fault.inflict(&mut rig, &mut everyone, turn)).await;
        inflicted.with_context(|| fault.about())?;
        watch.ends();
        watch.until(next, &everyone.pids(&rig)).await?;
        for (reason, (before, now)) in REASONS.iter().zip(before.iter().zip(replaced_so_far(&rig).await?)) {
            *replaced.entry((fault, *reason)).or_default() += (now - before).max(0.0);
        }
    }
    rig.until_drained().await?;
    watch.until(Instant::now() + CALM, &everyone.pids(&rig)).await?;
    let (lap, due) = (rig.lap(begin), begin.elapsed().as_secs() * u64::from(load.rate));
    deliveries.stop().await?;
    let commands = commands.end(&everyone.graph).await?;
    let verdict = rig.verdict().await?;
    let outcome = Outcome::of(&rig, &everyone, due, watch.down().await?).await?;
    let ((alerts, flat), is_limited) = (watch.end(), rig.is_limited());
    Ok(Seen { minutes, faults, lap, verdict, commands, outcome, replaced, alerts, flat, is_limited })
}

/// By reason.
async fn replaced_so_far(rig: &Rig) -> Result<Vec<f64>> {
    let mut counts = Vec::new();
    for reason in REASONS {
        counts.push(rig.metric(&format!("weir_producer_rebuilt_total{{reason=\"{reason}\"}}")).await?);
    }
    Ok(counts)
}

async fn prometheus(rig: &Rig, everyone: &Everyone, rate: u32) -> Result<Prometheus> {
    let dir: TempDir = tempfile::tempdir().context("making a directory")?;
    history::write(dir.path(), f64::from(rate))?;
    let consumers = everyone.consumers.iter().map(|consumer| (consumer.name, consumer.admin.as_str()));
    let jobs: Vec<_> = [("weir-ingest", rig.admin())].into_iter().chain(consumers).collect();
    Prometheus::start_in(dir, &jobs, Patience::AsStated).await
}

impl Seen {
    /// Nothing lost, invented or altered, every command with its result and sent once at most, every consumer at its end, nothing
    /// grown, no alert that nothing explains, no client replaced that brokers below `min.insync.replicas` made wait.
    pub(crate) fn is_clean(&self) -> Result<()> {
        let Verdict { lost, invented, altered, .. } = self.verdict;
        ensure!(lost + invented + altered == 0, "{:?}", self.verdict);
        self.commands.is_clean()?;
        self.outcome.is_clean(&self.verdict)?;
        let needless = self.replaced.get(&(Fault::TwoDown, "stalled"));
        ensure!(needless.is_none_or(|count| *count < 1.0), "{:?}", self.replaced);
        let wrong: Vec<_> = self.alerts.iter().filter(|(_, is_right)| !is_right).collect();
        ensure!(wrong.is_empty(), "alerts that nothing explains: {wrong:?}");
        let grown: Vec<_> = self.flat.iter().filter(|process| !process.is_flat()).collect();
        ensure!(grown.is_empty(), "grown: {grown:?}");
        Ok(())
    }
}
