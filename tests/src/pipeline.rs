//! The whole pipeline as it is deployed: a broker, the topics, a Graph API, and the real binaries between them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use schemas::Topic;
use tempfile::TempDir;
use weir_graph_simulator::Simulator;

use crate::kafka::Kafka;
use crate::mounted::Mounted;
use crate::oracle::Oracle;
use crate::process::Binary;
use crate::reader::{self, Record};
use crate::shipped::Container;
use crate::signed::Sender;
use crate::until::until;
use crate::writer::{self, Outgoing};
use crate::{http, ports, topics};

/// The app secret that ingest is given.
pub const APP_SECRET: &str = "test_app_secret";
/// The prefix of the topics: not the default, so that a forgotten one is noticed.
pub const PREFIX: &str = "acme.meta";
/// The consumers that need an address and access tokens.
const CALLS_GRAPH_API: [&str; 2] = ["weir-lookups", "weir-replies"];
/// Where nobody says what weir-media saves and where: it follows no link, and so writes nothing.
pub const SAVES_NOTHING: [&str; 4] = ["--media-store", "file:///", "--media-hosts", "media.invalid"];
/// The file of `--kafka-config`.
const PROPERTIES: &str = "client.properties";
/// Far longer than anything here should take.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// A broker with all topics, and what the binaries need beside it.
#[derive(Debug)]
pub struct Ground {
    /// The broker.
    pub kafka: Kafka,
    /// The Graph API that the lookups ask, and the replies act through.
    pub graph: Simulator,
    folder: TempDir,
    /// The spools of [`Self::spooling_ingest`].
    spools: TempDir,
    tokens: Mounted,
}

/// A binary of the pipeline with its ports.
#[derive(Debug)]
pub struct Service {
    /// The process.
    pub process: Binary,
    /// Where its metrics and probes are, `http://127.0.0.1:…`.
    pub admin: String,
}

impl Ground {
    /// Starts a broker, makes the topics with `weir topics apply`, waits until they are led, and starts a Graph API.
    ///
    /// # Errors
    ///
    /// When one of them cannot be had.
    pub async fn prepare() -> Result<Self> {
        let kafka = Kafka::start().await?;
        let graph = Simulator::start().await.context("starting the Graph API's simulator")?;
        let folder = tempfile::tempdir().context("making a directory for settings")?;
        let spools = tempfile::tempdir().context("making a directory for spools")?;
        let tokens = Mounted::new(&[("default", b"a-valid-access-token")])?;
        // A member that was killed is to be missed after the least that the broker allows, not after 45 s.
        fs::write(folder.path().join(PROPERTIES), "session.timeout.ms=6000\n")?;
        topics::apply(kafka.bootstrap(), PREFIX, &[]).await?;
        Ok(Self { kafka, graph, folder, spools, tokens })
    }

    /// Has what is started next read this line too, of librdkafka's properties.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn set_property(&self, line: &str) -> Result<()> {
        let lines = format!("session.timeout.ms=6000\n{line}\n");
        fs::write(self.folder.path().join(PROPERTIES), lines).context("writing properties")
    }

    /// Starts the tool with the broker and the prefix.
    ///
    /// # Errors
    ///
    /// When it is not built or cannot be started.
    pub fn tool(&self, args: &[&str]) -> Result<Binary> {
        let common = ["--brokers", self.kafka.bootstrap(), "--topic-prefix", PREFIX];
        Binary::start("weir", &[args, &common].concat(), &[])
    }

    /// Starts ingest, waits until it is ready, and returns it with a sender of signed deliveries.
    ///
    /// Unless `args` say otherwise it waits long for acknowledgements, since other tests keep the machine busy.
    ///
    /// # Errors
    ///
    /// When it does not become ready.
    pub async fn ingest(&self, args: &[&str]) -> Result<(Service, Sender)> {
        self.ingest_with(args, &[("WEIR_APP_SECRET", APP_SECRET)]).await
    }

    /// As [`Self::ingest`], with an environment of the test's own.
    ///
    /// # Errors
    ///
    /// When it does not become ready.
    pub async fn ingest_with(&self, args: &[&str], envs: &[(&str, &str)]) -> Result<(Service, Sender)> {
        let [port] = ports::free()?;
        let listen = format!("127.0.0.1:{port}");
        let patient: &[&str] = if args.contains(&"--ack-timeout") { &[] } else { &["--ack-timeout", "4s"] };
        let args = [&["--listen", &listen], patient, args].concat();
        let mut service = self.start("weir-ingest", &args, envs)?;
        service.ready().await?;
        let sender = Sender::new(&format!("http://{listen}/webhook"), APP_SECRET.as_bytes())?;
        Ok((service, sender))
    }

    /// As [`Self::ingest`], with a spool, for tests that count what was posted: however busy other tests keep the machine, a
    /// delivery is answered 200 when it is posted once, and is on the topics once. What Kafka acknowledges late is held on the disk
    /// meanwhile, and not sent again.
    ///
    /// # Errors
    ///
    /// When it does not become ready, or does not see Kafka.
    pub async fn spooling_ingest(&self, args: &[&str]) -> Result<(Service, Sender)> {
        self.spooling_ingest_with(args, &[("WEIR_APP_SECRET", APP_SECRET)]).await
    }

    /// As [`Self::spooling_ingest`], with an environment of the test's own.
    ///
    /// # Errors
    ///
    /// When it does not become ready, or does not see Kafka.
    pub async fn spooling_ingest_with(
        &self,
        args: &[&str],
        envs: &[(&str, &str)],
    ) -> Result<(Service, Sender)> {
        let spool =
            tempfile::tempdir_in(self.spools.path()).context("making a directory for a spool")?.keep();
        let of_spool = ["--spool-dir", path(&spool)?, "--spool-max-bytes", "8MiB", "--spool-timeout", "4s"];
        let (service, sender) = self.ingest_with(&[&of_spool[..], args].concat(), envs).await?;
        service.until_kafka_is_seen().await?;
        Ok((service, sender))
    }

    /// Starts a consumer and waits until it is ready.
    ///
    /// # Errors
    ///
    /// When it does not become ready.
    pub async fn consumer(&self, name: &str) -> Result<Service> {
        self.consumer_with(name, &[]).await
    }

    /// As [`Self::consumer`], with an environment of the test's own.
    ///
    /// # Errors
    ///
    /// When it does not become ready.
    pub async fn consumer_with(&self, name: &str, envs: &[(&str, &str)]) -> Result<Service> {
        let url = self.graph.url();
        let of_graph = ["--graph-url", &url, "--access-tokens", path(self.tokens.path())?];
        let is_told_where = envs.iter().any(|(name, _)| *name == "WEIR_MEDIA_STORE");
        let args: &[&str] = match name {
            _ if CALLS_GRAPH_API.contains(&name) => &of_graph,
            "weir-media" if !is_told_where => &SAVES_NOTHING,
            _ => &[],
        };
        let mut service = self.start(name, args, envs)?;
        service.ready().await?;
        Ok(service)
    }

    /// Starts a binary with the settings that every process has.
    ///
    /// # Errors
    ///
    /// When it is not built or cannot be started.
    pub fn start(&self, name: &str, args: &[&str], envs: &[(&str, &str)]) -> Result<Service> {
        self.start_in(&Container::of(name), args, envs)
    }

    /// As [`Self::start`], in a container of the test's choice.
    ///
    /// # Errors
    ///
    /// When it is not built or cannot be started.
    pub fn start_in(&self, container: &Container, args: &[&str], envs: &[(&str, &str)]) -> Result<Service> {
        let [port] = ports::free()?;
        let listen = format!("127.0.0.1:{port}");
        let properties = self.folder.path().join(PROPERTIES);
        let common = [
            "--brokers",
            self.kafka.bootstrap(),
            "--topic-prefix",
            PREFIX,
            "--admin-listen",
            &listen,
            "--kafka-config",
            path(&properties)?,
        ];
        let process = container.start(&[args, &common].concat(), envs)?;
        Ok(Service { process, admin: format!("http://{listen}") })
    }

    /// Writes a record of no key and no headers.
    ///
    /// # Errors
    ///
    /// When the broker does not acknowledge it.
    pub async fn write(&self, topic: Topic, value: &[u8]) -> Result<()> {
        let record = Outgoing { key: None, value: Some(value.to_vec()), headers: Vec::new() };
        writer::write(self.kafka.bootstrap(), &topic.name(PREFIX), vec![record]).await
    }

    /// Waits until the records of a topic satisfy a condition, and returns them.
    ///
    /// # Errors
    ///
    /// When they do not within [`PATIENCE`].
    pub async fn records(
        &self,
        topic: Topic,
        what: &str,
        fits: impl Fn(&[Record]) -> bool,
    ) -> Result<Vec<Record>> {
        reader::read_until(self.kafka.bootstrap(), &topic.name(PREFIX), what, PATIENCE, fits).await
    }
}

impl Service {
    /// Waits until its readiness probe passes.
    ///
    /// # Errors
    ///
    /// When it ends before, or does not within [`PATIENCE`].
    pub async fn ready(&mut self) -> Result<()> {
        self.process.ready(&format!("{}/readyz", self.admin), PATIENCE).await
    }

    /// The sum of a metric's samples whose labels hold `label`.
    ///
    /// # Errors
    ///
    /// When the metrics cannot be read.
    pub async fn metric(&self, name: &str, label: &str) -> Result<f64> {
        let (_, text) = http::get(&format!("{}/metrics", self.admin)).await?;
        let samples = text.lines().filter_map(|line| line.strip_prefix(name)?.rsplit_once(' '));
        let of_metric = samples.filter(|(labels, _)| labels.is_empty() || labels.starts_with('{'));
        of_metric.filter(|(labels, _)| labels.contains(label)).try_fold(0.0, |sum, (_, value)| {
            Ok(sum + value.parse::<f64>().with_context(|| format!("{name} is {value}"))?)
        })
    }

    /// Waits until a metric, read as by [`Self::metric`], is as it should be; what cannot be read now is read again.
    ///
    /// # Errors
    ///
    /// When it is not so `within` that time.
    pub async fn until_metric(
        &self,
        name: &str,
        label: &str,
        within: Duration,
        fits: impl Fn(f64) -> bool,
    ) -> Result<()> {
        until(name, within, async || {
            let value = self.metric(name, label).await.ok();
            Ok(value.filter(|value| fits(*value)).map(drop))
        })
        .await
    }

    /// Waits until this ingest sends what comes to Kafka: one with a spool is ready before that.
    ///
    /// # Errors
    ///
    /// When it does not within [`PATIENCE`].
    pub async fn until_kafka_is_seen(&self) -> Result<()> {
        let url = format!("{}/readyz?verbose", self.admin);
        until("ingest to see Kafka", PATIENCE, async || {
            let (_, checks) = http::get(&url).await?;
            Ok(checks.contains("[+]kafka ok").then_some(()))
        })
        .await
    }

    /// Waits until all that this ingest has answered 200 is on Kafka: none of it waits in the spool.
    ///
    /// # Errors
    ///
    /// When some still does after [`PATIENCE`].
    pub async fn until_spool_is_empty(&self) -> Result<()> {
        self.until_metric("weir_spool_deliveries", "", PATIENCE, |waiting| waiting < 0.5).await
    }

    /// Posts until Kafka itself has acknowledged a fresh delivery to this ingest, not by way of the spool.
    ///
    /// # Errors
    ///
    /// When that does not come `within` that time.
    pub async fn until_direct(&self, oracle: &Oracle, sender: &Sender, within: Duration) -> Result<()> {
        let by_broker = async || self.metric("weir_ingest_deliveries_total", "broker").await;
        let before = by_broker().await?;
        until("a fresh delivery on the short way", within, async || {
            oracle.post(sender).await;
            Ok((by_broker().await? > before).then_some(()))
        })
        .await
    }
}

fn path(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is no UTF-8", path.display()))
}
