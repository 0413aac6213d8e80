//! Kafka, with the topics of weir-ingest and the same again for the peers.

use std::time::Duration;

use anyhow::Result;
use runtime::consumer::TopicReader;
use runtime::settings::KafkaSettings;
use schemas::Topic;
use weir_tests::kafka::{Cluster, Kafka};
use weir_tests::secured::{PASSWORD, Secured};
use weir_tests::topics;
use weir_tests::until::until;

use crate::processor::Threads;

/// Of each topic, as `weir topics apply` makes them.
pub(crate) const PARTITIONS: i32 = 12;
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

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
    /// What reaches everything.
    pub(crate) plain: String,
    /// What servers are told.
    pub(crate) bootstrap: String,
    /// Flags of weir-ingest.
    pub(crate) kafka_config: Vec<String>,
}

impl Rig {
    pub(crate) async fn start(brokers: Brokers) -> Result<Self> {
        let started = match brokers {
            Brokers::One => Started::One(Box::new(Kafka::start().await?)),
            Brokers::Three => Started::Three(Box::new(Cluster::start().await?)),
            Brokers::Tls => Started::Tls(Box::new(Secured::start().await?)),
        };
        let plain = match &started {
            Started::One(kafka) => kafka.bootstrap().to_owned(),
            Started::Three(cluster) => cluster.bootstrap(),
            Started::Tls(secured) => secured.kafka.bootstrap().to_owned(),
        };
        let (bootstrap, kafka_config) = match &started {
            Started::Tls(secured) => {
                let properties = secured.properties("SCRAM-SHA-512", "weir-ingest", PASSWORD)?;
                (secured.bootstrap().to_owned(), vec!["--kafka-config".to_owned(), properties])
            }
            _ => (plain.clone(), Vec::new()),
        };
        let rig = Self { started, plain, bootstrap, kafka_config };
        // Ingest wants to see all of its own; the peers write to two.
        rig.make(&Topic::OF_INGEST, "meta", PARTITIONS).await?;
        rig.make(&[Topic::Raw, Topic::Messages], "peer", PARTITIONS).await?;
        Ok(rig)
    }

    /// Makes topics.
    pub(crate) async fn make(&self, of: &[Topic], prefix: &str, partitions: i32) -> Result<()> {
        let names: Vec<String> = of.iter().map(|topic| topic.name(prefix)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        topics::create(&self.plain, &names, partitions).await
    }

    /// The only broker.
    pub(crate) fn kafka(&mut self) -> &mut Kafka {
        match &mut self.started {
            Started::One(kafka) => kafka,
            Started::Three(cluster) => cluster.node(0),
            Started::Tls(secured) => &mut secured.kafka,
        }
    }

    /// The threads of all brokers that run.
    pub(crate) fn threads(&mut self) -> Result<Threads> {
        let pids = match &mut self.started {
            Started::Three(cluster) => (0..3).map(|index| cluster.node(index).pid()).collect(),
            _ => vec![self.kafka().pid()],
        };
        Threads::of(pids.into_iter().flatten())
    }

    /// How many records a raw topic has; none where there is no prefix.
    pub(crate) async fn records(&self, prefix: Option<&str>) -> Result<u64> {
        let Some(prefix) = prefix else { return Ok(0) };
        // A broker that was just started, or has too few processors, moves its leaders.
        let count = async || Ok(tokio::task::block_in_place(|| self.count(prefix)).ok());
        until("the ends of a raw topic", ANSWER_TIMEOUT, count).await
    }

    fn count(&self, prefix: &str) -> Result<u64> {
        let kafka = KafkaSettings::plain(&self.plain);
        let reader = TopicReader::new(&kafka, "weir-bench", &Topic::Raw.name(prefix))?;
        let mut all = 0;
        for partition in reader.partitions()? {
            all += reader.ends(partition)?.1;
        }
        Ok(u64::try_from(all)?)
    }
}
