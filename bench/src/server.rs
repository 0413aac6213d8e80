//! The servers that are compared, and how each is started.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use enum_map::Enum;
use schemas::Topic;
use weir_tests::foreign::folder;
use weir_tests::process::{Binary, built};
use weir_tests::signed::Sender;
use weir_tests::until::until;
use weir_tests::{guarded, http, ports};

use crate::deliveries::{APP_SECRET, PATH, Shape};
use crate::rig::Rig;

const READY_WITHIN: Duration = Duration::from_mins(1);

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum Server {
    /// Reads a body and answers.
    Floor,
    Weir,
    /// The same with `--producer direct`.
    WeirDirect,
    /// The same with `--worker-threads 2` too.
    WeirDirectTwoThreads,
    /// With a linger of half a millisecond.
    Axum,
    /// Idempotent, with the linger that costs the least.
    AxumTuned,
    Go,
    Fastify,
    FastApi,
}

impl Server {
    pub(crate) fn all() -> Vec<Self> {
        (0..Self::LENGTH).map(Self::from_usize).collect()
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor: hyper alone",
            Self::Weir => "weir-ingest",
            Self::WeirDirect => "weir-ingest, direct",
            Self::WeirDirectTwoThreads => "weir-ingest, direct, two threads",
            Self::Axum => "axum, as written",
            Self::AxumTuned => "axum, tuned",
            Self::Go => "Go, franz-go",
            Self::Fastify => "Fastify",
            Self::FastApi => "FastAPI",
        }
    }

    /// The usual prefix of its topics, where it writes to some.
    const fn prefix(self) -> Option<&'static str> {
        match self {
            Self::Floor => None,
            Self::Weir | Self::WeirDirect | Self::WeirDirectTwoThreads => Some("meta"),
            Self::Axum | Self::AxumTuned | Self::Go | Self::Fastify | Self::FastApi => Some("peer"),
        }
    }

    /// The program that `bench/run` built or fetched.
    fn program(self) -> Result<PathBuf> {
        let peer = |path: &str| {
            let program = folder("bench/peers").join(path);
            ensure!(program.exists(), "{} is not there", program.display());
            Ok(program)
        };
        match self {
            Self::Floor => built("weir-bench-floor"),
            Self::Weir | Self::WeirDirect | Self::WeirDirectTwoThreads => built("weir-ingest"),
            Self::Axum | Self::AxumTuned => peer("axum/target/release/peer-axum"),
            Self::Go => peer("go/target/peer"),
            Self::Fastify => peer("fastify/node_modules").map(|_| PathBuf::from("node")),
            Self::FastApi => peer("fastapi/venv/bin/python"),
        }
    }

    /// Whether there is something to start.
    pub(crate) fn is_built(self) -> bool {
        self.program().is_ok()
    }
}

/// A running server. Dropping it kills it.
pub(crate) struct Running {
    pub(crate) server: Server,
    pub(crate) address: SocketAddr,
    /// Of its topics, where it writes to some.
    pub(crate) prefix: Option<String>,
    /// Where weir-ingest says how it is.
    admin: String,
    process: Binary,
}

impl Running {
    /// Starts it and waits until it answers a signed delivery with 200.
    pub(crate) async fn start(server: Server, rig: &Rig) -> Result<Self> {
        Self::start_with(server, rig, server.prefix(), &[]).await
    }

    /// Starts weir-ingest with topics of this prefix, and waits until it sends what comes to Kafka: with a spool it answers
    /// before that.
    pub(crate) async fn ingest(rig: &Rig, prefix: &str, more: &[&str]) -> Result<Self> {
        let ingest = Self::start_with(Server::Weir, rig, Some(prefix), more).await?;
        let url = format!("http://{}/readyz?verbose", ingest.admin);
        until("ingest to see Kafka", READY_WITHIN, async || {
            let (_, checks) = http::get(&url).await?;
            Ok(checks.contains("[+]kafka ok").then_some(()))
        })
        .await?;
        Ok(ingest)
    }

    async fn start_with(server: Server, rig: &Rig, prefix: Option<&str>, more: &[&str]) -> Result<Self> {
        let [port, admin] = ports::free()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let admin = format!("127.0.0.1:{admin}");
        let folder = tempfile::Builder::new().prefix("weir-bench-").tempdir().context("a folder")?;
        let mut command = guarded::command(&server.program()?, folder.path());
        match server {
            Server::Floor => drop(command.arg(address.to_string())),
            Server::Weir | Server::WeirDirect | Server::WeirDirectTwoThreads => {
                let listen = address.to_string();
                command.args(["--listen", &listen, "--admin-listen", &admin, "--brokers", &rig.bootstrap]);
                command.args(prefix.map(|prefix| ["--topic-prefix", prefix]).iter().flatten());
                command.args(&rig.kafka_config).arg("--spool-dir").arg(folder.path()).args(more);
                command.args(["--producer", if server == Server::Weir { "rdkafka" } else { "direct" }]);
                if server == Server::WeirDirectTwoThreads {
                    command.args(["--worker-threads", "2"]);
                }
                command.env("WEIR_APP_SECRET", APP_SECRET);
            }
            _ => of_a_peer(&mut command, server, rig, port),
        }
        let process = Binary::of(server.name(), command, folder)?;
        let mut running = Self { server, address, prefix: prefix.map(str::to_owned), admin, process };
        let is_ready = running.until_ready().await;
        is_ready.with_context(|| running.process.describe())?;
        Ok(running)
    }

    async fn until_ready(&mut self) -> Result<()> {
        let sender = self.sender()?;
        let body = Shape::USUAL.body(0);
        until("an answer of 200", READY_WITHIN, async || {
            ensure!(self.process.is_running()?, "it has ended");
            let answer = sender.post(body.as_bytes()).await;
            Ok(answer.is_ok_and(|answer| answer.status == 200).then_some(()))
        })
        .await
    }

    /// A metric of weir-ingest without labels; `None` while it is not known.
    pub(crate) async fn metric(&self, name: &str) -> Result<Option<u64>> {
        let (_, text) = http::get(&format!("http://{}/metrics", self.admin)).await?;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.with_context(|| format!("the metric {name}"))?.parse().ok())
    }

    /// Posts to it with the secret of the app.
    pub(crate) fn sender(&self) -> Result<Sender> {
        Sender::new(&format!("http://{}{PATH}", self.address), APP_SECRET.as_bytes())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }
}

fn of_a_peer(command: &mut Command, server: Server, rig: &Rig, port: u16) {
    let [raw, typed] = [Topic::Raw, Topic::Messages].map(|topic| topic.name("peer"));
    command.env("APP_SECRET", APP_SECRET).env("BROKERS", &rig.bootstrap).env("PORT", port.to_string());
    command.env("RAW_TOPIC", raw).env("TYPED_TOPIC", typed);
    match server {
        Server::Axum => command.env("LINGER_MS", "0.5").env("IDEMPOTENCE", "false"),
        Server::AxumTuned => command.env("LINGER_MS", "2").env("IDEMPOTENCE", "true"),
        // Fewer collections of garbage than by default.
        Server::Go => command.env("GOGC", "400"),
        Server::Fastify => command.arg(folder("bench/peers/fastify/server.js")),
        _ => command.arg(folder("bench/peers/fastapi/server.py")),
    };
}
