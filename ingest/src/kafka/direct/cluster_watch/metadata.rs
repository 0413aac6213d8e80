//! Asks a broker where the topics are.

use super::super::address::Address;
use super::super::call::call;
use super::super::connection::{Connection, ConnectionError};
use super::super::state::{Cluster, SeenPartition, SeenTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{MetadataResponsePartition, MetadataResponseTopic};
use kafka_protocol::messages::{MetadataRequest, MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

/// The brokers, and these topics; none is made by asking.
pub(super) async fn ask(
    connection: &mut Connection,
    client_id: &str,
    topics: &[String],
) -> Result<Cluster, ConnectionError> {
    let name = |name: &String| Some(TopicName(StrBytes::from_string(name.clone())));
    let named = topics.iter().map(|topic| MetadataRequestTopic::default().with_name(name(topic)));
    let question =
        MetadataRequest::default().with_topics(Some(named.collect())).with_allow_auto_topic_creation(false);
    let answer = call(&mut *connection.stream, client_id, connection.metadata_version, &question).await?;
    // What is known of topics is not taken away by one that does not know itself yet.
    if answer.brokers.is_empty() {
        return Err(ConnectionError::Starting);
    }
    Ok(cluster(answer))
}

fn cluster(answer: MetadataResponse) -> Cluster {
    let brokers = answer.brokers.iter().filter_map(|broker| {
        let address = Address { host: broker.host.to_string(), port: u16::try_from(broker.port).ok()? };
        Some((broker.node_id.0, address))
    });
    Cluster { brokers: brokers.collect(), topics: answer.topics.into_iter().filter_map(topic).collect() }
}

fn topic(seen: MetadataResponseTopic) -> Option<SeenTopic> {
    Some(SeenTopic {
        name: seen.name?.to_string(),
        id: seen.topic_id.as_u128(),
        error: i32::from(seen.error_code),
        partitions: seen.partitions.iter().map(partition).collect(),
    })
}

/// A partition whose leader is away has an error and the leader -1.
fn partition(seen: &MetadataResponsePartition) -> SeenPartition {
    let leader = Some(seen.leader_id.0).filter(|leader| *leader >= 0);
    SeenPartition { number: seen.partition_index, leader, epoch: seen.leader_epoch }
}
