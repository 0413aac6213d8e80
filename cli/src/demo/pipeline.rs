//! The parts of the pipeline, side by side in this process: each has its own metrics, checks and end.

use super::{APP_SECRET, TOPIC_PREFIX, VERIFY_TOKEN};
use crate::tool::{Result, ToolError};
use clap::Command;
use runtime::http::admin;
use runtime::process::health::Probe;
use runtime::process::{self, About, Process, chain};
use runtime::settings::{CommonSettings, Reader};
use std::error::Error;
use std::fs;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use weir_graph_simulator::Simulator;
use weir_lookups::{LookupSettings, tokens};
use weir_messages::Settings as InboxSettings;
use weir_metrics::MetricsSettings;
use weir_replies::ReplySettings;

/// Where ingest listens, where nothing else does.
pub(super) const DEFAULT_PORT: u16 = 8080;
const INGEST: About = About { name: "weir-ingest", version: env!("CARGO_PKG_VERSION"), description: "" };
/// What weir-messages remembers; the demo has not many events.
const MESSAGES: [&str; 2] = ["--dedupe-events", "10000"];
/// How long all parts may take to find the cluster and its topics.
const READY_WITHIN: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How long all parts may take to end.
const STOP_WITHIN: Duration = Duration::from_secs(15);

/// The running pipeline.
pub(super) struct Pipeline {
    pub(super) shape: Shape,
    tasks: JoinSet<ToolError>,
    admin: JoinSet<()>,
    _simulator: Simulator,
    _tokens: TempDir,
}

/// Where the pipeline is.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// `host:port` of the mock cluster.
    pub(super) bootstrap: String,
    /// Where ingest listens.
    pub(super) ingest: SocketAddr,
    /// Its parts, with the address of each one's metrics and probes.
    pub(super) parts: Vec<(Process, SocketAddr)>,
}

impl Shape {
    /// The URL of the webhook.
    pub(super) fn url(&self) -> String {
        format!("http://{}/webhook", self.ingest)
    }

    /// The part of this name.
    pub(super) fn part(&self, name: &str) -> Option<&Process> {
        self.parts.iter().map(|(process, _)| process).find(|process| process.name == name)
    }
}

impl Pipeline {
    /// Starts every part, and waits until they have found the cluster and its topics.
    pub(super) async fn start(bootstrap: &str, port: Option<u16>) -> Result<Self> {
        let listener = listen(port).await?;
        let simulator =
            Simulator::start().await.map_err(|error| cannot_start("the Graph API stub", &error))?;
        let tokens = access_tokens().map_err(|error| cannot_start("the Graph API stub", &error))?;
        let ingest = listener.local_addr().map_err(|error| cannot_start(INGEST.name, &error))?;
        let directory = tokens.path().to_string_lossy().into_owned();
        let url = simulator.url();
        let graph = ["--graph-url", &url, "--access-tokens", &directory];
        let shape = Shape { bootstrap: bootstrap.to_owned(), ingest, parts: Vec::new() };
        let mut pipeline = Self {
            shape,
            tasks: JoinSet::new(),
            admin: JoinSet::new(),
            _simulator: simulator,
            _tokens: tokens,
        };
        pipeline.start_ingest(listener).await?;
        let (declare, read) = (InboxSettings::declare, InboxSettings::read);
        pipeline.start_consumer(weir_messages::ABOUT, &MESSAGES, declare, read, weir_messages::run).await?;
        let (declare, read) = (LookupSettings::declare, LookupSettings::read);
        pipeline.start_consumer(weir_lookups::ABOUT, &graph, declare, read, weir_lookups::run).await?;
        let (declare, read) = (ReplySettings::declare, ReplySettings::read);
        pipeline.start_consumer(weir_replies::ABOUT, &graph, declare, read, weir_replies::run).await?;
        let (declare, read) = (MetricsSettings::declare, MetricsSettings::read);
        pipeline.start_consumer(weir_metrics::ABOUT, &[], declare, read, weir_metrics::run).await?;
        pipeline.wait_until_ready().await?;
        Ok(pipeline)
    }

    /// Waits for a part to end by itself, which none should.
    pub(super) async fn ended(&mut self) -> ToolError {
        match self.tasks.join_next().await {
            Some(Ok(error)) => error,
            Some(Err(error)) => ended("a part", &error.to_string()),
            None => std::future::pending().await,
        }
    }

    /// Ends every part in order.
    pub(super) async fn stop(mut self) {
        for (process, _) in &self.shape.parts {
            process.shutdown.trigger();
        }
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(STOP_WITHIN, all).await.is_err() {
            tracing::warn!("a part of the pipeline does not stop and is aborted");
        }
        self.admin.shutdown().await;
    }

    async fn start_ingest(&mut self, listener: TcpListener) -> Result<()> {
        let kafka = runtime::settings::KafkaSettings::plain(&self.shape.bootstrap);
        let settings = weir_ingest::Settings::local(APP_SECRET, VERIFY_TOKEN);
        let serve = |process| async move {
            weir_ingest::serve(listener, &kafka, TOPIC_PREFIX, settings, process).await
        };
        self.start_part(INGEST, serve).await
    }

    /// Starts a consumer as its binary does with these flags, whatever the environment says.
    async fn start_consumer<S, F, E>(
        &mut self,
        about: About,
        flags: &[&str],
        declare: fn(Command) -> Command,
        read: fn(&mut Reader<'_>) -> Option<S>,
        run: fn(CommonSettings, S, Process) -> F,
    ) -> Result<()>
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        let command = process::command(about, declare).mut_args(|argument| argument.env(None));
        let common = [about.name, "--brokers", &self.shape.bootstrap, "--topic-prefix", TOPIC_PREFIX];
        let matches = command.clone().try_get_matches_from(common.iter().chain(flags));
        let matches = matches.map_err(|error| cannot_start(about.name, &error))?;
        let settings = process::settings(&command, &matches, read);
        let (common, settings) = settings.map_err(|problems| cannot_start(about.name, &problems))?;
        self.start_part(about, |process| run(common, settings, process)).await
    }

    async fn start_part<F, E>(&mut self, about: About, run: impl FnOnce(Process) -> F) -> Result<()>
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        let process = Process::new(about.name, about.version);
        // Declared here too, so that it holds readiness back before the part has come to declare it.
        process.health.check("kafka", Probe::Startup);
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = admin::bind(loopback).await.map_err(|error| cannot_start(about.name, &error))?;
        let address = listener.local_addr().map_err(|error| cannot_start(about.name, &error))?;
        self.admin.spawn(admin::serve(listener, process.clone()));
        let running = run(process.clone());
        self.shape.parts.push((process, address));
        self.tasks.spawn(async move {
            let reason = match running.await {
                Ok(()) => "nobody asked it to".to_owned(),
                Err(error) => chain(&*error.into()),
            };
            ended(about.name, &reason)
        });
        Ok(())
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        let is_starting =
            |(process, _): &&(Process, SocketAddr)| !process.health.report(Probe::Startup).passes();
        while let Some((starting, _)) = self.shape.parts.iter().find(is_starting) {
            if Instant::now() >= deadline {
                let part = starting.name;
                return Err(format!("{part} cannot be started: it does not find the mock cluster").into());
            }
            if let Ok(error) = timeout(LOOK_EVERY, self.ended()).await {
                return Err(error);
            }
        }
        Ok(())
    }
}

/// The port asked for, or the usual one, or any that is free.
async fn listen(port: Option<u16>) -> Result<TcpListener> {
    let on = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    if port.is_none()
        && let Ok(listener) = on(DEFAULT_PORT).await
    {
        return Ok(listener);
    }
    let port = port.unwrap_or_default();
    on(port).await.map_err(|error| {
        format!("cannot listen on --port {port}: {error}; stop what uses it, or leave --port out").into()
    })
}

/// A directory of access tokens, as weir-lookups reads it; the stub takes any token.
fn access_tokens() -> io::Result<TempDir> {
    let directory = tempfile::Builder::new().prefix("weir-demo-").tempdir()?;
    fs::write(directory.path().join(tokens::DEFAULT), "demo-token")?;
    Ok(directory)
}

pub(super) fn cannot_start(part: &str, error: &(dyn Error + 'static)) -> ToolError {
    format!("{part} cannot be started: {}", chain(error)).into()
}

fn ended(part: &str, reason: &str) -> ToolError {
    format!("{part} ended: {reason}").into()
}
