//! The consumer as a task, between a cluster and a simulator.

use crate::cluster::{Cluster, PREFIX};
use runtime::process::{self, Process};
use runtime::settings::{CommonSettings, ConsumerSettings};
use runtime::telemetry::LogFormat;
use std::error::Error;
use std::fs;
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use weir_graph_simulator::Simulator;
use weir_lookups::{ABOUT, LookupSettings};

const DEFAULT_TOKEN: &str = "EAAcanaryDefault";
/// How long a record in work may take at the end; who waits for it with nothing to do is noticed on a busy machine too.
pub(crate) const FINISHED_WITHIN: Duration = Duration::from_secs(50);

pub(crate) struct Running {
    pub(crate) process: Process,
    _tokens: TempDir,
    task: JoinHandle<Result<(), Box<dyn Error + Send + Sync>>>,
}

impl Running {
    /// Starts it with settings that a test changes.
    pub(crate) fn start(
        cluster: &Cluster,
        simulator: &Simulator,
        change: impl FnOnce(&mut LookupSettings),
    ) -> Self {
        let tokens = tempfile::tempdir().unwrap();
        fs::write(tokens.path().join("default"), DEFAULT_TOKEN).unwrap();
        let (url, directory) = (simulator.url(), tokens.path().to_str().unwrap());
        let command = process::command(ABOUT, LookupSettings::declare);
        let arguments =
            [ABOUT.name, "--brokers", "b:9092", "--graph-url", &url, "--access-tokens", directory];
        let matches = command.clone().get_matches_from(arguments);
        let (_, mut settings) = process::settings(&command, &matches, LookupSettings::read).unwrap();
        change(&mut settings);
        let common = CommonSettings {
            kafka: cluster.kafka(),
            topic_prefix: PREFIX.to_owned(),
            admin_listen: "127.0.0.1:0".parse().unwrap(),
            log_format: LogFormat::Auto,
            worker_threads: None,
            consumer: ConsumerSettings { finish_timeout: FINISHED_WITHIN, ..ConsumerSettings::default() },
        };
        let process = Process::new("weir-lookups", "0.0.0");
        let inner = process.clone();
        let task = tokio::spawn(async move { weir_lookups::run(common, settings, inner).await });
        Self { process, _tokens: tokens, task }
    }

    /// All metrics as text.
    pub(crate) fn metrics(&self) -> String {
        prometheus::TextEncoder::new().encode_to_string(&self.process.registry.gather()).unwrap()
    }

    /// The sum of a metric whose labels hold `label`.
    pub(crate) fn metric(&self, name: &str, label: &str) -> f64 {
        let text = self.metrics();
        let samples = text.lines().filter_map(|line| line.strip_prefix(name)?.rsplit_once(' '));
        let of_metric = samples.filter(|(labels, _)| labels.is_empty() || labels.starts_with('{'));
        of_metric
            .filter(|(labels, _)| labels.contains(label))
            .map(|(_, value)| value.parse::<f64>().unwrap())
            .sum()
    }

    pub(crate) async fn end(self) {
        self.process.shutdown.trigger();
        let ended = tokio::time::timeout(2 * FINISHED_WITHIN, self.task).await;
        ended.unwrap().unwrap().unwrap();
    }
}
