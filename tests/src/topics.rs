//! Making topics, and changing them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaResult;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use schemas::Topic;

use crate::process::Binary;
use crate::until::until;

const WITHIN: Duration = Duration::from_mins(1);
/// Far longer than the tool takes.
const APPLIED_WITHIN: Duration = Duration::from_mins(4);
/// As long as a broker may take to start.
const LED_WITHIN: Duration = Duration::from_mins(3);
/// How long one question to the leaders may take.
const ANSWER: Duration = Duration::from_secs(10);

/// Makes topics with as many replicas as the broker makes by default, and waits until every partition of them is led.
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
    until_led(bootstrap, names, partitions).await
}

/// Adds partitions to a topic, so that it has `partitions`, and waits until every one is led.
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
    until_led(bootstrap, &[name], partitions).await
}

/// Makes all topics of the pipeline with `weir topics apply`, to which `more` is said, and waits until they are led.
///
/// # Errors
///
/// When the tool is not built or fails, or the topics are not led within three minutes.
pub async fn apply(bootstrap: &str, prefix: &str, more: &[&str]) -> Result<()> {
    let args = ["topics", "apply", "--brokers", bootstrap, "--topic-prefix", prefix];
    let mut apply = Binary::start("weir", &[&args, more].concat(), &[])?;
    let status = apply.wait(APPLIED_WITHIN).await?;
    ensure!(status.success(), "weir topics apply: {status}\n{}{}", apply.stdout()?, apply.stderr()?);
    until_led(bootstrap, &Topic::ALL.map(|topic| topic.name(prefix)), 1).await
}

/// Waits until these topics have so many partitions at least, and a leader answers for each: that a partition has a leader is told
/// before that broker leads it, and until then, which takes seconds on a busy machine, it refuses questions and records.
///
/// # Errors
///
/// When it does not come to that within three minutes.
async fn until_led(bootstrap: &str, names: &[impl AsRef<str>], partitions: i32) -> Result<()> {
    let client: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", bootstrap).create().context("making a client")?;
    let client = Arc::new(client);
    let names: Arc<[String]> = names.iter().map(|name| name.as_ref().to_owned()).collect();
    let count = usize::try_from(partitions).context("counting partitions")?;
    until("leaders of the partitions", LED_WITHIN, async || {
        let (client, names) = (Arc::clone(&client), Arc::clone(&names));
        let asked = tokio::task::spawn_blocking(move || are_led(&client, &names, count)).await;
        // An error is one of the moment, or the wait ends in vain.
        Ok(asked.context("a client stopped")?.unwrap_or(false).then_some(()))
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

/// Deletes a topic.
///
/// # Errors
///
/// As [`create`].
pub async fn delete(bootstrap: &str, name: &str) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", bootstrap).create().context("making an admin client")?;
    let options = AdminOptions::new().operation_timeout(Some(WITHIN)).request_timeout(Some(WITHIN));
    for result in admin.delete_topics(&[name], &options).await.context("asking for its end")? {
        if let Err((topic, code)) = result {
            bail!("deleting the topic {topic}: {code}");
        }
    }
    Ok(())
}

/// Has `weir topics apply` make a topic that was deleted, and waits until it is there with fewer records than so many, as the old one had:
/// what a process still has for it comes at once.
///
/// # Errors
///
/// As [`apply`].
pub async fn make_again(bootstrap: &str, prefix: &str, topic: Topic, fewer_than: usize) -> Result<()> {
    let name = topic.name(prefix);
    until("a new topic", LED_WITHIN, async || {
        // As long as the old one is on its way out, it is not made again.
        apply(bootstrap, prefix, &[]).await?;
        let records = crate::reader::read(bootstrap, &name).await;
        Ok(records.ok().filter(|records| records.len() < fewer_than).map(drop))
    })
    .await
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

/// Whether the leader of every partition says where it ends.
fn are_led(client: &BaseConsumer, names: &[String], partitions: usize) -> KafkaResult<bool> {
    let metadata = client.fetch_metadata(None, ANSWER)?;
    let mut ends = TopicPartitionList::new();
    for name in names {
        let topic = metadata.topics().iter().find(|topic| topic.name() == name);
        let Some(topic) = topic.filter(|topic| topic.partitions().len() >= partitions) else {
            return Ok(false);
        };
        for partition in topic.partitions() {
            // As a time `End` means the latest.
            ends.add_partition_offset(name, partition.id(), Offset::End)?;
        }
    }
    let ends = client.offsets_for_times(ends, ANSWER)?;
    Ok(ends.elements().iter().all(|partition| partition.error().is_ok()))
}
