//! `weir topics`: the topics that the pipeline needs, compared with those of a cluster, and made there.
//!
//! What is desired comes from the one table of `schemas` ([`desired`]); what is there is read by [`cluster`];
//! [`difference`] compares the two without touching either.

mod advice;
mod apply;
mod cluster;
mod desired;
mod difference;
mod plan;
mod settings;

use crate::kafka::NotAllowed;
use crate::tool::{Result, ToolError, Work, tool, work};
use cluster::Cluster;
use desired::Desired;
use difference::Finding;
use runtime::settings::KafkaSettings;
pub(crate) use settings::TopicsSettings;
use std::time::Duration;

tool! {
    /// Show or make the topics that the pipeline needs on a Kafka cluster
    pub(crate) const TOOL: "topics" = Work::Tools(&[PLAN, APPLY]);
}

tool! {
    /// Show which topics are missing or differ; changes nothing
    ///
    /// Compares the topics of Weir with those of the cluster: whether they are there, their partitions, replicas, retention.ms,
    /// cleanup.policy, max.message.bytes, from 3 replicas on min.insync.replicas and, with --broker-disk, retention.bytes. Other
    /// settings, and other topics, are left alone.
    ///
    /// Exit code 0: all as desired; 1: the cluster cannot be read; 3: something is missing or differs.
    ///
    /// Examples:
    ///   weir topics plan --brokers localhost:9092
    const PLAN: "plan" = work!(TopicsSettings, plan::run);
}

tool! {
    /// Make the missing topics, and set the settings that differ
    ///
    /// Makes what `weir topics plan` shows as missing, and sets the settings that differ; settings that Weir does not own stay as
    /// they are. It can be run again at any time.
    ///
    /// The partitions of a topic that is there are never changed: more of them would move keys to other partitions and break the
    /// order of conversations. Nor are its replicas, which is Kafka's own tool's job (kafka-reassign-partitions). Both are reported.
    ///
    /// Exit code 0: all as desired; 1: the cluster refused something; 3: partitions or replicas differ.
    ///
    /// Examples:
    ///   weir topics apply --brokers kafka-1:9093,kafka-2:9093 --kafka-config client.properties
    ///   weir topics apply --brokers localhost:9092 --partitions 3 --topic-prefix test
    const APPLY: "apply" = work!(TopicsSettings, apply::run);
}

/// A topic of the table, and how the cluster's compares with it.
#[derive(Clone, Debug)]
struct Compared {
    desired: Desired,
    finding: Finding,
    /// What of it takes no records now.
    unwritable: Vec<String>,
}

/// Compares every topic of the table with the cluster.
async fn compare(cluster: &Cluster, settings: &TopicsSettings) -> Result<Vec<Compared>> {
    let (compared, undescribed) = compare_described(cluster, settings).await?;
    undescribed.map_or(Ok(compared), Err)
}

/// The same, also of a user who may not read the settings of all topics: then no settings are compared, and why that is comes beside.
async fn compare_described(
    cluster: &Cluster,
    settings: &TopicsSettings,
) -> Result<(Vec<Compared>, Option<ToolError>)> {
    let (brokers, mut present) = cluster.list().await?;
    let mut desired = desired::topics(settings, brokers, &present);
    present.retain(|name, _| desired.iter().any(|topic| topic.name == *name));
    let undescribed = match cluster.describe(present.clone()).await {
        Ok(described) => {
            present = described;
            None
        }
        Err(error) if error.is::<NotAllowed>() => {
            for topic in &mut desired {
                topic.config.clear();
            }
            Some(error)
        }
        Err(error) => return Err(error),
    };
    let compared = desired.into_iter().map(|desired| {
        let present = present.get(&desired.name);
        let unwritable = present.map(difference::unwritable).unwrap_or_default();
        Compared { finding: difference::compare(&desired, present), unwritable, desired }
    });
    Ok((compared.collect(), undescribed))
}

/// What is wrong with the topics of a cluster, a line for each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    /// What is missing or differs.
    pub(crate) differences: Vec<String>,
    /// What takes no records now.
    pub(crate) unwritable: Vec<String>,
    /// Why the settings of topics were not compared; in sync are replicas enough then where one is.
    pub(crate) undescribed: Option<String>,
    /// The brokers that do not answer, in a sentence without its end.
    pub(crate) silence: Option<String>,
}

/// Looks for all of them.
pub(crate) async fn faults(settings: &TopicsSettings) -> Result<Faults> {
    let cluster = Cluster::connect(&settings.kafka).await?;
    let mut faults = Faults { silence: cluster.silence(), ..Faults::default() };
    let (compared, undescribed) = compare_described(&cluster, settings).await?;
    faults.undescribed = undescribed.map(|error| error.to_string());
    for Compared { desired: Desired { name, .. }, finding, unwritable } in compared {
        faults.unwritable.extend(unwritable.iter().map(|what| format!("{name}: {what}")));
        faults.differences.extend(match finding {
            Finding::Fine => None,
            Finding::Missing => Some(format!("{name} is missing")),
            Finding::Differs { stays, settings, .. } => {
                Some(format!("{name}: {}", plan::sentence(&stays, &settings)))
            }
        });
    }
    Ok(faults)
}

/// How long a cluster keeps the records of a topic, [`Duration::MAX`] where without end; none where the topic is not there, or
/// where it goes by bytes too.
pub(crate) async fn retention(kafka: &KafkaSettings, topic: &str) -> Result<Option<Duration>> {
    let cluster = Cluster::connect(kafka).await?;
    let (_, mut present) = cluster.list().await?;
    present.retain(|name, _| name == topic);
    let present = cluster.describe(present).await?;
    let number = |name| present.get(topic)?.config.get(name)?.value.parse::<i64>().ok();
    let goes_by_bytes = number("retention.bytes") != Some(-1);
    let retention = number("retention.ms").filter(|_| !goes_by_bytes);
    Ok(retention.map(|millis| u64::try_from(millis).map_or(Duration::MAX, Duration::from_millis)))
}
