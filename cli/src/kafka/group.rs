//! The committed offsets of a consumer group that this tool does not join: how far a consumer is, and, of `weir-redrive`,
//! which nobody ever joins, which dead letters were put back.

use crate::kafka::brokers::with_silence;
use crate::kafka::{NotAllowed, is_of_rights, no_client, request_failed};
use crate::tool::{Result, ToolError};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Offset, TopicPartitionList};
use runtime::blocking::{Blocking, BlockingError};
use runtime::settings::KafkaSettings;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The group whose offsets remember which dead letters were put back.
pub(crate) const REDRIVE: &str = "weir-redrive";
/// How long a broker may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// Events that are looked at between: of every broker that cannot be reached there is one.
const MAX_EVENTS: usize = 20;
/// How long to wait before the same is asked again.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// What no file can change: nothing is committed but by hand.
const OWNED: [(&str, &str); 3] = [
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("allow.auto.create.topics", "false"),
];

/// What is committed of a partition: an offset, and what is kept beside it.
pub(crate) type Committed = (i64, String);

/// A client of the group.
pub(crate) struct Group {
    name: String,
    client: Arc<BaseConsumer>,
    kafka: KafkaSettings,
    answer_within: Duration,
    commits: Blocking,
}

impl Group {
    /// A client of the group `name`; it connects when it is first asked.
    pub(crate) fn open(kafka: &KafkaSettings, name: &str) -> Result<Self> {
        let mut config = kafka.client_config("weir");
        config.set("group.id", name);
        for (property, value) in OWNED {
            config.set(property, value);
        }
        let client = Arc::new(config.create().map_err(no_client)?);
        let (kafka, commits) = (kafka.clone(), Blocking::default());
        Ok(Self { name: name.to_owned(), client, kafka, answer_within: ANSWER_TIMEOUT, commits })
    }

    /// The names of all topics of the cluster.
    pub(crate) fn topics(&self) -> Result<BTreeSet<String>> {
        let metadata = self.ask("list its topics", |client| client.fetch_metadata(None, ANSWER_TIMEOUT))?;
        let topics = metadata.topics().iter().filter(|topic| topic.error().is_none());
        Ok(topics.map(|topic| topic.name().to_owned()).collect())
    }

    /// What was committed of these partitions of a topic, where anything was.
    pub(crate) fn committed(&self, topic: &str, partitions: &[i32]) -> Result<BTreeMap<i32, Committed>> {
        let answer = self.ask("tell what a group committed", |client| {
            let mut wanted = TopicPartitionList::new();
            for partition in partitions {
                wanted.add_partition(topic, *partition);
            }
            // Not for all of the time: that a coordinator refuses comes as an event, and not as the answer.
            let answer = client.committed_offsets(wanted, self.answer_within / 3)?;
            answer.elements().iter().try_for_each(TopicPartitionListElem::error)?;
            Ok(answer)
        })?;
        let committed = answer.elements().into_iter().filter_map(|found| match found.offset() {
            Offset::Offset(offset) => Some((found.partition(), (offset, found.metadata().to_owned()))),
            _ => None,
        });
        Ok(committed.collect())
    }

    /// Commits these of a topic's partitions, also where a coordinator comes back within a minute, as of a broker that is restarted:
    /// what cannot be remembered would go back twice. librdkafka waits for a coordinator without a bound, and to end its client for
    /// what waits: that is left to a thread which has the client too, and which nobody waits for longer than that.
    pub(crate) fn commit(&self, topic: &str, offsets: &BTreeMap<i32, Committed>) -> Result<()> {
        let (topic, offsets) = (topic.to_owned(), offsets.clone());
        let within = self.answer_within * 4;
        let deadline = Instant::now() + within;
        let request = Arc::new(move |client: &BaseConsumer| {
            let mut list = TopicPartitionList::new();
            for (partition, (offset, metadata)) in &offsets {
                let mut element = list.add_partition(&topic, *partition);
                element.set_offset(Offset::Offset(*offset))?;
                element.set_metadata(metadata);
            }
            client.commit(&list, CommitMode::Sync)
        });
        let action = "remember what was put back (the group weir-redrive)";
        loop {
            let (client, request) = (Arc::clone(&self.client), Arc::clone(&request));
            let ask = move || answered(&client, within, &*request);
            // A little longer than it asks again, so that the last reason is told.
            match self.commits.wait(within + AGAIN_AFTER * 3, ask) {
                Ok(answer) => return answer.map_err(|error| self.failed(action, &error)),
                Err(BlockingError::Busy) if Instant::now() < deadline => {
                    if let Some(refusal) = refusal(&self.client) {
                        return Err(self.failed(action, &refusal));
                    }
                }
                Err(late) => return Err(self.came_to_nothing(action, late)),
            }
        }
    }

    /// Asks the cluster to `action`; what fails for now is asked again for a while.
    fn ask<T>(&self, action: &'static str, request: impl Fn(&BaseConsumer) -> KafkaResult<T>) -> Result<T> {
        answered(&self.client, self.answer_within, request).map_err(|error| self.failed(action, &error))
    }

    fn failed(&self, action: &str, error: &KafkaError) -> ToolError {
        let Self { name, kafka: KafkaSettings { brokers, .. }, .. } = self;
        if error.rdkafka_error_code().is_some_and(is_of_rights) {
            // Where something is put back, Describe would do only until it is to be remembered.
            let right = if name == REDRIVE { "Read" } else { "Describe" };
            let right = format!("this user needs {right} on the group {name}");
            return NotAllowed(format!("{brokers} may not {action} for this user: {right}")).into();
        }
        self.came_to_nothing(action, error)
    }

    fn came_to_nothing(&self, action: &str, reason: impl Display) -> ToolError {
        with_silence(&self.kafka, request_failed(&self.kafka.brokers, action, reason))
    }
}

/// Asks the cluster; what fails for now is asked again for so long.
pub(crate) fn answered<T>(
    client: &BaseConsumer,
    within: Duration,
    request: impl Fn(&BaseConsumer) -> KafkaResult<T>,
) -> KafkaResult<T> {
    let deadline = Instant::now() + within;
    loop {
        match request(client) {
            Err(error) if is_passing(&error) && Instant::now() < deadline => {
                if let Some(refusal) = refusal(client) {
                    return Err(refusal);
                }
            }
            outcome => return outcome,
        }
    }
}

/// Waits, no longer whatever comes, and serves what the client has to say, of which one thing matters: that this user may not ask.
fn refusal(client: &BaseConsumer) -> Option<KafkaError> {
    let until = Instant::now() + AGAIN_AFTER;
    let event = || client.poll(until.saturating_duration_since(Instant::now()));
    let events = std::iter::from_fn(event).take(MAX_EVENTS);
    events.filter_map(Result::err).find(|error| error.rdkafka_error_code().is_some_and(is_of_rights))
}

/// Whether it may work another time: brokers that are away for a while, coordinators that move.
fn is_passing(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    let passing = [
        Code::AllBrokersDown,
        Code::BrokerTransportFailure,
        Code::CoordinatorLoadInProgress,
        Code::CoordinatorNotAvailable,
        Code::LeaderNotAvailable,
        Code::NetworkException,
        Code::NotCoordinator,
        Code::OperationTimedOut,
        Code::RequestTimedOut,
        Code::Resolve,
        Code::TimedOutQueue,
        Code::UnknownTopicOrPartition,
        Code::WaitingForCoordinator,
    ];
    error.rdkafka_error_code().is_some_and(|code| passing.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::mocking::MockCluster;
    use rdkafka::types::{
        RDKafkaApiKey, RDKafkaRespErr::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED as NOT_ALLOWED,
    };

    const SOON: Duration = Duration::from_millis(500);

    #[test]
    fn a_commit_that_no_coordinator_answers_ends_with_the_reason_and_so_does_the_next() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("dead", 1, 1).unwrap();
        let kafka = KafkaSettings::plain(cluster.bootstrap_servers());
        let mut group = Group::open(&kafka, REDRIVE).unwrap();
        let commit =
            |group: &Group, offset| group.commit("dead", &BTreeMap::from([(0, (offset, String::new()))]));
        commit(&group, 1).unwrap();
        assert_eq!(group.committed("dead", &[0]).unwrap()[&0].0, 1);
        cluster.broker_down(1).unwrap();
        group.answer_within = SOON / 4;
        for offset in [2, 3] {
            let error = commit(&group, offset).unwrap_err().to_string();
            assert!(error.contains("cannot remember what was put back"), "{error}");
        }
    }

    #[test]
    fn a_commit_waits_for_one_before_it_that_was_given_up() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("dead", 1, 1).unwrap();
        let mut group = Group::open(&KafkaSettings::plain(cluster.bootstrap_servers()), REDRIVE).unwrap();
        let commit =
            |group: &Group, offset| group.commit("dead", &BTreeMap::from([(0, (offset, String::new()))]));
        commit(&group, 1).unwrap();
        cluster.broker_down(1).unwrap();
        group.answer_within = SOON / 4;
        commit(&group, 2).unwrap_err();
        cluster.broker_up(1).unwrap();
        group.answer_within = ANSWER_TIMEOUT;
        commit(&group, 3).unwrap();
        assert_eq!(group.committed("dead", &[0]).unwrap()[&0].0, 3);
    }

    #[test]
    fn who_may_not_read_the_group_is_told_which_right_that_takes() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("dead", 1, 1).unwrap();
        cluster.request_errors(RDKafkaApiKey::FindCoordinator, &[NOT_ALLOWED; 100]);
        let kafka = KafkaSettings::plain(cluster.bootstrap_servers());
        for (name, right) in [(REDRIVE, "Read"), ("weir-lookups", "Describe")] {
            let mut group = Group::open(&kafka, name).unwrap();
            group.answer_within = Duration::from_secs(6);
            let error = group.committed("dead", &[0]).unwrap_err().to_string();
            let needed = format!("this user needs {right} on the group {name}");
            assert!(error.ends_with(&needed), "{error}");
        }
    }
}
