//! What compression saves on the brokers' disks, and what it costs whom: by the producers (`compression.type` of
//! `--kafka-config`), or by the broker, for topics that have a `compression.type` of their own.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use schemas::Topic;
use tempfile::TempDir;
use weir_tests::kafka::Kafka;
use weir_tests::topics;
use weir_tests::until::until;

use super::consumers::make_topics;
use crate::consumer::{Consumer, Consuming};
use crate::deliveries::{requests, varied};
use crate::load::{Answers, Load};
use crate::measure::{Quantiles, float};
use crate::processor::Threads;
use crate::rig::{Brokers, PARTITIONS, Rig};
use crate::server::Running;

/// Deliveries a second: the more there are, the more of them are compressed together.
pub(crate) const RATES: [u32; 2] = [1_000, 4_000];
/// Bytes hardly differ from round to round.
const MOST_ROUNDS: usize = 2;
const WARM_UP: Duration = Duration::from_secs(3);
const DONE_WITHIN: Duration = Duration::from_mins(1);
/// Whose records are counted.
const COUNTED: [Topic; 3] = [Topic::Raw, Topic::Messages, Topic::Inbox];

/// Who compresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// As by default.
    Nobody,
    /// weir-ingest and weir-messages.
    Producers,
    /// The broker, what it gets as it is.
    Topics,
}

/// A way to have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) codec: &'static str,
    pub(crate) by: By,
}

pub(crate) const SETTINGS: [Setting; 5] = [
    Setting { codec: "none", by: By::Nobody },
    Setting { codec: "lz4", by: By::Producers },
    Setting { codec: "zstd", by: By::Producers },
    Setting { codec: "lz4", by: By::Topics },
    Setting { codec: "zstd", by: By::Topics },
];

/// What a delivery costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Answers a second.
    pub(crate) rate: f64,
    /// Bytes on the broker's disk, in the order of [`COUNTED`]: raw, typed, inbox.
    pub(crate) bytes: [f64; 3],
    /// Microseconds of processor.
    pub(crate) ingest: f64,
    pub(crate) messages: f64,
    pub(crate) broker: f64,
    /// Milliseconds to the answer.
    pub(crate) p99: f64,
}

impl Cost {
    pub(crate) fn all_bytes(&self) -> f64 {
        self.bytes.iter().sum()
    }

    pub(crate) fn all_time(&self) -> f64 {
        self.ingest + self.messages + self.broker
    }
}

/// One load under one setting, a cost a round.
pub(crate) struct Row {
    pub(crate) setting: Setting,
    /// Deliveries a second.
    pub(crate) rate: u32,
    pub(crate) costs: Vec<Cost>,
}

pub(crate) async fn run(rounds: usize, time: Duration) -> Result<Vec<Row>> {
    let mut rig = Rig::start(Brokers::One).await?;
    let mut rows = Vec::new();
    for (number, setting) in SETTINGS.into_iter().enumerate() {
        let mut pipeline = Pipeline::start(&rig, number, setting).await?;
        pipeline.warm_up().await?;
        let mut measured = RATES.map(|rate| Row { setting, rate, costs: Vec::new() });
        for round in 1..=rounds.min(MOST_ROUNDS) {
            for row in &mut measured {
                let cost = pipeline.measure(&mut rig, row.rate, time).await?;
                crate::say(&format!("compression {round}: {setting:?}, {} a second: {cost:.1?}", row.rate));
                row.costs.push(cost);
            }
        }
        rows.extend(measured);
        pipeline.messages.end().await?;
    }
    Ok(rows)
}

/// weir-ingest and weir-messages, with topics of their own.
struct Pipeline {
    prefix: String,
    ingest: Running,
    messages: Consuming,
    /// The number of the next delivery: one that comes again is not in the inbox again.
    next: u64,
    /// Events that weir-messages has to be done with.
    expected: u64,
    _config: TempDir,
}

impl Pipeline {
    async fn start(rig: &Rig, number: usize, setting: Setting) -> Result<Self> {
        let prefix = format!("compression{number}");
        make_topics(rig, &prefix).await?;
        if setting.by == By::Topics {
            for topic in COUNTED {
                topics::set(&rig.plain, &topic.name(&prefix), "compression.type", setting.codec).await?;
            }
        }
        let codec = if setting.by == By::Producers { setting.codec } else { "none" };
        let config = tempfile::Builder::new().prefix("weir-bench-").tempdir().context("a folder")?;
        let file = config.path().join("client.properties");
        fs::write(&file, format!("compression.type={codec}\n")).context("the producers' properties")?;
        let file = file.to_str().context("a path that is no text")?;
        let config_of_both = ["--kafka-config", file];
        let ingest = Running::ingest(rig, &prefix, &config_of_both).await?;
        let messages = Consuming::start(Consumer::Messages, rig, &prefix, &config_of_both).await?;
        // The delivery that ingest was started with.
        Ok(Self { prefix, ingest, messages, next: 0, expected: 1, _config: config })
    }

    /// At the highest rate: what nobody compresses comes first, to a broker that has done nothing yet, and the others are compared
    /// with it.
    async fn warm_up(&mut self) -> Result<()> {
        self.post(RATES[1], WARM_UP).await?;
        self.until_done().await
    }

    async fn measure(&mut self, rig: &mut Rig, rate: u32, time: Duration) -> Result<Cost> {
        let before = self.state(rig)?;
        let answers = self.post(rate, time).await?;
        self.until_done().await?;
        let after = self.state(rig)?;
        let good = float(answers.good);
        let bytes =
            [0, 1, 2].map(|topic| float(after.bytes[topic].saturating_sub(before.bytes[topic])) / good);
        let [ingest, messages, broker] =
            [0, 1, 2].map(|who| after.times[who].since(&before.times[who]).as_secs_f64() * 1e6 / good);
        let rate = good / answers.elapsed.as_secs_f64();
        Ok(Cost { rate, bytes, ingest, messages, broker, p99: Quantiles::of(&answers.latency).p99 })
    }

    async fn post(&mut self, rate: u32, time: Duration) -> Result<Answers> {
        let count = u64::from(rate) * time.as_secs().max(1);
        let bodies = (self.next..self.next + count).map(varied::body);
        let requests = requests(bodies);
        self.next += count;
        let answers = Load::Open { rate }.run(self.ingest.address, &requests, time).await?;
        ensure!(answers.good > 0, "nothing was answered 200");
        self.expected += answers.good;
        Ok(answers)
    }

    /// Until the records of all that was answered 200 are there.
    async fn until_done(&mut self) -> Result<()> {
        until("weir-messages to be done", DONE_WITHIN, async || {
            Ok((self.messages.done().await? >= float(self.expected)).then_some(()))
        })
        .await
    }

    fn state(&self, rig: &mut Rig) -> Result<State> {
        let times = [Threads::of([self.ingest.pid()])?, Threads::of([self.messages.pid()])?, rig.threads()?];
        let mut bytes = [0; 3];
        for (bytes, topic) in bytes.iter_mut().zip(COUNTED) {
            *bytes = on_disk(rig.kafka(), &topic.name(&self.prefix))?;
        }
        Ok(State { bytes, times })
    }
}

/// What is compared.
struct State {
    bytes: [u64; 3],
    /// Of weir-ingest, weir-messages and the broker.
    times: [Threads; 3],
}

/// Bytes of the records of a topic; the indices beside them have a size that is fixed beforehand.
fn on_disk(kafka: &Kafka, topic: &str) -> Result<u64> {
    let mut bytes = 0;
    for partition in 0..PARTITIONS {
        let folder = kafka.segments(topic, partition);
        for file in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let file = file?;
            if file.path().extension().is_some_and(|extension| extension == "log") {
                bytes += file.metadata()?.len();
            }
        }
    }
    Ok(bytes)
}
