//! One Apache Kafka broker with a controller of its own (`KRaft`, combined mode), on loopback and for one test.
//!
//! Brokers of several tests run beside each other. Each has a directory of its own, which goes with it.

mod classpath;
mod cluster;
mod properties;

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use tempfile::TempDir;
use tokio::net::TcpStream;

use self::classpath::Java;
pub use self::cluster::Cluster;
use crate::guarded::{self, Guarded, Signal};
use crate::log_tail::log_tail;
use crate::ports;
use crate::until::until;

const FORMAT_WITHIN: Duration = Duration::from_mins(3);
const START_WITHIN: Duration = Duration::from_mins(3);
const STOP_WITHIN: Duration = Duration::from_mins(3);
/// Lines of the log that a message shows.
const TAIL: usize = 40;
/// Any id serves: a cluster of one never meets another.
const CLUSTER: &str = "4L6g3nShT-eMCtK--X86sw";

/// A broker. Dropping it kills it and removes its directory.
#[derive(Debug)]
pub struct Kafka {
    bootstrap: String,
    java: Java,
    broker: Option<Guarded>,
    dir: TempDir,
}

impl Kafka {
    /// Starts a broker on free ports and waits until it answers.
    ///
    /// # Errors
    ///
    /// When Java or the jars are missing (the message names the command that gets them), or when it does not answer
    /// in time: the message shows the end of its log.
    pub async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// As [`Kafka::start`], with server properties of the caller's, which win over the usual ones.
    ///
    /// # Errors
    ///
    /// As [`Kafka::start`].
    pub async fn start_with(properties: &[(&str, &str)]) -> Result<Self> {
        Self::start_in(properties, &[]).await
    }

    /// As [`Kafka::start_with`], in a virtual machine with these options.
    ///
    /// # Errors
    ///
    /// As [`Kafka::start`].
    pub async fn start_in(properties: &[(&str, &str)], options: &[String]) -> Result<Self> {
        let mut kafka = Self::prepare(ports::free()?, properties)?;
        kafka.java.add(options);
        kafka.format(&["--standalone"]).await.with_context(|| kafka.log())?;
        kafka.start_again().await?;
        Ok(kafka)
    }

    /// A broker on these ports, which is not formatted and not started.
    fn prepare([broker, controller]: [u16; 2], properties: &[(&str, &str)]) -> Result<Self> {
        let java = Java::find()?;
        let dir = tempfile::Builder::new().prefix("weir-kafka-").tempdir().context("making a directory")?;
        let text = properties::server(broker, controller, dir.path(), properties);
        fs::write(dir.path().join("server.properties"), text).context("writing server.properties")?;
        Ok(Self { bootstrap: format!("127.0.0.1:{broker}"), java, broker: None, dir })
    }

    /// Has the broker, which is stopped, come back under the same id and with the same data on another port.
    ///
    /// # Errors
    ///
    /// When it is running, or its `server.properties` cannot be rewritten.
    pub fn move_to(&mut self, port: u16) -> Result<()> {
        ensure!(self.broker.is_none(), "the broker is running");
        let (file, moved) = (self.dir.path().join("server.properties"), format!("127.0.0.1:{port}"));
        let text = fs::read_to_string(&file).context("reading server.properties")?;
        fs::write(&file, text.replace(&self.bootstrap, &moved)).context("writing server.properties")?;
        self.bootstrap = moved;
        Ok(())
    }

    /// `127.0.0.1:port`, the same for the whole life of this value unless it is moved.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Where the segments of a partition are.
    pub fn segments(&self, topic: &str, partition: i32) -> PathBuf {
        self.dir.path().join("data").join(format!("{topic}-{partition}"))
    }

    /// The process id of the running broker.
    pub fn pid(&self) -> Option<u32> {
        self.broker.as_ref().map(Guarded::pid)
    }

    /// Ends the broker the orderly way; its data stay.
    ///
    /// # Errors
    ///
    /// When it is not running or does not end in time.
    pub async fn stop(&mut self) -> Result<()> {
        let mut broker = self.broker.take().context("the broker is not running")?;
        broker.signal(Signal::Terminate)?;
        broker.wait(STOP_WITHIN).await.with_context(|| self.log())?;
        Ok(())
    }

    /// Kills the broker; its data stay as they are at that moment.
    ///
    /// # Errors
    ///
    /// When it is not running.
    pub fn kill(&mut self) -> Result<()> {
        self.broker.take().context("the broker is not running")?.kill()
    }

    /// Has the broker, which is stopped, come back with nothing: no topics, no records, no groups.
    ///
    /// # Errors
    ///
    /// When it is running, or its directory cannot be formatted.
    pub async fn empty(&mut self) -> Result<()> {
        ensure!(self.broker.is_none(), "the broker is running");
        fs::remove_dir_all(self.dir.path().join("data")).context("removing the data")?;
        self.format(&["--standalone"]).await
    }

    /// Starts the broker again after [`Kafka::stop`] or [`Kafka::kill`], on the same port with the same data,
    /// and waits until it answers.
    ///
    /// # Errors
    ///
    /// When it is running already, or does not answer in time.
    pub async fn start_again(&mut self) -> Result<()> {
        self.launch()?;
        self.answers().await
    }

    fn launch(&mut self) -> Result<()> {
        ensure!(self.broker.is_none(), "the broker is running already");
        let command = self.java("kafka.Kafka", ["server.properties"])?;
        self.broker = Some(Guarded::spawn("the Kafka broker", command)?);
        Ok(())
    }

    /// Waits for the first answer; one that does not come leaves no broker.
    async fn answers(&mut self) -> Result<()> {
        let mut broker = self.broker.take().context("the broker is not running")?;
        answers(&self.bootstrap, &mut broker).await.with_context(|| self.log())?;
        self.broker = Some(broker);
        Ok(())
    }

    /// Lets the broker hang (SIGSTOP): it keeps its connections and answers nothing.
    ///
    /// # Errors
    ///
    /// When it is not running.
    pub fn pause(&mut self) -> Result<()> {
        self.broker.as_mut().context("the broker is not running")?.signal(Signal::Stop)
    }

    /// Lets the broker go on after [`Kafka::pause`].
    ///
    /// # Errors
    ///
    /// When it is not running.
    pub fn resume(&mut self) -> Result<()> {
        self.broker.as_mut().context("the broker is not running")?.signal(Signal::Continue)
    }

    async fn format(&self, how: &[&str]) -> Result<()> {
        let arguments = [&["format", "-t", CLUSTER, "-c", "server.properties"], how].concat();
        let command = self.java("kafka.tools.StorageTool", arguments)?;
        let mut tool = Guarded::spawn("Kafka's StorageTool", command)?;
        let status = tool.wait(FORMAT_WITHIN).await?;
        ensure!(status.success(), "Kafka's StorageTool ended with {status}");
        Ok(())
    }

    fn java(&self, class: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<Command> {
        let dir = self.dir.path();
        let log = OpenOptions::new().create(true).append(true).open(dir.join("log"));
        let log = log.context("opening the broker's log")?;
        let mut command = guarded::command(self.java.program(), dir);
        command
            .args(self.java.options(dir))
            .arg(class)
            .args(arguments)
            .current_dir(dir)
            .stdout(log.try_clone().context("opening the broker's log")?)
            .stderr(log);
        Ok(command)
    }

    fn log(&self) -> String {
        let file = self.dir.path().join("log");
        format!("Kafka at {}, the end of its log:\n{}\n---", self.bootstrap, log_tail(&file, TAIL))
    }
}

impl Drop for Kafka {
    #[expect(clippy::print_stderr, reason = "the test runner shows it with a failed test, and only then")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
        // Before the directory goes, which a running broker would write to.
        self.broker = None;
    }
}

/// The Java that brokers are run with: that of `JAVA_HOME`, else of the path.
pub(crate) fn java_program() -> Result<PathBuf> {
    classpath::program()
}

/// The same with Kafka's jars as its class path, for a program in Java.
///
/// # Errors
///
/// When one of them is not there; the message names the command that gets it.
pub fn java() -> Result<Command> {
    let java = Java::find()?;
    let mut command = Command::new(java.program());
    command.arg("-cp").arg(java.class_path());
    Ok(command)
}

/// Waits until a client is told of a broker, which is when topics can be made.
async fn answers(bootstrap: &str, broker: &mut Guarded) -> Result<()> {
    until("its first answer", START_WITHIN, async || {
        if let Some(status) = broker.exited()? {
            bail!("it ended with {status}");
        }
        // A client waits longer after each refused connection, so it is only asked once there is a listener.
        if TcpStream::connect(bootstrap).await.is_err() {
            return Ok(None);
        }
        let bootstrap = bootstrap.to_owned();
        let told = tokio::task::spawn_blocking(move || is_told_of_a_broker(&bootstrap)).await;
        Ok(told.context("a client stopped")??.then_some(()))
    })
    .await
}

fn is_told_of_a_broker(bootstrap: &str) -> Result<bool> {
    let client: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", bootstrap).create().context("making a client")?;
    let metadata = client.fetch_metadata(None, Duration::from_secs(2));
    Ok(metadata.is_ok_and(|metadata| !metadata.brokers().is_empty()))
}
