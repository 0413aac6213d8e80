//! What can happen to a spool that holds deliveries, cell by cell: how full it is, and what goes wrong. Afterwards, and
//! without anybody's help, every delivery that was answered 200 is on the raw topic, or is counted as lost.
//!
//! Ingest runs as it is deployed, its spool on a file system of its own; system calls are made to fail by `strace`.

pub mod failing_calls;
mod fault;
pub mod harm;
pub mod volume;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use schemas::Topic;
use tempfile::TempDir;

use failing_calls::FailingCalls;
pub use fault::Fault;

use crate::oracle::{Oracle, Verdict};
use crate::pipeline::{APP_SECRET, Ground, PREFIX, Service};
use crate::signed::Sender;
use crate::until::until;
use crate::{machine, ports, topics};

/// Far longer than anything here should take.
const PATIENCE: Duration = Duration::from_mins(10);
/// Deliveries a second that fill the spool.
const FILL_RATE: u32 = 1_500;
/// Deliveries a second while something goes wrong.
const RATE: u32 = 100;
/// How long system calls fail.
const LENGTH: Duration = Duration::from_secs(5);
/// A raw record that is parked, and what its topic allows meanwhile: less than any codec makes of it, more than of all others together.
const PARKED: usize = 1_000_000;
const ALLOWED: &str = "200000";
/// What it allows else: more than there is.
const ALLOWED_AGAIN: &str = "16777216";

/// A broker, and what was sent so far.
#[derive(Debug)]
pub struct Matrix {
    ground: Ground,
    oracle: Arc<Oracle>,
    /// Of the cells before.
    lost: u64,
}

/// How full a spool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// So much of a hundred of what it may take.
    Percent(u32),
    /// So many deliveries.
    Deliveries(u32),
    /// 28 of 32 MiB, on a disk of 48: what lies there would not fit it twice.
    MostOfADisk,
}

/// What was seen in one cell.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What went wrong.
    pub fault: Fault,
    /// How full the spool was.
    pub fill: Fill,
    /// Deliveries that waited when it went wrong.
    pub waiting: f64,
    /// Deliveries that were answered 200, and are not on the raw topic.
    pub lost: u64,
    /// Those that ingest counts as lost.
    pub counted: f64,
    /// Everything so far, compared.
    pub verdict: Verdict,
    /// From the end of the fault to an empty spool.
    pub drained: Duration,
    /// Whether ingest had the limit of memory of `k8s/base`.
    pub is_limited: bool,
}

/// Ingest with a spool of its own.
struct Spooling {
    ingest: Service,
    /// What goes on failing.
    failing: Option<FailingCalls>,
    /// What processes before this one have counted as lost.
    counted: f64,
    sender: Sender,
    folder: TempDir,
    port: u16,
    max: &'static str,
}

impl Matrix {
    /// Starts a broker with all topics.
    ///
    /// # Errors
    ///
    /// When it cannot be had.
    pub async fn start() -> Result<Self> {
        // The judge comes last, and is not to be missed then.
        crate::foreign::python()?;
        Ok(Self { ground: Ground::prepare().await?, oracle: Oracle::new(), lost: 0 })
    }

    /// Fills a spool, lets it go wrong, and compares what is on the topics with what was answered.
    ///
    /// # Errors
    ///
    /// When something does not come to its end: ingest does not start, or its spool does not become empty.
    pub async fn cell(&mut self, fault: Fault, fill: Fill) -> Result<Cell> {
        let mut spooling = self.spooling(fill.max()).await?;
        let is_limited = machine::limits_memory_of(spooling.ingest.process.pid());
        if fault == Fault::PageOverwrittenBesideParked {
            self.park(&spooling).await?;
        }
        self.ground.kafka.pause()?;
        let waiting = self.fill(&spooling, fill).await?;
        fault.inflict(self, &mut spooling).await.with_context(|| format!("{fault}"))?;
        self.ground.kafka.resume()?;
        let over = Instant::now();
        self.drained(&spooling).await.with_context(|| format!("{fault}, {fill:?}"))?;
        let drained = over.elapsed();
        if let Some(failing) = spooling.failing.take() {
            failing.end(PATIENCE).await.with_context(|| format!("{fault}"))?;
        }
        let counted = spooling.counted + spooling.ingest.metric("weir_spool_lost_total", "").await?;
        spooling.ingest.process.terminate(PATIENCE).await?;
        let verdict = self.verdict(counted)?;
        let lost = verdict.lost.saturating_sub(self.lost);
        self.lost = verdict.lost;
        Ok(Cell { fault, fill, waiting, lost, counted, verdict, drained, is_limited })
    }

    async fn spooling(&self, max: &'static str) -> Result<Spooling> {
        let [port] = ports::free()?;
        let folder = tempfile::tempdir().context("making a directory")?;
        let ingest = self.ingest(folder.path(), port, max).await?;
        let sender = Sender::new(&format!("http://127.0.0.1:{port}/webhook"), APP_SECRET.as_bytes())?;
        Ok(Spooling { ingest, failing: None, counted: 0.0, sender, folder, port, max })
    }

    async fn ingest(&self, folder: &std::path::Path, port: u16, max: &str) -> Result<Service> {
        let (listen, folder) = (format!("127.0.0.1:{port}"), folder.display().to_string());
        let of_spool = ["--spool-dir", &folder, "--spool-max-bytes", max];
        // The largest bodies have to fit the spool.
        let args =
            [&["--listen", &listen, "--drain-delay", "0ms", "--max-body", "1MiB"][..], &of_spool].concat();
        let mut service = self.ground.start("weir-ingest", &args, &[("WEIR_APP_SECRET", APP_SECRET)])?;
        service.ready().await?;
        Ok(service)
    }

    async fn start_again(&self, spooling: &mut Spooling) -> Result<()> {
        spooling.ingest = self.ingest(spooling.folder.path(), spooling.port, spooling.max).await?;
        Ok(())
    }

    /// One delivery that Kafka refuses for good, as its topic allows no record of its size.
    async fn park(&self, spooling: &Spooling) -> Result<()> {
        self.allow(ALLOWED).await?;
        let status = self.oracle.post_large(&spooling.sender, PARKED).await;
        ensure!(status == Some(200), "it was answered {status:?}");
        spooling.ingest.until_metric("weir_spool_set_aside", "", PATIENCE, |parked| parked > 0.0).await
    }

    async fn allow_large(&self) -> Result<()> {
        self.allow(ALLOWED_AGAIN).await
    }

    async fn allow(&self, bytes: &str) -> Result<()> {
        let raw = Topic::Raw.name(PREFIX);
        topics::set(self.ground.kafka.bootstrap(), &raw, "max.message.bytes", bytes).await
    }

    async fn fill(&self, spooling: &Spooling, fill: Fill) -> Result<f64> {
        let load = self.oracle.load(&spooling.sender, fill.rate());
        let (metric, least) = fill.least();
        spooling.ingest.until_metric(metric, "", PATIENCE, |value| value >= least).await?;
        load.stop().await?;
        spooling.ingest.metric("weir_spool_deliveries", "").await
    }

    /// Deliveries for a while, whatever they are answered.
    async fn deliver(&self, spooling: &Spooling) -> Result<()> {
        let load = self.oracle.load(&spooling.sender, RATE);
        tokio::time::sleep(LENGTH).await;
        load.stop().await
    }

    /// Waits until nothing is in the spool, nothing is parked, and a fresh delivery goes the short way.
    async fn drained(&self, spooling: &Spooling) -> Result<()> {
        let metric = async |name| spooling.ingest.metric(name, "").await.ok();
        let is_empty = async || {
            let empty = metric("weir_spool_healthy").await == Some(1.0)
                && metric("weir_spool_retired_files").await == Some(0.0)
                && metric("weir_spool_deliveries").await == Some(0.0)
                && metric("weir_spool_set_aside").await == Some(0.0);
            Ok(empty.then_some(()))
        };
        until("the spool is empty", PATIENCE, is_empty).await?;
        spooling.ingest.until_direct(&self.oracle, &spooling.sender, PATIENCE).await?;
        until("the spool is empty", PATIENCE, is_empty).await
    }

    fn verdict(&self, counted: f64) -> Result<Verdict> {
        let (raw, typed) = (Topic::Raw.name(PREFIX), Topic::Messages.name(PREFIX));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of deliveries")]
        let lost = self.lost + counted as u64;
        self.oracle.judge_beside(lost, self.ground.kafka.bootstrap(), &raw, &typed)
    }
}

impl Fill {
    /// `--spool-max-bytes`.
    const fn max(self) -> &'static str {
        match self {
            Self::Percent(_) => "4MiB",
            Self::Deliveries(_) => "1GiB",
            // Of which the volume follows, in the proportion of `k8s/base` and with what its file system takes: 48 MiB.
            Self::MostOfADisk => "32MiB",
        }
    }

    const fn rate(self) -> u32 {
        match self {
            Self::Percent(..10) => RATE,
            _ => FILL_RATE,
        }
    }

    fn least(self) -> (&'static str, f64) {
        match self {
            Self::Percent(percent) => ("weir_spool_bytes", f64::from(percent) / 100.0 * f64::from(4 << 20)),
            Self::Deliveries(count) => ("weir_spool_deliveries", f64::from(count)),
            Self::MostOfADisk => ("weir_spool_bytes", f64::from(28 << 20)),
        }
    }
}

impl Cell {
    /// What is lost is counted, and is no more than the fault costs; nothing is invented or altered.
    ///
    /// # Errors
    ///
    /// When it is not so; the message has all numbers.
    pub fn is_clean(&self) -> Result<()> {
        let Verdict { invented, altered, .. } = self.verdict;
        let most = self.fault.costs_at_most(self.waiting);
        #[expect(clippy::cast_precision_loss, reason = "a count of deliveries")]
        let is_clean = invented + altered == 0
            && self.lost as f64 <= most
            && (self.lost as f64..=most).contains(&self.counted);
        ensure!(is_clean, "{self:?}");
        Ok(())
    }
}
