//! Ingest with a spool over a real broker, and load on it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use schemas::Topic;
use tempfile::TempDir;
use weir_tests::oracle::{Oracle, Verdict};
use weir_tests::pipeline::{APP_SECRET, Ground, PREFIX, Service};
use weir_tests::ports;
use weir_tests::shipped::Container;
use weir_tests::signed::Sender;
use weir_tests::until::until;

/// Far longer than anything here should take.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);
/// No answer comes later than this: what a setting allows, and as much again and more for a machine that does other things; and less
/// than the least timeout of the producer, which is 10 s.
pub(crate) const ANSWERED_WITHIN: Duration = Duration::from_secs(8);
/// Where the disk is well, and other tests keep it busy.
pub(crate) const PATIENT_DISK: [&str; 2] = ["--spool-timeout", "4s"];
/// A load that begins opens more connections than it needs, and may come to one of them late.
const PATIENT_PORT: [&str; 2] = ["--first-byte-timeout", "1m"];

pub(crate) struct Rig {
    pub(crate) ground: Ground,
    pub(crate) ingest: Service,
    pub(crate) oracle: Arc<Oracle>,
    pub(crate) sender: Sender,
    spool: TempDir,
    port: u16,
    container: Container,
    args: Vec<&'static str>,
}

impl Rig {
    /// Everything up and ready; `args` are ingest's beside where its spool is.
    pub(crate) async fn start(args: &[&'static str]) -> Result<Self> {
        Self::start_in(Container::of("weir-ingest"), args).await
    }

    /// As [`Self::start`], with ingest in a container of the test's choice.
    pub(crate) async fn start_in(container: Container, args: &[&'static str]) -> Result<Self> {
        let ground = Ground::prepare().await?;
        let [port] = ports::free()?;
        let spool = tempfile::tempdir()?;
        let ingest = ingest(&ground, &container, port, &spool, args).await?;
        let sender = Sender::new(&format!("http://127.0.0.1:{port}/webhook"), APP_SECRET.as_bytes())?;
        Ok(Self {
            ground,
            ingest,
            oracle: Oracle::new(),
            sender,
            spool,
            port,
            container,
            args: args.to_vec(),
        })
    }

    /// Starts ingest again, on the same port with the same spool.
    pub(crate) async fn restart(&mut self) -> Result<()> {
        self.ingest = ingest(&self.ground, &self.container, self.port, &self.spool, &self.args).await?;
        Ok(())
    }

    /// Puts another ingest in the place of this one: the same settings in another container.
    pub(crate) async fn replace(&mut self, container: Container) -> Result<()> {
        self.ingest.process.terminate(PATIENCE).await?;
        self.container = container;
        self.restart().await
    }

    /// Puts an ingest without a spool in the place of this one.
    pub(crate) async fn without_spool(&mut self) -> Result<()> {
        self.ingest.process.terminate(PATIENCE).await?;
        let listen = format!("127.0.0.1:{}", self.port);
        let secret = [("WEIR_APP_SECRET", APP_SECRET)];
        let args = [&["--listen", listen.as_str()][..], &PATIENT_PORT].concat();
        self.ingest = self.ground.start("weir-ingest", &args, &secret)?;
        self.ingest.ready().await
    }

    /// Waits for so many 200s beyond those that there are.
    pub(crate) async fn more_200s(&self, count: usize) -> Result<()> {
        let wanted = self.oracle.acknowledged() + count;
        until("more 200s", PATIENCE, async || Ok((self.oracle.acknowledged() >= wanted).then_some(()))).await
    }

    /// Waits for so many answers, whichever they are, to what was posted since then.
    pub(crate) async fn answers(&self, since: Instant, count: usize) -> Result<()> {
        until("answers", PATIENCE, async || {
            let answered: usize = self.oracle.lap(since).answers.values().sum();
            Ok((answered >= count).then_some(()))
        })
        .await
    }

    /// Waits until a metric of ingest is as it should be.
    pub(crate) async fn metric(&self, name: &str, label: &str, fits: impl Fn(f64) -> bool) -> Result<()> {
        self.ingest.until_metric(name, label, PATIENCE, fits).await
    }

    /// After the faults: the spool is empty, a fresh delivery goes the short way, and the judge has read everything.
    pub(crate) async fn verdict(&self) -> Result<Verdict> {
        self.metric("weir_spool_deliveries", "", |waiting| waiting == 0.0).await?;
        self.ingest.until_direct(&self.oracle, &self.sender, PATIENCE).await?;
        self.metric("weir_spool_deliveries", "", |waiting| waiting == 0.0).await?;
        let set_aside = self.ingest.metric("weir_spool_set_aside", "").await.unwrap_or_default();
        ensure!(set_aside == 0.0, "{set_aside} deliveries were parked: `weir spool list` says why");
        let (raw, typed) = (Topic::Raw.name(PREFIX), Topic::Messages.name(PREFIX));
        self.oracle.judge(self.ground.kafka.bootstrap(), &raw, &typed)
    }
}

async fn ingest(
    ground: &Ground,
    container: &Container,
    port: u16,
    spool: &TempDir,
    args: &[&str],
) -> Result<Service> {
    let (listen, spool) = (format!("127.0.0.1:{port}"), spool.path().display().to_string());
    let own = ["--listen", &listen, "--spool-dir", &spool, "--drain-delay", "0ms"];
    let args = [&own[..], &PATIENT_PORT, args].concat();
    let mut service = ground.start_in(container, &args, &[("WEIR_APP_SECRET", APP_SECRET)])?;
    service.ready().await?;
    Ok(service)
}

#[expect(clippy::print_stdout, reason = "a measurement, for whoever runs the test with --nocapture")]
pub(crate) fn say(what: &str) {
    println!("{what}");
}
