//! What the brokers say of partitions: where they begin and end, and that a topic is gone.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};

use super::watch::ANSWER_TIMEOUT;
use crate::consumer::partition::offsets::PartitionProgress;
use crate::kafka::{TopicPartition, list};

/// How long it is asked again for parts of what failed together.
const IN_PARTS: Duration = Duration::from_secs(10);

/// A partition, and what is done of it.
pub(super) type Partition = (TopicPartition, Arc<PartitionProgress>);

/// Where partitions end.
pub(super) fn ends(client: &BaseConsumer, partitions: &[Partition]) -> KafkaResult<TopicPartitionList> {
    offsets(client, &partitions.iter().map(|(name, _)| name), Offset::End)
}

/// Where partitions begin or end; one that has no leader, whose topic is gone, or which fails has no offset there.
pub(super) fn offsets<'a>(
    client: &BaseConsumer,
    names: &(impl Iterator<Item = &'a TopicPartition> + Clone),
    which: Offset,
) -> KafkaResult<TopicPartitionList> {
    let ask = |part: &[&TopicPartition]| {
        client.offsets_for_times(list(part.iter().copied(), which)?, ANSWER_TIMEOUT)
    };
    in_parts(names.clone().collect(), Instant::now() + IN_PARTS, ask)
}

/// The answers of all parts that have one: an error of one partition is told of all that are asked for together, so they are asked for
/// again by topic and by halves.
fn in_parts(
    all: Vec<&TopicPartition>,
    deadline: Instant,
    ask: impl Fn(&[&TopicPartition]) -> KafkaResult<TopicPartitionList>,
) -> KafkaResult<TopicPartitionList> {
    let (mut parts, mut found, mut failure) = (VecDeque::from([all]), TopicPartitionList::new(), None);
    while let Some(part) = parts.pop_front() {
        match ask(&part) {
            Ok(of_part) => {
                for known in of_part.elements() {
                    found.add_partition_offset(known.topic(), known.partition(), known.offset())?;
                }
            }
            Err(error) => {
                parts.extend(smaller(&part, &error));
                failure = Some(error);
            }
        }
        if Instant::now() >= deadline {
            break;
        }
    }
    failure.filter(|_| found.count() == 0).map_or(Ok(found), Err)
}

/// What to ask for in the place of partitions of which one or all gave an error; nothing where it says nothing of partitions.
fn smaller<'a>(part: &[&'a TopicPartition], error: &KafkaError) -> Vec<Vec<&'a TopicPartition>> {
    let is_of_topic = match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::UnknownPartition
            | RDKafkaErrorCode::TopicAuthorizationFailed,
        ) => true,
        Some(
            RDKafkaErrorCode::NotLeaderForPartition
            | RDKafkaErrorCode::LeaderNotAvailable
            | RDKafkaErrorCode::ReplicaNotAvailable
            | RDKafkaErrorCode::KafkaStorageError
            | RDKafkaErrorCode::FencedLeaderEpoch
            | RDKafkaErrorCode::UnknownLeaderEpoch
            | RDKafkaErrorCode::OffsetNotAvailable,
        ) => false,
        _ => return Vec::new(),
    };
    let mut by_topic: BTreeMap<&str, Vec<&TopicPartition>> = BTreeMap::new();
    for name in part {
        by_topic.entry(&name.topic).or_default().push(name);
    }
    match by_topic.len() {
        1 if is_of_topic || part.len() == 1 => Vec::new(),
        1 => part.chunks(part.len().div_ceil(2)).map(<[_]>::to_vec).collect(),
        _ => by_topic.into_values().collect(),
    }
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// The partitions of which an end is found where `fails` says with what a question for these partitions fails, and the questions.
    fn found(
        fails: impl Fn(&TopicPartition) -> Option<RDKafkaErrorCode>,
    ) -> (KafkaResult<Vec<(String, i32)>>, usize) {
        let names: Vec<_> = ["a", "b"]
            .into_iter()
            .flat_map(|topic| (0..8).map(move |number| TopicPartition::new(topic, number)))
            .collect();
        let questions = Cell::new(0);
        let ask = |part: &[&TopicPartition]| {
            questions.set(questions.get() + 1);
            match part.iter().find_map(|name| fails(name)) {
                Some(code) => Err(KafkaError::MetadataFetch(code)),
                None => list(part.iter().copied(), Offset::Offset(7)),
            }
        };
        let answer = in_parts(names.iter().collect(), Instant::now() + IN_PARTS, ask);
        let names = answer.map(|found| {
            let of = |known: rdkafka::topic_partition_list::TopicPartitionListElem<'_>| {
                (known.topic().to_owned(), known.partition())
            };
            found.elements().into_iter().map(of).collect()
        });
        (names, questions.get())
    }

    #[test]
    fn an_error_of_one_partition_leaves_the_others_known() {
        let is_b3 = |name: &TopicPartition| *name.topic == *"b" && name.partition == 3;
        let (known, questions) = found(|name| is_b3(name).then_some(RDKafkaErrorCode::KafkaStorageError));
        let known = known.unwrap();
        assert_eq!(known.len(), 15);
        assert!(!known.contains(&(String::from("b"), 3)));
        assert!(questions < 12, "{questions}");
    }

    #[test]
    fn a_topic_that_is_gone_is_asked_for_once_more_and_an_outage_is_not() {
        let (known, questions) =
            found(|name| (*name.topic == *"b").then_some(RDKafkaErrorCode::UnknownTopicOrPartition));
        assert_eq!((known.unwrap().len(), questions), (8, 3));
        let (known, questions) = found(|_| Some(RDKafkaErrorCode::BrokerTransportFailure));
        assert!(known.is_err());
        assert_eq!(questions, 1);
        assert!(found(|_| Some(RDKafkaErrorCode::KafkaStorageError)).0.is_err());
    }
}
