//! The consumers that are measured, and how each is started.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use schemas::Topic;
use weir_tests::process::{Binary, built};
use weir_tests::{guarded, http, ports};

use crate::rig::Rig;

/// What consumers need of topics, beside those of ingest.
pub(crate) const OUTPUTS: [Topic; 5] =
    [Topic::Inbox, Topic::InboxReceipts, Topic::InboxComments, Topic::MessagesDlq, Topic::MetricsDlq];
/// The topic that is filled, and read by all of them.
pub(crate) const READ: Topic = Topic::Messages;
/// Events in a backlog; the floor has no other way to tell that it is done.
pub(crate) const EVENTS: u64 = 200_000;
/// One of [`OUTPUTS`] that none of them reads.
const UNREAD: Topic = Topic::MetricsDlq;
const READY_WITHIN: Duration = Duration::from_mins(1);
const ENDED_WITHIN: Duration = Duration::from_mins(1);

/// A consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consumer {
    /// Reads records and throws them away.
    Floor,
    /// Publishes each once more.
    PublishingFloor,
    Messages,
    Metrics,
}

impl Consumer {
    pub(crate) const ALL: [Self; 4] = [Self::Floor, Self::PublishingFloor, Self::Messages, Self::Metrics];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor: rdkafka alone",
            Self::PublishingFloor => "rdkafka alone, which publishes",
            Self::Messages => "weir-messages",
            Self::Metrics => "weir-metrics",
        }
    }

    const fn program(self) -> &'static str {
        match self {
            Self::Floor | Self::PublishingFloor => "weir-bench-floor-consumer",
            Self::Messages => "weir-messages",
            Self::Metrics => "weir-metrics",
        }
    }

    const fn is_of_weir(self) -> bool {
        matches!(self, Self::Messages | Self::Metrics)
    }
}

/// A running consumer. Dropping it kills it.
pub(crate) struct Consuming {
    consumer: Consumer,
    admin: String,
    process: Binary,
}

impl Consuming {
    /// Starts it with topics of this prefix; one of Weir's is waited for until it is ready.
    pub(crate) async fn start(consumer: Consumer, rig: &Rig, prefix: &str, more: &[&str]) -> Result<Self> {
        let [port] = ports::free()?;
        let admin = format!("127.0.0.1:{port}");
        let folder = tempfile::Builder::new().prefix("weir-bench-").tempdir().context("a folder")?;
        let mut command = guarded::command(&built(consumer.program())?, folder.path());
        let (brokers, events) = (rig.plain.as_str(), EVENTS.to_string());
        match consumer {
            Consumer::Floor => command.args([brokers, &READ.name(prefix), &events]),
            Consumer::PublishingFloor => {
                command.args([brokers, &READ.name(prefix), &events, &UNREAD.name(prefix)])
            }
            Consumer::Messages | Consumer::Metrics => {
                command.args(["--brokers", brokers, "--topic-prefix", prefix, "--admin-listen", &admin])
            }
        };
        command.args(more);
        let mut process = Binary::of(consumer.name(), command, folder)?;
        if consumer.is_of_weir() {
            process.ready(&format!("http://{admin}/readyz"), READY_WITHIN).await?;
        }
        Ok(Self { consumer, admin, process })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// How many records it is done with.
    pub(crate) async fn done(&mut self) -> Result<f64> {
        ensure!(self.process.is_running()?, "it has ended: {}", self.process.describe());
        if !self.consumer.is_of_weir() {
            // Lines of numbers, of which the last may not be whole.
            let text = self.process.stdout()?;
            let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
            return Ok(whole.lines().rev().find_map(|line| line.parse().ok()).unwrap_or_default());
        }
        let (_, text) = http::get(&format!("http://{}/metrics", self.admin)).await?;
        let samples = text.lines().filter_map(|line| line.strip_prefix("weir_consumer_records_total{"));
        let values = samples.filter_map(|sample| sample.rsplit_once(' ')?.1.parse::<f64>().ok());
        Ok(values.sum())
    }

    /// Ends it the orderly way: it leaves its group, which the next one does not have to wait for.
    pub(crate) async fn end(mut self) -> Result<()> {
        self.process.terminate(ENDED_WITHIN).await.map(drop)
    }
}
