//! Three brokers with all topics, ingest with a spool, and load on it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use schemas::Topic;
use tempfile::TempDir;
use weir_tests::kafka::Cluster;
use weir_tests::oracle::{Lap, Oracle, Verdict};
use weir_tests::ports;
use weir_tests::process::Binary;
use weir_tests::signed::Sender;
use weir_tests::spool_matrix::volume::{self, Volume};
use weir_tests::until::until;
use weir_tests::vitals::Vitals;
use weir_tests::{foreign, http, machine, topics};

const SECRET: &str = "test_app_secret";
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);
/// Of each topic: what brokers cost grows with it, and here they share the cores of everything else.
const PARTITIONS: &str = "3";
/// The drain of ten minutes of load, many times over.
const DRAINED_WITHIN: Duration = Duration::from_mins(30);
const DRAINED: &str = "weir_spool_drained_total";

pub(crate) struct Rig {
    pub(crate) cluster: Cluster,
    pub(crate) oracle: Arc<Oracle>,
    pub(crate) sender: Sender,
    ingest: Binary,
    admin: String,
    spool: TempDir,
    listen: String,
    linger: String,
}

/// Of the spool, whose volume is in the proportion of the base.
const SPOOL: &str = "1GiB";

impl Rig {
    pub(crate) async fn start(linger: &str) -> Result<Self> {
        // The judge comes last, and is not to be missed then.
        foreign::python()?;
        let cluster = Cluster::start().await?;
        topics::apply(&cluster.bootstrap(), "meta", &["--partitions", PARTITIONS]).await?;
        let [listen, admin] = ports::free()?.map(|port| format!("127.0.0.1:{port}"));
        let spool = tempfile::Builder::new().prefix("weir-spool-").tempdir().context("a directory")?;
        let ingest = ingest(&cluster.bootstrap(), [&listen, &admin], spool.path(), linger).await?;
        let sender = Sender::new(&format!("http://{listen}/webhook"), SECRET.as_bytes())?;
        let linger = linger.to_owned();
        Ok(Self { cluster, oracle: Oracle::new(), sender, ingest, admin, spool, listen, linger })
    }

    /// Kills ingest and starts it again; how long until it was ready.
    pub(crate) async fn kill_and_restart(&mut self) -> Result<Duration> {
        self.ingest.kill()?;
        let start = Instant::now();
        self.start_again().await?;
        Ok(start.elapsed())
    }

    /// Starts all brokers again; ingest is killed while its spool drains, which is before all of them answer.
    pub(crate) async fn start_brokers_and_kill_while_draining(&mut self) -> Result<()> {
        let Self { cluster, ingest, admin, .. } = self;
        let kill = async {
            until_draining(admin).await?;
            ingest.kill()
        };
        tokio::try_join!(cluster.start_again(&[0, 1, 2]), kill)?;
        self.start_again().await
    }

    /// Ends ingest in order, changes the volume of its spool, and starts it again.
    pub(crate) async fn restart(&mut self, change: impl FnOnce(&Volume) -> Result<()>) -> Result<()> {
        self.ingest.terminate(PATIENCE).await?;
        change(&Volume::of(self.spool.path())?)?;
        self.start_again().await
    }

    async fn start_again(&mut self) -> Result<()> {
        let at = [self.listen.as_str(), &self.admin];
        self.ingest = ingest(&self.cluster.bootstrap(), at, self.spool.path(), &self.linger).await?;
        Ok(())
    }

    pub(crate) async fn metric(&self, name: &str) -> Result<f64> {
        metric(&self.admin, name).await
    }

    /// Waits until the metric is as it should be; how long that took.
    pub(crate) async fn until(&self, name: &str, fits: impl Fn(f64) -> bool) -> Result<Duration> {
        let start = Instant::now();
        until(name, DRAINED_WITHIN, async || {
            Ok(self.metric(name).await.ok().filter(|value| fits(*value)).map(drop))
        })
        .await?;
        Ok(start.elapsed())
    }

    pub(crate) async fn until_drained(&self) -> Result<Duration> {
        self.until("weir_spool_deliveries", |waiting| waiting < 1.0).await
    }

    /// Resident memory of ingest, in MiB.
    pub(crate) fn memory(&self) -> Result<u64> {
        Ok(Vitals::of(self.ingest.pid())?.memory)
    }

    /// The process of ingest.
    pub(crate) fn pid(&self) -> u32 {
        self.ingest.pid()
    }

    /// Where its metrics are, `127.0.0.1:…`.
    pub(crate) fn admin(&self) -> &str {
        &self.admin
    }

    /// Whether ingest has the limit of memory of `k8s/base`.
    pub(crate) fn is_limited(&self) -> bool {
        machine::limits_memory_of(self.pid())
    }

    /// The folder of the spool, which holds its volume.
    pub(crate) fn spool(&self) -> &Path {
        self.spool.path()
    }

    /// The same, as the process sees it.
    pub(crate) fn inside(&self) -> PathBuf {
        volume::inside(self.spool(), self.pid())
    }

    /// What was answered since then.
    pub(crate) fn lap(&self, from: Instant) -> Lap {
        self.oracle.lap(from)
    }

    /// A fresh delivery goes the short way, and then everything is compared.
    pub(crate) async fn verdict(&self) -> Result<Verdict> {
        self.until_drained().await?;
        until("a fresh delivery", PATIENCE, async || {
            Ok((self.oracle.post(&self.sender).await == Some(200)).then_some(()))
        })
        .await?;
        self.until_drained().await?;
        let (raw, typed) = (Topic::Raw.name("meta"), Topic::Messages.name("meta"));
        self.oracle.judge(&self.cluster.bootstrap(), &raw, &typed)
    }
}

/// Waits until the spool of the ingest with these metrics has begun to drain, and has more to drain.
pub(crate) async fn until_draining(admin: &str) -> Result<()> {
    let before = metric(admin, DRAINED).await?;
    until("a spool that drains, and has more to drain", DRAINED_WITHIN, async || {
        let drained = metric(admin, DRAINED).await.is_ok_and(|drained| drained > before);
        let waits = metric(admin, "weir_spool_deliveries").await.is_ok_and(|waiting| waiting > 0.0);
        Ok((drained && waits).then_some(()))
    })
    .await
}

async fn metric(admin: &str, name: &str) -> Result<f64> {
    let (_, text) = http::get(&format!("http://{admin}/metrics")).await?;
    let samples = text.lines().filter_map(|line| line.strip_prefix(name)?.rsplit_once(' '));
    let of_metric = samples.filter(|(labels, _)| labels.is_empty() || labels.starts_with('{'));
    Ok(of_metric.filter_map(|(_, value)| value.parse::<f64>().ok()).sum())
}

async fn ingest(brokers: &str, [listen, admin]: [&str; 2], spool: &Path, linger: &str) -> Result<Binary> {
    let spool = spool.to_str().context("a path that is no text")?;
    let own = ["--listen", listen, "--admin-listen", admin, "--spool-dir", spool, "--spool-max-bytes", SPOOL];
    let args = [&["--brokers", brokers, "--linger", linger], &own[..]].concat();
    let mut ingest = Binary::start("weir-ingest", &args, &[("WEIR_APP_SECRET", SECRET)])?;
    ingest.ready(&format!("http://{admin}/readyz"), PATIENCE).await?;
    Ok(ingest)
}
