//! Checks of our end of the way, the other being Meta's: Kafka, its topics, who reads them, and the processes.

use super::check::{Check, CheckResult, Deadline, NotKnown, Observed};
use super::settings::DoctorSettings;
use super::{consumer_groups, processes};
use crate::kafka::NotAllowed;
use crate::screen::counted;
use crate::topics::{self, Faults, TopicsSettings};
use runtime::producer::{ProducerError, TopicsError};
use std::time::Duration;

const LOOK_TIMEOUT: Duration = Duration::from_secs(20);
/// Differences that are shown.
const SHOWN: usize = 3;
const NOT_THERE: &str = "\
Are --brokers and --kafka-config those of ingest, do the brokers run, and may this machine reach them? Meanwhile ingest keeps what \
comes in its spool, if it has one, and answers 503 if not.";
const REACH_EACH: &str = "\
Does it run, and do its name and port, which are those of its advertised.listeners, lead to it from here (DNS, security groups, private \
links)? Every process needs each broker: what is for the partitions that it leads waits.";
const PLAN: &str = "\
`weir topics plan` shows all of it, and `weir topics apply` makes it so, with the same flags, but for what stays: if that is right \
as it is, give --partitions and --replication-factor. A topic that this user may not see looks as if it were missing.";
const START_BROKERS: &str = "\
Start the brokers that have their replicas. Until then Kafka refuses what is for these partitions: ingest keeps it in its spool, if it \
has one, and answers 503 if not.";

/// What Kafka said, if it did: what is wrong with its topics.
type KafkaState = Observed<Observed<Faults>>;

/// Everything about it.
pub(super) async fn checks(settings: &DoctorSettings, deadline: Deadline) -> Vec<Check> {
    let kafka = async {
        let given = settings.kafka.as_ref().ok_or(NotKnown::NotGiven("--brokers"));
        let of_kafka = of_kafka(given.clone(), deadline).await;
        let groups = consumer_groups::query(beyond(&of_kafka).and(given), deadline).await;
        (of_kafka, groups)
    };
    let ((of_kafka, groups), processes) = tokio::join!(kafka, processes::ask(&settings.admin, deadline));
    let brokers = settings.kafka.as_ref().map_or("", |kafka| &kafka.kafka.brokers);
    let mut checks = kafka_checks(&of_kafka, brokers);
    checks.extend(consumer_groups::checks(groups));
    if settings.admin.is_empty() {
        let not_given = NotKnown::NotGiven("--admin HOST:PORT… of ingest and the consumers");
        checks.push(not_given.result("").check("process", ""));
    }
    checks.extend(processes::checks(&processes));
    checks
}

async fn of_kafka(settings: Observed<&TopicsSettings>, deadline: Deadline) -> KafkaState {
    let settings = settings?;
    let look = async {
        match topics::faults(settings).await {
            Err(error) if error.is::<TopicsError>() || error.is::<ProducerError>() => Err(error),
            Err(error) if error.is::<NotAllowed>() => Ok(Err(NotKnown::Untold(error.to_string()))),
            said => Ok(said.map_err(NotKnown::from)),
        }
    };
    deadline.look(LOOK_TIMEOUT, look).await
}

/// What Kafka said, for what is not tried where it is silent.
fn beyond(kafka: &KafkaState) -> KafkaState {
    kafka.clone().map_err(|nothing| match nothing {
        NotKnown::NotGiven(_) => nothing,
        _ => NotKnown::NotTried("Kafka does not answer, see above"),
    })
}

fn kafka_checks(kafka: &KafkaState, brokers: &str) -> Vec<Check> {
    let faults = beyond(kafka).flatten();
    vec![
        CheckResult::of(kafka, NOT_THERE, answers).check("kafka", brokers),
        CheckResult::of(&faults, PLAN, as_planned).check("topics", ""),
        CheckResult::of(&faults, START_BROKERS, writable).check("partitions", ""),
    ]
}

fn as_planned(faults: &Faults) -> CheckResult {
    match (&*faults.differences, &faults.undescribed) {
        ([], None) => CheckResult::pass("all are there, as planned"),
        ([], Some(why)) => NotKnown::Untold(why.clone()).result(PLAN),
        // Whoever may not describe a topic may not see it, either.
        (all, Some(why)) => NotKnown::Untold(format!("{}; {why}", first(all))).result(PLAN),
        (all, None) => CheckResult::fail(first(all), PLAN),
    }
}

/// Who leads a partition is told to those too who may not read settings.
fn writable(faults: &Faults) -> CheckResult {
    match (&*faults.unwritable, &faults.undescribed) {
        ([], None) => CheckResult::pass("each has a leader, and replicas enough in sync"),
        ([], Some(_)) => {
            CheckResult::pass("each has a leader; min.insync.replicas cannot be told, see above")
        }
        (all, _) => CheckResult::fail(first(all), START_BROKERS),
    }
}

/// What answers may have brokers that do not.
fn answers(topics: &Observed<Faults>) -> CheckResult {
    match topics.as_ref().ok().and_then(|faults| faults.silence.as_ref()) {
        Some(silence) => CheckResult::fail(silence, REACH_EACH),
        None => CheckResult::pass("it answers"),
    }
}

/// The first few, and how many there are beyond them.
fn first(all: &[String]) -> String {
    let (shown, more) = all.split_at(all.len().min(SHOWN));
    match more.len() as u64 {
        0 => shown.join(", "),
        more => format!("{}, and {} more", shown.join(", "), counted(more, "topic", "topics")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict::{Fail, Pass, Unknown};
    use super::*;

    #[test]
    fn topics_are_not_judged_where_kafka_is_silent() {
        let silent = kafka_checks(&Err(NotKnown::Failed("refused".to_owned())), "kafka:9092");
        assert_eq!([silent[0].result.verdict, silent[1].result.verdict], [Fail, Unknown]);
        let not_given = kafka_checks(&Err(NotKnown::NotGiven("--brokers")), "");
        assert_eq!([not_given[0].result.verdict, not_given[1].result.verdict], [Unknown, Unknown]);
        assert_eq!(not_given[0].result.advice, "Give --brokers.");
    }

    #[test]
    fn a_broker_that_does_not_answer_is_named_though_the_others_do() {
        let silence = Some("broker 2 at b:9092 does not answer".to_owned());
        let checks = kafka_checks(&Ok(Ok(Faults { silence, ..Faults::default() })), "a:9092");
        assert_eq!([checks[0].result.verdict, checks[1].result.verdict], [Fail, Pass]);
        assert_eq!(checks[0].result.found, "broker 2 at b:9092 does not answer");
    }

    #[test]
    fn who_may_not_read_settings_is_told_what_is_missing_and_of_partitions_without_a_leader() {
        let faults = Faults { undescribed: Some("may not".to_owned()), ..Faults::default() };
        let verdicts = |faults: &Faults| {
            let checks = kafka_checks(&Ok(Ok(faults.clone())), "");
            [checks[1].result.verdict, checks[2].result.verdict]
        };
        assert_eq!(verdicts(&faults), [Unknown, Pass]);
        let some = || vec!["t".to_owned()];
        let hidden = Faults { differences: some(), ..faults.clone() };
        assert_eq!(verdicts(&hidden), [Unknown, Pass], "it may be there, and not be seen");
        assert_eq!(as_planned(&hidden).found, "cannot be told: t; may not");
        assert_eq!(verdicts(&Faults { unwritable: some(), ..faults }), [Unknown, Fail]);
    }

    #[test]
    fn missing_topics_are_named_and_no_more_than_three_of_them() {
        let missing = |count: usize| {
            let differences = vec!["t is missing".to_owned(); count];
            Ok(Ok(Faults { differences, ..Faults::default() }))
        };
        assert_eq!(kafka_checks(&missing(0), "")[1].result.verdict, Pass);
        let found = &kafka_checks(&missing(5), "")[1].result.found;
        assert_eq!(found, "t is missing, t is missing, t is missing, and 2 topics more");
    }
}
