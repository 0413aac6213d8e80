//! A cluster: reads its topics, makes topics, sets their settings.

use super::advice;
use super::desired::Desired;
use super::difference::{Present, Setting};
use crate::kafka::brokers::{self, Brokers};
use crate::kafka::{NotAllowed, is_of_rights, no_client, reach, request_failed};
use crate::tool::{Result, ToolError};
use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, ConfigEntry, ConfigResource, ConfigSource, NewTopic,
    OwnedResourceSpecifier, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::KafkaError;
use rdkafka::metadata::{Metadata, MetadataBroker, MetadataPartition, MetadataTopic};
use rdkafka::types::RDKafkaErrorCode;
use runtime::settings::KafkaSettings;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a broker may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a broker may take to learn of a topic that was just made, and between two looks.
const KNOWN_WITHIN: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long the controller may take to make topics.
const MAKE_WITHIN: Duration = Duration::from_secs(30);
const DESCRIBE: &str = "describe its topics";

/// A topic for which the cluster did not do what it was asked to, and Kafka's word for why.
pub(super) type Refused = (String, RDKafkaErrorCode);

/// A connection for administration.
pub(super) struct Cluster {
    admin: Arc<AdminClient<DefaultClientContext>>,
    brokers: String,
    each: Brokers,
}

impl Cluster {
    /// Connects, and asks each broker whether it answers; fails with the broker that refuses where none does.
    pub(super) async fn connect(kafka: &KafkaSettings) -> Result<Self> {
        // The client for administration keeps to itself why it cannot connect.
        reach(kafka, &[]).await?;
        let admin = Arc::new(kafka.client_config("weir").create().map_err(no_client)?);
        let mut cluster = Self { admin, brokers: kafka.brokers.clone(), each: Brokers::default() };
        let all = cluster.metadata("list its brokers", brokers::named).await?;
        cluster.each = brokers::ask(&cluster.admin, all).await;
        Ok(cluster)
    }

    /// The brokers that do not answer, in a sentence without its end; none where all do.
    pub(super) fn silence(&self) -> Option<String> {
        self.each.silence()
    }

    /// How many brokers there are, and the partitions and replicas of each topic, without its settings.
    pub(super) async fn list(&self) -> Result<(u32, BTreeMap<String, Present>)> {
        self.metadata("list its topics", listed).await
    }

    async fn metadata<T: Send + 'static>(&self, action: &str, read: fn(&Metadata) -> T) -> Result<T> {
        let admin = Arc::clone(&self.admin);
        // All topics are listed, because naming one makes it where a broker makes topics by itself.
        let fetch =
            move || admin.inner().fetch_metadata(None, ANSWER_TIMEOUT).map(|metadata| read(&metadata));
        let fetched = tokio::task::spawn_blocking(fetch).await;
        fetched?.map_err(|error| self.failed(action, &error))
    }

    /// Adds the settings of topics that were listed.
    pub(super) async fn describe(
        &self,
        mut present: BTreeMap<String, Present>,
    ) -> Result<BTreeMap<String, Present>> {
        if present.is_empty() {
            return Ok(present);
        }
        let until = Instant::now() + KNOWN_WITHIN;
        // Every topic has settings; who may not read them is given none, and so is who asks a broker that does not know of it yet.
        let resources = loop {
            let resources = self.configs(&present).await?;
            if resources.iter().all(|resource| !resource.entries.is_empty()) {
                break resources;
            }
            if Instant::now() >= until {
                let action = format!("describe the settings of {}", without_settings(&resources));
                return Err(self.refused(&action, RDKafkaErrorCode::TopicAuthorizationFailed));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        for resource in resources {
            if let OwnedResourceSpecifier::Topic(name) = resource.specifier {
                present.entry(name).or_default().config = config(resource.entries);
            }
        }
        Ok(present)
    }

    async fn configs(&self, topics: &BTreeMap<String, Present>) -> Result<Vec<ConfigResource>> {
        let topics: Vec<_> = topics.keys().map(|name| ResourceSpecifier::Topic(name)).collect();
        let answers = self.admin.describe_configs(&topics, &self.options()).await;
        let answers = answers.map_err(|error| self.failed(DESCRIBE, &error))?;
        answers.into_iter().map(|answer| answer.map_err(|code| self.refused(DESCRIBE, code))).collect()
    }

    /// Makes topics; gives those that were refused. One that is there by now is as good as made.
    pub(super) async fn make(&self, topics: &[&Desired]) -> Result<Vec<Refused>> {
        let new: Vec<_> = topics.iter().map(|topic| new_topic(topic)).collect();
        let mut refused: Vec<Refused> = Vec::new();
        for target in self.each.targets() {
            let options = options().operation_timeout(Some(MAKE_WITHIN)).request_timeout(Some(MAKE_WITHIN));
            let answers = self.admin.create_topics(&new, &options.broker_id(target)).await;
            let answers = answers.map_err(|error| self.failed("make topics", &error))?;
            refused = answers.into_iter().filter_map(Result::err).collect();
            // With ZooKeeper one broker alone makes topics, with KRaft any has it done.
            if refused.iter().all(|(_, code)| *code != RDKafkaErrorCode::NotController) {
                break;
            }
        }
        refused.retain(|(_, code)| *code != RDKafkaErrorCode::TopicAlreadyExists);
        Ok(refused)
    }

    /// Sets all own settings of topics; gives those that were refused.
    pub(super) async fn set(&self, topics: &[(&str, &BTreeMap<String, String>)]) -> Result<Vec<Refused>> {
        let altered: Vec<_> = topics.iter().map(|(name, settings)| alteration(name, settings)).collect();
        let answers = self.admin.alter_configs(&altered, &self.options()).await;
        let answers = answers.map_err(|error| self.failed("set settings of topics", &error))?;
        let refused = answers.into_iter().filter_map(Result::err).map(|(resource, code)| {
            let topic = match resource {
                OwnedResourceSpecifier::Topic(name) | OwnedResourceSpecifier::Group(name) => name,
                OwnedResourceSpecifier::Broker(id) => format!("broker {id}"),
            };
            (topic, code)
        });
        Ok(refused.collect())
    }

    /// For what any broker can answer: one that does.
    fn options(&self) -> AdminOptions {
        options().broker_id(self.each.targets().first().copied().flatten())
    }

    fn failed(&self, action: &str, error: &KafkaError) -> ToolError {
        let code = match error {
            KafkaError::AdminOp(code) => Some(*code),
            other => other.rdkafka_error_code(),
        };
        match code {
            Some(code) => self.refused(action, code),
            None => request_failed(&self.brokers, action, error),
        }
    }

    fn refused(&self, action: &str, code: RDKafkaErrorCode) -> ToolError {
        let (brokers, reason) = (&self.brokers, advice::on(code));
        if is_of_rights(code) {
            return NotAllowed(format!("{brokers} may not {action} for this user: {reason}")).into();
        }
        let silence = self.silence().map(|silent| format!("; {silent}")).unwrap_or_default();
        request_failed(brokers, action, reason + &silence)
    }
}

/// The topics that have none.
fn without_settings(resources: &[ConfigResource]) -> String {
    let none = resources.iter().filter(|resource| resource.entries.is_empty());
    let names = none.filter_map(|resource| match &resource.specifier {
        OwnedResourceSpecifier::Topic(name) => Some(name.as_str()),
        _ => None,
    });
    names.collect::<Vec<_>>().join(", ")
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(ANSWER_TIMEOUT))
}

fn alteration<'a>(name: &'a str, settings: &'a BTreeMap<String, String>) -> AlterConfig<'a> {
    let start = AlterConfig::new(ResourceSpecifier::Topic(name));
    settings.iter().fold(start, |alter, (name, value)| alter.set(name, value))
}

fn new_topic(topic: &Desired) -> NewTopic<'_> {
    let partitions = i32::try_from(topic.partitions).unwrap_or(i32::MAX);
    let replicas = i32::try_from(topic.replicas).unwrap_or(i32::MAX);
    let new = NewTopic::new(&topic.name, partitions, TopicReplication::Fixed(replicas));
    topic.config.iter().fold(new, |new, (name, value)| new.set(name, value))
}

fn listed(metadata: &Metadata) -> (u32, BTreeMap<String, Present>) {
    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let topics = || metadata.topics().iter().filter(|topic| topic.error().is_none());
    let numbers = |topic: &MetadataTopic| {
        let partitions = topic.partitions();
        let replicas = partitions.iter().map(|partition| partition.replicas().len()).min();
        let in_sync =
            |partition: &MetadataPartition| (partition.leader() >= 0).then_some(partition.isr().len());
        let present = Present {
            partitions: count(partitions.len()),
            replicas: count(replicas.unwrap_or_default()),
            in_sync: partitions.iter().map(in_sync).collect(),
            ..Present::default()
        };
        (topic.name().to_owned(), present)
    };
    let alive = metadata.brokers().iter().map(MetadataBroker::id);
    let replicas = topics().flat_map(MetadataTopic::partitions).flat_map(MetadataPartition::replicas);
    (count(brokers(alive, replicas.copied())), topics().map(numbers).collect())
}

/// How many there are: one that is away has replicas all the same, and topics that are made meanwhile must not have fewer for it.
fn brokers(alive: impl Iterator<Item = i32>, of_replicas: impl Iterator<Item = i32>) -> usize {
    alive.chain(of_replicas).collect::<BTreeSet<_>>().len()
}

fn config(entries: Vec<ConfigEntry>) -> BTreeMap<String, Setting> {
    let setting = |entry: ConfigEntry| {
        let is_own = entry.source == ConfigSource::DynamicTopic;
        Some((entry.name, Setting { value: entry.value?, is_own }))
    };
    entries.into_iter().filter_map(setting).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topics_whose_settings_may_not_be_read_are_named() {
        let resource = |name: &str, entries| {
            let specifier = OwnedResourceSpecifier::Topic(name.to_owned());
            ConfigResource { specifier, entries }
        };
        let entry = ConfigEntry {
            name: "retention.ms".to_owned(),
            value: None,
            source: ConfigSource::Default,
            is_read_only: false,
            is_default: true,
            is_sensitive: false,
        };
        let resources =
            [resource("raw", vec![entry]), resource("inbox", Vec::new()), resource("dlq", Vec::new())];
        assert_eq!(without_settings(&resources), "inbox, dlq");
    }

    #[test]
    fn a_broker_that_is_away_counts_by_its_replicas() {
        assert_eq!(brokers([1, 3].into_iter(), [1, 2, 3, 2].into_iter()), 3);
        assert_eq!(brokers([1, 2].into_iter(), std::iter::empty()), 2);
    }
}
