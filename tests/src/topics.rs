//! Making topics.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::metadata::Metadata;

use crate::until::until;

const WITHIN: Duration = Duration::from_secs(20);

/// Makes topics with one replica each, and waits until every partition of them has a leader.
///
/// # Errors
///
/// When the broker refuses one (it is there already, say) or does not answer.
pub async fn create(bootstrap: &str, names: &[&str], partitions: i32) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", bootstrap).create().context("making an admin client")?;
    let wanted: Vec<_> =
        names.iter().map(|name| NewTopic::new(name, partitions, TopicReplication::Fixed(1))).collect();
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

fn has_leaders(metadata: &Metadata, name: &str, partitions: i32) -> bool {
    let Some(topic) = metadata.topics().iter().find(|topic| topic.name() == name) else { return false };
    let led = topic.partitions().iter().filter(|partition| partition.leader() >= 0).count();
    i32::try_from(led) == Ok(partitions)
}
