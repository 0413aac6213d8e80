//! What the brokers say of partitions: where they begin and end, and that a topic is gone.

use std::collections::BTreeSet;
use std::sync::Arc;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};

use super::watch::ANSWER_TIMEOUT;
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
        client.offsets_for_times(list(asked, which)?, ANSWER_TIMEOUT)
    };
    let answer = ask(None);
    let code = answer.as_ref().err().and_then(KafkaError::rdkafka_error_code);
    if !matches!(code, Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownPartition)) {
        return answer;
    }
    // One topic that is gone is told of all that were asked for.
    let topics: BTreeSet<&str> = names.clone().map(|name| &*name.topic).collect();
    let (mut found, mut failure) = (TopicPartitionList::new(), None);
    for topic in topics {
        match ask(Some(topic)) {
            Ok(of_topic) => {
                for partition in of_topic.elements() {
                    found.add_partition_offset(
                        partition.topic(),
                        partition.partition(),
                        partition.offset(),
                    )?;
                }
            }
            Err(error) => failure = Some(error),
        }
    }
    failure.filter(|_| found.count() == 0).map_or(Ok(found), Err)
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
pub(super) fn gone<'a>(
    client: &BaseConsumer,
    topics: &'a [String],
    partitions: &[Partition],
) -> Vec<&'a str> {
    let has_any = |topic: &str| partitions.iter().any(|(name, _)| *name.topic == *topic);
    // A consumer makes no topic by naming it.
    let is_gone = |topic: &&str| {
        let metadata = client.fetch_metadata(Some(topic), ANSWER_TIMEOUT);
        metadata.is_ok_and(|metadata| {
            metadata.topics().iter().any(|told| told.name() == *topic && told.error().is_some_and(is_unknown))
        })
    };
    topics.iter().map(String::as_str).filter(|topic| !has_any(topic)).filter(is_gone).collect()
}

fn is_unknown(error: RDKafkaRespErr) -> bool {
    matches!(
        error,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
            | RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED
    )
}
