//! Who reads what ingest writes: the consumer groups of Weir, their members and how far behind they are.

use super::check::{Check, Fact, Judged, Nothing};
use crate::kafka::request::is_of_rights;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};
use runtime::settings::KafkaSettings;
use schemas::Topic;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long a broker may take to answer.
const ANSWER: Duration = Duration::from_secs(10);
/// Who has not done what is older than this is too late; the alert `WeirConsumerLag` has the same.
pub(super) const LATE: Duration = Duration::from_mins(5);
/// Each group, named as its binary, and the topic of its dead letters, which knows what it reads.
const GROUPS: [(&str, Topic); 4] = [
    ("weir-messages", Topic::MessagesDlq),
    ("weir-lookups", Topic::LookupsDlq),
    ("weir-replies", Topic::RepliesDlq),
    ("weir-metrics", Topic::MetricsDlq),
];

const NEVER: &str = "Well, if it is not to run here. Otherwise: is it deployed, and are its --brokers these?";
const NOBODY: &str = "\
Start it: `kubectl get pods`, and the log of what ended. Is it not to run any more, delete the group: \
`kafka-consumer-groups --delete --group NAME`.";
const BEHIND: &str = "\
Its log and metrics say what it waits for: docs/operations.md, WeirConsumerLag and WeirConsumerStuck.";

/// A group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) members: usize,
    /// Whether it ever committed anything.
    pub(super) has_committed: bool,
    /// Offsets that it has not done.
    pub(super) lag: u64,
    /// Those of them that are older than [`LATE`].
    pub(super) late: u64,
}

/// Reads all of them, in the order of their names here; blocks.
pub(super) fn read(kafka: &KafkaSettings, prefix: &str, now: SystemTime) -> Vec<Fact<Group>> {
    let groups = GROUPS.into_iter().map(|(name, dead_letters)| {
        let topics: Vec<String> = dead_letters.sources().iter().map(|topic| topic.name(prefix)).collect();
        group(kafka, name, &topics, now)
    });
    groups.collect()
}

fn group(kafka: &KafkaSettings, name: &str, topics: &[String], now: SystemTime) -> Fact<Group> {
    let mut config = kafka.client_config("weir");
    // It never subscribes, so it joins nothing, and it commits nothing.
    config.set("group.id", name).set("enable.auto.commit", "false").set("allow.auto.create.topics", "false");
    let client: BaseConsumer = config.create()?;
    let partitions = partitions(&client, topics)?;
    let listed = client.fetch_group_list(Some(name), ANSWER).map_err(nothing)?;
    let members = listed.groups().iter().map(|group| group.members().len()).sum();
    let committed = client.committed_offsets(at(&partitions, Offset::Invalid)?, ANSWER);
    let committed = committed.and_then(|committed| offsets(&committed)).map_err(nothing)?;
    let find = |time| {
        let found = client.offsets_for_times(at(&partitions, time)?, ANSWER);
        found.and_then(|found| offsets(&found)).map_err(nothing)
    };
    let late = (now - LATE).duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let (begins, ends) = (find(Offset::Beginning)?, find(Offset::End)?);
    let late = find(Offset::Offset(i64::try_from(late).unwrap_or(i64::MAX)))?;
    let mut group = Group { members, has_committed: !committed.is_empty(), ..Group::default() };
    for partition in &partitions {
        let end = ends.get(partition).copied().unwrap_or_default();
        let begin = begins.get(partition).copied().unwrap_or_default();
        let next = committed.get(partition).copied().unwrap_or_default().max(begin);
        let until = |offset: i64| u64::try_from(offset - next).unwrap_or_default();
        group.lag += until(end);
        group.late += until(late.get(partition).copied().unwrap_or(end));
    }
    Ok(group)
}

type Partition = (String, i32);

/// Those of all topics; without one of them nobody can tell what waits.
fn partitions(client: &BaseConsumer, topics: &[String]) -> Fact<Vec<Partition>> {
    let metadata = client.fetch_metadata(None, ANSWER).map_err(nothing)?;
    let mut partitions = Vec::new();
    for name in topics {
        let topic = metadata.topics().iter().find(|topic| topic.name() == name);
        let topic = topic.ok_or_else(|| {
            Nothing::Untold(format!("{name} is not there, or may not be seen by this user"))
        })?;
        if topic.partitions().iter().any(|partition| partition.leader() < 0) {
            return Err(Nothing::Untold(format!("a partition of {name} has no leader, see above")));
        }
        partitions.extend(topic.partitions().iter().map(|partition| (name.clone(), partition.id())));
    }
    Ok(partitions)
}

fn at(partitions: &[Partition], offset: Offset) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    for (topic, partition) in partitions {
        list.add_partition_offset(topic, *partition, offset)?;
    }
    Ok(list)
}

/// Those that there are; an error where a broker did not tell one.
fn offsets(found: &TopicPartitionList) -> KafkaResult<BTreeMap<Partition, i64>> {
    let mut offsets = BTreeMap::new();
    for element in found.elements() {
        element.error()?;
        if let Offset::Offset(offset) = element.offset() {
            offsets.insert((element.topic().to_owned(), element.partition()), offset);
        }
    }
    Ok(offsets)
}

/// That this user may not read something is no fault of the group.
fn nothing(error: KafkaError) -> Nothing {
    match error.rdkafka_error_code() {
        Some(code) if is_of_rights(code) => Nothing::Untold(format!("this user may not ask ({code})")),
        // Whether the brokers answer at all is a check of its own.
        Some(RDKafkaErrorCode::OperationTimedOut) => {
            Nothing::Untold("no answer in time, as where this user may not ask".to_owned())
        }
        _ => error.into(),
    }
}

/// A check for each group.
pub(super) fn checks(groups: &Fact<Vec<Fact<Group>>>) -> Vec<Check> {
    let check = |(place, (name, _)): (usize, &(&'static str, Topic))| {
        let group = groups.as_ref().map_err(Clone::clone).and_then(|groups| groups[place].clone());
        Judged::of(&group, "", judge).check("consumers", *name)
    };
    GROUPS.iter().enumerate().map(check).collect()
}

fn judge(group: &Group) -> Judged {
    let Group { members, has_committed, lag, late } = group;
    match (members, has_committed) {
        (0, false) => Judged::unknown("it has never read here", NEVER),
        (0, true) => Judged::fail(format!("no member reads, and {lag} records wait"), NOBODY),
        _ if *late > 0 => {
            let found = format!("members: {members}; {late} records wait for more than 5 minutes, of {lag}");
            Judged::fail(found, BEHIND)
        }
        _ => Judged::pass(format!("members: {members}; records that wait: {lag}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict::{self, Fail, Pass, Unknown};
    use super::*;

    #[test]
    fn a_group_is_judged_by_who_reads_and_what_waits_for_long() {
        let judge = |members, has_committed, lag, late| -> Verdict {
            judge(&Group { members, has_committed, lag, late }).verdict
        };
        assert_eq!(judge(0, false, 7, 7), Unknown);
        assert_eq!(judge(0, true, 0, 0), Fail);
        assert_eq!(judge(2, true, 900, 0), Pass);
        assert_eq!(judge(2, true, 900, 1), Fail);
        assert_eq!(judge(1, false, 0, 0), Pass);
    }

    #[test]
    fn each_group_reads_what_its_dead_letters_come_from() {
        for (name, dead_letters) in GROUPS {
            assert!(!dead_letters.sources().is_empty(), "{name}");
            assert!(dead_letters.name("meta").contains(name.trim_start_matches("weir-")), "{name}");
        }
    }
}
