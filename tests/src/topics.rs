//! Making topics, and changing them.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::metadata::Metadata;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::until::until;

const WITHIN: Duration = Duration::from_mins(1);

/// Makes topics with as many replicas as the broker makes by default, and waits until every partition of them has a leader.
///
/// # Errors
///
/// When the broker refuses one (it is there already, say) or does not answer.
pub async fn create(bootstrap: &str, names: &[&str], partitions: i32) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", bootstrap).create().context("making an admin client")?;
    let wanted: Vec<_> =
        names.iter().map(|name| NewTopic::new(name, partitions, TopicReplication::Fixed(-1))).collect();
    let options = AdminOptions::new().operation_timeout(Some(WITHIN)).request_timeout(Some(WITHIN));
    for result in admin.create_topics(&wanted, &options).await.context("asking for topics")? {
        if let Err((topic, code)) = result {
            bail!("making the topic {topic}: {code}");
        }
    }
    until("leaders of the new topics", WITHIN, async || {
        let metadata = admin.inner().fetch_metadata(None, WITHIN).context("asking for the new topics")?;
        Ok(names.iter().all(|name| has_leaders(&metadata, name, partitions)).then_some(()))
    })
    .await
}

/// Adds partitions to a topic, so that it has `partitions`, and waits until every one has a leader.
///
/// # Errors
///
/// As [`create`].
pub async fn widen(bootstrap: &str, name: &str, partitions: i32) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", bootstrap).create().context("making an admin client")?;
    let count = usize::try_from(partitions).context("counting partitions")?;
    let options = AdminOptions::new().operation_timeout(Some(WITHIN)).request_timeout(Some(WITHIN));
    let wanted = [NewPartitions::new(name, count)];
    for result in admin.create_partitions(&wanted, &options).await.context("asking for partitions")? {
        if let Err((topic, code)) = result {
            bail!("widening the topic {topic}: {code}");
        }
    }
    until("leaders of the new partitions", WITHIN, async || {
        let metadata = admin.inner().fetch_metadata(None, WITHIN).context("asking for the new partitions")?;
        Ok(has_leaders(&metadata, name, partitions).then_some(()))
    })
    .await
}

/// Gives a topic a setting; those that it had of its own are gone.
///
/// # Errors
///
/// As [`create`].
pub async fn set(bootstrap: &str, name: &str, setting: &str, value: &str) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", bootstrap).create().context("making an admin client")?;
    let options = AdminOptions::new().operation_timeout(Some(WITHIN)).request_timeout(Some(WITHIN));
    let wanted = AlterConfig::new(ResourceSpecifier::Topic(name)).set(setting, value);
    for result in admin.alter_configs([&wanted], &options).await.context("asking for a setting")? {
        if let Err((_, code)) = result {
            bail!("setting {setting} of the topic {name}: {code}");
        }
    }
    Ok(())
}

/// Removes all records that a partition has now: its first offset is then the one behind its last.
///
/// # Errors
///
/// As [`create`].
pub async fn empty(bootstrap: &str, name: &str, partition: i32) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", bootstrap).create().context("making an admin client")?;
    let mut before = TopicPartitionList::new();
    before.add_partition_offset(name, partition, Offset::End).context("choosing the end")?;
    let options = AdminOptions::new().operation_timeout(Some(WITHIN)).request_timeout(Some(WITHIN));
    admin.delete_records(&before, &options).await.context("removing records")?;
    Ok(())
}

fn has_leaders(metadata: &Metadata, name: &str, partitions: i32) -> bool {
    let Some(topic) = metadata.topics().iter().find(|topic| topic.name() == name) else { return false };
    let led = topic.partitions().iter().filter(|partition| partition.leader() >= 0).count();
    i32::try_from(led) == Ok(partitions)
}
