//! What the brokers say of partitions: where they begin and end, and that a topic is gone.

use std::collections::BTreeSet;
use std::sync::Arc;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::metadata::MetadataTopic;
use rdkafka::{Offset, TopicPartitionList};

use super::watch::ANSWER_WITHIN;
use crate::consumer::partition::offsets::PartitionProgress;
use crate::kafka::{TopicPartition, list};

/// A partition, and what is done of it.
pub(super) type Partition = (TopicPartition, Arc<PartitionProgress>);

/// Where partitions end.
pub(super) fn ends(client: &BaseConsumer, partitions: &[Partition]) -> KafkaResult<TopicPartitionList> {
    offsets(client, &partitions.iter().map(|(name, _)| name), Offset::End)
}

/// Where partitions begin or end; one that has no leader, or whose topic is gone, has no offset there.
pub(super) fn offsets<'a>(
    client: &BaseConsumer,
    names: &(impl Iterator<Item = &'a TopicPartition> + Clone),
    which: Offset,
) -> KafkaResult<TopicPartitionList> {
    let ask = |topic: Option<&str>| {
        let asked = names.clone().filter(|name| topic.is_none_or(|topic| *name.topic == *topic));
        client.offsets_for_times(list(asked, which)?, ANSWER_WITHIN)
    };
    let answer = ask(None);
    let is_gone =
        |error: &KafkaError| error.rdkafka_error_code() == Some(RDKafkaErrorCode::UnknownTopicOrPartition);
    if !answer.as_ref().is_err_and(is_gone) {
        return answer;
    }
    // One topic that is gone is told of all that were asked for.
    let topics: BTreeSet<&str> = names.clone().map(|name| &*name.topic).collect();
    let mut found = TopicPartitionList::new();
    for topic in topics {
        for partition in ask(Some(topic)).iter().flat_map(TopicPartitionList::elements) {
            found.add_partition_offset(partition.topic(), partition.partition(), partition.offset())?;
        }
    }
    Ok(found)
}

/// The offset that an answer has for a partition, if it has one.
pub(super) fn offset_of(
    answer: &TopicPartitionList,
    TopicPartition { topic, partition }: &TopicPartition,
) -> Option<i64> {
    let found = answer.find_partition(topic, *partition)?;
    match (found.error(), found.offset()) {
        (Ok(()), Offset::Offset(offset)) => Some(offset),
        _ => None,
    }
}

/// Those of the topics that this client has no partition of, and that the brokers do not have, or do not show.
///
/// All topics are listed rather than these named, because naming a topic makes it where a broker creates topics by itself.
pub(super) fn gone<'a>(
    client: &BaseConsumer,
    topics: &'a [String],
    partitions: &[Partition],
) -> Vec<&'a str> {
    let has_any = |topic: &str| partitions.iter().any(|(name, _)| *name.topic == *topic);
    let mut without: Vec<&str> = topics.iter().map(String::as_str).filter(|topic| !has_any(topic)).collect();
    if !without.is_empty() {
        let Ok(metadata) = client.fetch_metadata(None, ANSWER_WITHIN) else { return Vec::new() };
        let present = metadata.topics().iter().filter(|topic| topic.error().is_none());
        let present: BTreeSet<&str> = present.map(MetadataTopic::name).collect();
        without.retain(|topic| !present.contains(topic));
    }
    without
}
