//! Who reads what ingest writes: the consumer groups of Weir, their members and how far behind they are.

use super::check::{Check, CheckResult, Deadline, NotKnown, Observed};
use crate::kafka::{answered, is_of_rights};
use crate::topics::TopicsSettings;
use futures_util::future::join_all;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::groups::GroupInfo;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};
use runtime::kafka::subscription;
use runtime::settings::KafkaSettings;
use schemas::Topic;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use weir_messages::Input;

/// How long everything about a group may take.
const LOOK_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a broker may take to answer.
const ANSWER: Duration = Duration::from_secs(10);
/// Who has not done what is older than this is too late; the alert `WeirConsumerLag` has the same.
pub(super) const LATE_AFTER: Duration = Duration::from_mins(5);
/// Each group, those that only some start last, and what one of them reads only where it is told to, which may be far behind on
/// its own.
static READERS: [Reader; 7] = [
    Reader::of("weir-messages", Topic::MessagesDlq),
    Reader::of("weir-lookups", Topic::LookupsDlq),
    Reader {
        name: "weir-lookups (profiles)",
        is_optional: true,
        ..Reader::of("weir-lookups", Topic::LookupsDlq)
    },
    Reader::of("weir-replies", Topic::RepliesDlq),
    Reader::of("weir-metrics", Topic::MetricsDlq),
    Reader::of("weir-media", Topic::MediaDlq),
    Reader { is_optional: true, ..Reader::of(Input::Feed.group(), Topic::MessagesDlq) },
];

const NEVER: &str = "Well, if it is not to run here. Otherwise: is it deployed, and are its --brokers these?";
const NOBODY: &str = "\
Start it: `kubectl get pods`, and the log of what ended. Where it runs, its /readyz?verbose says as [!]group or \
[!]brokers why it got nothing. Is it not to run any more, delete the group: \
`kafka-consumer-groups --delete --group NAME`.";
const BEHIND: &str = "\
Its log and metrics say what it waits for: docs/operations.md, WeirConsumerLag and WeirConsumerStuck.";

const SHARED: &str = "\
Is the --topic-prefix given here that of what runs? Then there are two: one Kafka carries one Weir, whatever its prefix. Stop the \
other, or give it another Kafka: docs/operations.md, Topics.";

/// Who reads some topics.
#[derive(Clone, Copy)]
struct Reader {
    name: &'static str,
    /// Named as what runs it.
    group: &'static str,
    /// The topic of its dead letters, which knows what it reads.
    dead_letters: Topic,
    /// Whether these are the topics that are read only where somebody is told to.
    is_optional: bool,
}

impl Reader {
    const fn of(group: &'static str, dead_letters: Topic) -> Self {
        Self { name: group, group, dead_letters, is_optional: false }
    }

    const fn topics(&self) -> &'static [Topic] {
        if self.is_optional { self.dead_letters.optional_sources() } else { self.dead_letters.sources() }
    }
}

/// A group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) members: usize,
    /// Whether it ever committed anything.
    pub(super) has_committed: bool,
    /// Offsets that it has not done.
    pub(super) lag: u64,
    /// Those of them that are older than [`LATE_AFTER`].
    pub(super) late: u64,
    /// A topic of another Weir, or of whoever else is a member, that it shares the group with.
    pub(super) shared_with: Option<String>,
}

/// Reads all of them, in the order of their names here; nothing of what is not switched on. They are asked at the same time,
/// since each may take as long as a broker may that does not answer who may not ask.
pub(super) async fn query(
    settings: Observed<&TopicsSettings>,
    deadline: Deadline,
) -> Vec<Observed<Option<Group>>> {
    let ask = async |reader: &'static Reader| {
        let TopicsSettings { kafka, topic_prefix, .. } = settings.clone()?;
        let topics: Vec<_> = reader.topics().iter().map(|topic| topic.name(topic_prefix)).collect();
        let kafka = kafka.clone();
        let prefix = topic_prefix.clone();
        let query = move || query_group(&kafka, reader, (&prefix, &topics), SystemTime::now());
        deadline.look(LOOK_TIMEOUT, async { tokio::task::spawn_blocking(query).await? }).await
    };
    join_all(READERS.iter().map(ask)).await
}

fn query_group(
    kafka: &KafkaSettings,
    reader: &Reader,
    (prefix, topics): (&str, &[String]),
    now: SystemTime,
) -> Observed<Option<Group>> {
    let name = reader.group;
    let mut config = kafka.client_config("weir");
    // It never subscribes, so it joins nothing, and it commits nothing.
    config.set("group.id", name).set("enable.auto.commit", "false").set("allow.auto.create.topics", "false");
    let client: BaseConsumer = config.create()?;
    let partitions = partitions(&client, topics)?;
    let listed = answered(&client, ANSWER, |client| client.fetch_group_list(Some(name), ANSWER));
    let listed = listed.map_err(not_known)?;
    let joined = listed.groups().iter().flat_map(GroupInfo::members);
    let subscribed: Vec<_> = joined.map(|member| subscription::topics(member.metadata()?)).collect();
    let is_of_reader = |name: &&str| topics.iter().any(|topic| topic == name);
    let reads_them: Vec<Option<bool>> =
        subscribed.iter().map(|names| Some(names.as_ref()?.iter().any(is_of_reader))).collect();
    let shared_with = subscribed.iter().flatten().find_map(|names| foreign(names, prefix)).map(str::to_owned);
    let committed = client.committed_offsets(partitions.clone(), ANSWER);
    let committed = committed.and_then(|committed| offsets(&committed)).map_err(not_known)?;
    let Some(members) = active_members(reader, &reads_them, !committed.is_empty()) else { return Ok(None) };
    let find = |time| {
        let mut at = partitions.clone();
        at.set_all_offsets(time)?;
        let found = client.offsets_for_times(at, ANSWER);
        found.and_then(|found| offsets(&found)).map_err(not_known)
    };
    let late_before = (now - LATE_AFTER).duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let (begins, ends) = (find(Offset::Beginning)?, find(Offset::End)?);
    let late_ends = find(Offset::Offset(i64::try_from(late_before).unwrap_or(i64::MAX)))?;
    let mut group = Group { members, has_committed: !committed.is_empty(), shared_with, ..Group::default() };
    for partition in partitions.to_topic_map().keys() {
        let end = ends.get(partition).copied().unwrap_or_default();
        let begin = begins.get(partition).copied().unwrap_or_default();
        let next = committed.get(partition).copied().unwrap_or_default().max(begin);
        let until = |offset: i64| u64::try_from(offset - next).unwrap_or_default();
        group.lag += until(end);
        group.late += until(late_ends.get(partition).copied().unwrap_or(end));
    }
    Ok(Some(group))
}

/// The first of a member's topics, where none is of this prefix.
fn foreign<'a>(names: &[&'a str], prefix: &str) -> Option<&'a str> {
    if names.iter().any(|name| Topic::named(name, prefix).is_some()) { None } else { names.first().copied() }
}

/// How many members read its topics, by what each says of that; nothing where it was not told to read them. What was
/// committed stays for days after it was told no more, and may be all that a group without members is known by.
fn active_members(reader: &Reader, reads_them: &[Option<bool>], has_committed: bool) -> Option<usize> {
    if !reader.is_optional {
        return Some(reads_them.len());
    }
    let known: Vec<bool> = reads_them.iter().copied().flatten().collect();
    if known.is_empty() {
        return has_committed.then_some(reads_them.len());
    }
    let members = known.into_iter().filter(|reads| *reads).count();
    (members > 0).then_some(members)
}

/// Those of all topics; without one of them nobody can tell what waits.
fn partitions(client: &BaseConsumer, topics: &[String]) -> Observed<TopicPartitionList> {
    let metadata = client.fetch_metadata(None, ANSWER).map_err(not_known)?;
    let mut partitions = TopicPartitionList::new();
    for name in topics {
        let topic = metadata.topics().iter().find(|topic| topic.name() == name);
        let topic = topic.ok_or_else(|| {
            NotKnown::Untold(format!("{name} is not there, or may not be seen by this user"))
        })?;
        for partition in topic.partitions() {
            if partition.leader() < 0 {
                return Err(NotKnown::Untold(format!("a partition of {name} has no leader, see above")));
            }
            partitions.add_partition(name, partition.id());
        }
    }
    Ok(partitions)
}

/// Those that there are; an error where a broker did not tell one.
fn offsets(found: &TopicPartitionList) -> KafkaResult<BTreeMap<(String, i32), i64>> {
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
fn not_known(error: KafkaError) -> NotKnown {
    use RDKafkaErrorCode::{
        CoordinatorLoadInProgress, CoordinatorNotAvailable, FencedLeaderEpoch, NotCoordinator,
        NotLeaderForPartition, UnknownLeaderEpoch,
    };
    match error.rdkafka_error_code() {
        Some(code) if is_of_rights(code) => NotKnown::Untold(format!("this user may not ask ({code})")),
        Some(code @ (CoordinatorLoadInProgress | CoordinatorNotAvailable | NotCoordinator)) => {
            NotKnown::Untold(format!("the broker of the group is not ready, ask again ({code})"))
        }
        // As for a while after a topic was made again.
        Some(code @ (FencedLeaderEpoch | NotLeaderForPartition | UnknownLeaderEpoch)) => {
            NotKnown::Untold(format!("the brokers do not agree who leads a partition, ask again ({code})"))
        }
        // Whether the brokers answer at all is a check of its own.
        Some(RDKafkaErrorCode::OperationTimedOut) => {
            NotKnown::Untold("no answer in time, as where this user may not ask".to_owned())
        }
        // Each broker is asked for the members of a group, and what the others say is lost where one is silent.
        Some(RDKafkaErrorCode::Partial) => NotKnown::Untold("not every broker answers".to_owned()),
        _ => error.into(),
    }
}

/// A check for each of them but for what is not switched on.
pub(super) fn checks(groups: Vec<Observed<Option<Group>>>) -> impl Iterator<Item = Check> {
    READERS.iter().zip(groups).filter_map(|(reader, group)| {
        Some(CheckResult::of(&group.transpose()?, "", result_of).check("consumers", reader.name))
    })
}

fn result_of(group: &Group) -> CheckResult {
    let Group { members, has_committed, lag, late, shared_with } = group;
    if let Some(topic) = shared_with {
        return CheckResult::fail(
            format!("a member of the group reads {topic} and nothing of this prefix"),
            SHARED,
        );
    }
    match (members, has_committed) {
        (0, false) => CheckResult::unknown("it has never read here", NEVER),
        (0, true) => CheckResult::fail(format!("no member reads, and {lag} records wait"), NOBODY),
        _ if *late > 0 => {
            let found = format!("members: {members}; {late} records wait for more than 5 minutes, of {lag}");
            CheckResult::fail(found, BEHIND)
        }
        _ => CheckResult::pass(format!("members: {members}; records that wait: {lag}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict::{self, Fail, Pass, Unknown};
    use super::*;

    #[test]
    fn a_group_is_judged_by_who_reads_and_what_waits_for_long() {
        let result_of = |members, has_committed, lag, late| -> Verdict {
            result_of(&Group { members, has_committed, lag, late, shared_with: None }).verdict
        };
        assert_eq!(result_of(0, false, 7, 7), Unknown);
        assert_eq!(result_of(0, true, 0, 0), Fail);
        assert_eq!(result_of(2, true, 900, 0), Pass);
        assert_eq!(result_of(2, true, 900, 1), Fail);
        assert_eq!(result_of(1, false, 0, 0), Pass);
    }

    #[test]
    fn a_member_that_reads_topics_of_another_prefix_alone_is_a_fault() {
        for (read, is_foreign) in [
            (&["meta.messages.v1"][..], false),
            (&["meta.comments.v1", "other"][..], false),
            (&[][..], false),
            (&["stage.messages.v1"][..], true),
            (&["meta.stage.messages.v1"][..], true),
        ] {
            let shared_with = foreign(read, "meta").map(str::to_owned);
            let group = Group { members: 2, has_committed: true, shared_with, ..Group::default() };
            assert_eq!(result_of(&group).verdict, if is_foreign { Fail } else { Pass }, "{read:?}");
        }
    }

    #[test]
    fn a_broker_that_is_silent_is_no_fault_of_a_group() {
        for code in [RDKafkaErrorCode::OperationTimedOut, RDKafkaErrorCode::Partial] {
            let not_known = not_known(KafkaError::GroupListFetch(code));
            assert!(matches!(not_known, NotKnown::Untold(_)), "{not_known:?}");
        }
        let refused = KafkaError::GroupListFetch(RDKafkaErrorCode::UnknownProtocol);
        assert!(matches!(not_known(refused), NotKnown::Failed(_)));
    }

    #[test]
    fn brokers_that_do_not_agree_who_leads_are_no_fault_of_a_group() {
        let not_known = not_known(KafkaError::OffsetFetch(RDKafkaErrorCode::UnknownLeaderEpoch));
        assert!(matches!(not_known, NotKnown::Untold(why) if why.contains("ask again")));
    }

    #[test]
    fn each_group_reads_what_its_dead_letters_come_from() {
        for reader in READERS {
            let Reader { name, group, dead_letters, .. } = reader;
            assert!(!reader.topics().is_empty(), "{name}");
            let consumer = group.trim_start_matches("weir-").trim_end_matches("-feed");
            assert!(dead_letters.name("meta").contains(consumer), "{name}");
        }
    }

    #[test]
    fn profiles_are_looked_at_where_a_member_reads_messages_or_did_before_all_went() {
        let profiles =
            |reads: &[Option<bool>], has_committed| active_members(&READERS[2], reads, has_committed);
        assert_eq!(profiles(&[Some(true), Some(true)], false), Some(2));
        assert_eq!(profiles(&[Some(true), Some(false)], true), Some(1), "while it is switched on or off");
        assert_eq!(profiles(&[Some(false)], true), None, "it was switched off");
        assert_eq!(profiles(&[None, None], true), Some(2), "while the group rebalances");
        assert_eq!(profiles(&[], true), Some(0), "it is down");
        assert_eq!(profiles(&[], false), None, "it never ran");
        assert_eq!(active_members(&READERS[0], &[None], false), Some(1));
    }

    #[test]
    fn the_group_of_the_feed_is_looked_at_once_it_has_read() {
        let feed = |reads: &[Option<bool>], has_committed| active_members(&READERS[6], reads, has_committed);
        assert_eq!((READERS[6].group, READERS[6].topics()), ("weir-messages-feed", &[Topic::Feed][..]));
        assert_eq!(feed(&[Some(true)], false), Some(1));
        assert_eq!(feed(&[], true), Some(0), "it is down");
        assert_eq!(feed(&[], false), None, "nobody runs it");
    }

    #[test]
    fn what_is_not_switched_on_has_no_check_and_what_is_has_its_own() {
        let named = |profiles: Option<Group>| {
            let mut groups = vec![Ok(Some(Group::default())); READERS.len()];
            groups[2] = Ok(profiles);
            checks(groups).map(|check| (check.of, check.result.verdict)).collect::<Vec<_>>()
        };
        let late = Group { members: 1, has_committed: true, lag: 7, late: 7, ..Group::default() };
        assert_eq!(named(None).len(), READERS.len() - 1);
        assert_eq!(named(Some(late))[2], ("weir-lookups (profiles)".to_owned(), Fail));
    }
}
