//! What a broker says of the cluster.

use super::super::super::produce::name;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{BrokerId, MetadataResponse};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

pub(in super::super::super) fn cluster(
    brokers: impl IntoIterator<Item = i32>,
    topics: Vec<MetadataResponseTopic>,
) -> MetadataResponse {
    let brokers = brokers.into_iter().map(|id| {
        let host = StrBytes::from_static_str("localhost");
        MetadataResponseBroker::default().with_node_id(BrokerId(id)).with_host(host).with_port(9092)
    });
    MetadataResponse::default().with_brokers(brokers.collect()).with_topics(topics)
}

/// A topic whose partitions have these leaders, -1 for none, and epochs.
pub(in super::super::super) fn topic(
    named: &str,
    id: u128,
    error: i16,
    leaders: impl IntoIterator<Item = (i32, i32)>,
) -> MetadataResponseTopic {
    let partitions = (0..).zip(leaders).map(|(number, (leader, epoch))| {
        MetadataResponsePartition::default()
            .with_partition_index(number)
            .with_leader_id(BrokerId(leader))
            .with_leader_epoch(epoch)
    });
    MetadataResponseTopic::default()
        .with_name(Some(name(named)))
        .with_topic_id(Uuid::from_u128(id))
        .with_error_code(error)
        .with_partitions(partitions.collect())
}
