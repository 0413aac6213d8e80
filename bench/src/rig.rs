//! Kafka, with the topics of weir-ingest and the same again for the peers.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use runtime::consumer::TopicReader;
use runtime::settings::KafkaSettings;
use schemas::Topic;
use weir_tests::kafka::{Cluster, Kafka};
use weir_tests::secured::{PASSWORD, Secured};
use weir_tests::topics;
use weir_tests::until::until;

use crate::processor;
use crate::server::Server;

/// Of each topic, as `weir topics apply` makes them.
pub(crate) const PARTITIONS: i32 = 12;
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What brokers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Brokers {
    One,
    /// Three replicas of everything, of which two have to be in sync.
    Three,
    /// One, reached over TLS and SCRAM.
    Tls,
}

enum Started {
    One(Box<Kafka>),
    Three(Box<Cluster>),
    Tls(Box<Secured>),
}

/// Brokers with topics.
pub(crate) struct Rig {
    started: Started,
    /// For everything but the servers.
    plain: String,
    bootstrap: String,
    kafka_config: Vec<String>,
    /// Raw topics, and how many records each had when it was last asked.
    raw: BTreeMap<&'static str, (TopicReader, i64)>,
}

impl Rig {
    pub(crate) async fn start(brokers: Brokers) -> Result<Self> {
        let (started, plain) = match brokers {
            Brokers::One => {
                let kafka = Kafka::start().await?;
                let plain = kafka.bootstrap().to_owned();
                (Started::One(Box::new(kafka)), plain)
            }
            Brokers::Three => {
                let cluster = Cluster::start().await?;
                let plain = cluster.bootstrap();
                (Started::Three(Box::new(cluster)), plain)
            }
            Brokers::Tls => {
                let secured = Secured::start().await?;
                let plain = secured.kafka.bootstrap().to_owned();
                (Started::Tls(Box::new(secured)), plain)
            }
        };
        let (bootstrap, kafka_config) = match &started {
            Started::Tls(secured) => {
                let properties = secured.properties("SCRAM-SHA-512", "weir-ingest", PASSWORD)?;
                (secured.bootstrap().to_owned(), vec!["--kafka-config".to_owned(), properties])
            }
            _ => (plain.clone(), Vec::new()),
        };
        // Ingest wants to see all of its own; the peers write to two.
        let own = Topic::OF_INGEST.iter().map(|topic| topic.name("meta"));
        let names: Vec<String> =
            own.chain([Topic::Raw, Topic::Messages].map(|topic| topic.name("peer"))).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        topics::create(&plain, &names, PARTITIONS).await?;
        Ok(Self { started, plain, bootstrap, kafka_config, raw: BTreeMap::new() })
    }

    /// Makes topics beside the usual ones.
    pub(crate) async fn make(&self, of: &[Topic], prefix: &str, partitions: i32) -> Result<()> {
        let names: Vec<String> = of.iter().map(|topic| topic.name(prefix)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        topics::create(&self.plain, &names, partitions).await
    }

    /// What servers are told.
    pub(crate) fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// What reaches everything.
    pub(crate) fn plain(&self) -> &str {
        &self.plain
    }

    /// Flags of weir-ingest.
    pub(crate) fn kafka_config(&self) -> &[String] {
        &self.kafka_config
    }

    /// The only broker.
    pub(crate) fn kafka(&mut self) -> &mut Kafka {
        match &mut self.started {
            Started::One(kafka) => kafka,
            Started::Three(cluster) => cluster.node(0),
            Started::Tls(secured) => &mut secured.kafka,
        }
    }

    /// The process of the only broker.
    pub(crate) fn broker(&mut self) -> Result<u32> {
        self.kafka().pid().context("the broker is not running")
    }

    /// Time on processors of all brokers that run.
    pub(crate) fn cpu(&mut self) -> Result<Duration> {
        let pids = match &mut self.started {
            Started::Three(cluster) => (0..3).map(|index| cluster.node(index).pid()).collect(),
            _ => vec![self.kafka().pid()],
        };
        pids.into_iter().flatten().map(processor::time).sum()
    }

    /// How many raw records there are more than when this was asked last, or at first.
    pub(crate) async fn new_records(&mut self, server: Server) -> Result<u64> {
        let Some(prefix) = server.prefix() else { return Ok(0) };
        // A broker that was just started, or has too few processors, moves its leaders.
        let count = async || Ok(tokio::task::block_in_place(|| self.count(prefix)).ok());
        until("the ends of a raw topic", ANSWER_WITHIN, count).await
    }

    fn count(&mut self, prefix: &'static str) -> Result<u64> {
        if !self.raw.contains_key(prefix) {
            let kafka = KafkaSettings::plain(&self.plain);
            let reader = TopicReader::new(&kafka, "weir-bench", &Topic::Raw.name(prefix))?;
            self.raw.insert(prefix, (reader, 0));
        }
        let (reader, known) = self.raw.get_mut(prefix).context("a reader")?;
        let mut all = 0;
        for partition in reader.partitions()? {
            all += reader.ends(partition)?.1;
        }
        let new = all - std::mem::replace(known, all);
        Ok(u64::try_from(new).unwrap_or_default())
    }
}
