//! What the commands of `weir dlq` can be asked for.

use super::dead_letter::DeadLetter;
use crate::kafka::RecordPosition;
use crate::tool::settings::{
    EventLimits, check_period, count, flag, group, kafka, rate, settings, several, since, switch,
    topic_prefix, until,
};
use runtime::settings::{Form, KafkaSettings, form};
use schemas::{Millis, Topic};
use weir_messages::Input;

/// How the names of all topics of dead letters end.
const ENDING: &str = ".dlq.v1";
/// Dead letters that a list for people shows of each topic.
const SHOWN: usize = 50;

/// Whose dead letters are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Consumer {
    topic: Topic,
    /// The group that is meant, where several have their dead letters there.
    group: Option<&'static str>,
}

settings! {
    /// Which dead letters are meant, but for `--since`, whose default is each command's own.
    pub(super) struct Scope {
        /// Only the dead letters of this consumer; weir-ingest is one too, and weir-messages includes weir-messages-feed
        consumer: Option<Consumer> = flag("consumer", "NAME", consumer()).without("topic").optional(),
        /// Only this dead-letter topic, by its full name
        topic: Option<String> = flag("topic", "TOPIC", topic()).optional(),
        /// Only dead letters with this reason, such as `retries_exhausted`
        reason: Option<String> = flag("reason", "WORD", form::text()).optional(),
        /// Only dead letters written before: a time (2026-11-21T18:30:00Z), or how long ago (2h)
        until: Option<Millis> = until().optional(),
        /// First part of every topic's name
        topic_prefix: String = topic_prefix(),
    }
}

settings! {
    /// What `weir dlq list` can be asked for.
    pub(super) struct ListSettings {
        kafka: KafkaSettings = kafka(),
        scope: Scope = group(),
        /// Only dead letters written at or after: a time (2026-11-21T18:30:00Z), or how long ago (2h)
        since: Option<Millis> = since().optional(),
        /// Show only the newest of each topic; all are counted [default: 50, with --json all]
        limit: Option<usize> = count("limit", 1..=1_000_000).optional(),
        /// Print one JSON object a dead letter, one a line
        json: bool = switch("json"),
    }
    check |list, given| check_period(list.since, list.scope.until, given)
}

settings! {
    /// What `weir dlq show` can be asked for.
    pub(super) struct ShowSettings {
        kafka: KafkaSettings = kafka(),
        place: DeadLetterPosition = group(),
        /// Print one JSON object
        json: bool = switch("json"),
        /// First part of every topic's name; not needed here, the topic is given whole
        topic_prefix: Option<String> = flag("topic-prefix", "NAME", form::text()).env("WEIR_TOPIC_PREFIX").hidden().optional(),
    }
}

settings! {
    /// Which dead letter is shown.
    pub(super) struct DeadLetterPosition {
        /// Where the dead letter lies: TOPIC PARTITION OFFSET, or TOPIC/PARTITION/OFFSET
        words: Vec<String> = several("place", "PLACE", form::text()).positional().required(),
    }
    check |place, given| {
        if place.position().is_none() {
            let expected = "a dead letter's topic, partition and offset, such as meta.messages.dlq.v1 3 42";
            given.refuse("place", std::iter::once(&place.words.join(" ")), expected);
        }
    }
}

settings! {
    /// What `weir dlq redrive` can be asked for.
    pub(super) struct RedriveSettings {
        kafka: KafkaSettings = kafka(),
        scope: Scope = group(),
        /// Only dead letters written at or after: a time (2026-11-21T18:30:00Z), or how long ago (2h)
        since: Millis = since().or("7d"),
        /// Put back at most so many dead letters of all topics together, topic by topic, the oldest of each first
        limit: Option<u64> = count("limit", 1..=u64::MAX).optional(),
        /// Put them back, instead of only saying what would become of them
        apply: bool = switch("apply"),
        /// Records a second, at most
        rate: u64 = rate("100"),
        /// Leave dead letters alone that were tried this often
        max_attempts: u32 = count("max-attempts", 1..=1_000_000).env("WEIR_MAX_ATTEMPTS").or("100"),
        event_limits: EventLimits = group(),
        /// Put back also those that were put back before
        again: bool = switch("again"),
        /// Print one JSON object a dead letter, one a line, and a summary at the end
        json: bool = switch("json"),
    }
    check |redrive, given| {
        let Scope { topic, topic_prefix, until, .. } = &redrive.scope;
        check_period(Some(redrive.since), *until, given);
        // Nothing of it would go back: the topics of its consumer are sought under the prefix.
        let wrong = topic.iter().filter(|topic| Topic::named(topic, topic_prefix).is_none());
        given.refuse("topic", wrong, &format!("a dead-letter topic of --topic-prefix {topic_prefix}"));
    }
}

impl Scope {
    /// The full names of the topics that are meant.
    pub(super) fn topics(&self) -> Vec<String> {
        let of_consumer = topics().filter(|topic| self.consumer.is_none_or(|one| one.topic == *topic));
        let names = || of_consumer.map(|topic| topic.name(&self.topic_prefix)).collect();
        self.topic.as_ref().map_or_else(names, |topic| vec![topic.clone()])
    }

    /// Those, and what is put back of them may go to: bodies that are split again can give events for every typed topic.
    pub(super) fn topics_of_redrive(&self) -> Vec<String> {
        let mut topics = self.topics();
        if topics.contains(&Topic::IngestDlq.name(&self.topic_prefix)) {
            topics.extend(Topic::TYPED.map(|topic| topic.name(&self.topic_prefix)));
        }
        topics
    }

    /// Whether a dead letter of one of the topics and of that time is meant.
    pub(super) fn holds(&self, dead_letter: &DeadLetter) -> bool {
        let group = self.consumer.and_then(|one| one.group);
        self.reason.as_ref().is_none_or(|reason| *reason == dead_letter.reason)
            && group.is_none_or(|group| group == dead_letter.consumer)
    }
}

impl ListSettings {
    /// How many dead letters of a topic are listed, the newest; programs get all where nothing else is said.
    pub(super) fn most(&self) -> usize {
        self.limit.unwrap_or(if self.json { usize::MAX } else { SHOWN })
    }
}

impl DeadLetterPosition {
    /// The position, where the words say one.
    pub(super) fn position(&self) -> Option<RecordPosition> {
        RecordPosition::parse(&self.words.join("/"))
    }
}

/// A consumer by its name, which gives the topic of its dead letters, or a second group of one.
fn consumer() -> Form<Consumer> {
    let feed = Input::Feed.group();
    let names = topics().map(name).collect::<Vec<_>>().join(", ");
    Form::new(format!("one of {names}, {feed}"), move |value| match value.trim() {
        value if value == feed => Some(Consumer { topic: Topic::MessagesDlq, group: Some(feed) }),
        value => {
            let topic = topics().find(|topic| name(*topic) == value)?;
            Some(Consumer { topic, group: None })
        }
    })
}

/// The topics of dead letters.
fn topics() -> impl Iterator<Item = Topic> {
    Topic::ALL.into_iter().filter(|topic| topic.spec().suffix.ends_with(ENDING))
}

fn name(topic: Topic) -> String {
    format!("weir-{}", topic.spec().suffix.trim_end_matches(ENDING))
}

fn topic() -> Form<String> {
    form::matching("the full name of a dead-letter topic, such as meta.messages.dlq.v1", |value| {
        value.ends_with(ENDING)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::settings::{Settings, read};
    use clap::Command;

    /// The settings that are refused.
    fn refused<S: Settings>(arguments: &[&str]) -> Vec<String> {
        let command = S::declare(Command::new("dlq"));
        let matches =
            command.clone().get_matches_from(["dlq", "--brokers", "kafka:9092"].iter().chain(arguments));
        let problems = read::<S>(&command, &matches).map_or_else(|problems| problems.0, |_| Vec::new());
        problems.into_iter().map(|problem| problem.setting).collect()
    }

    #[test]
    fn a_time_that_holds_nothing_is_refused() {
        let backwards = ["--since", "2h", "--until", "3h"];
        assert_eq!(refused::<ListSettings>(&backwards), ["--until"]);
        assert_eq!(refused::<RedriveSettings>(&backwards), ["--until"]);
        assert_eq!(refused::<RedriveSettings>(&["--until", "8d"]), ["--until"], "--since is 7d");
        assert!(refused::<ListSettings>(&["--since", "3h", "--until", "2h"]).is_empty());
        assert!(refused::<ListSettings>(&["--until", "8d"]).is_empty());
    }

    #[test]
    fn an_empty_filter_is_refused_and_means_not_everything() {
        for flag in ["--consumer", "--topic", "--reason", "--until", "--limit"] {
            assert_eq!(refused::<RedriveSettings>(&[flag, "", "--apply"]), [flag]);
        }
    }

    #[test]
    fn the_topics_are_all_of_the_tables_dead_letters() {
        let all = [
            Topic::IngestDlq,
            Topic::MessagesDlq,
            Topic::LookupsDlq,
            Topic::MetricsDlq,
            Topic::RepliesDlq,
            Topic::MediaDlq,
        ];
        assert!(topics().eq(all));
    }

    #[test]
    fn what_is_no_place_is_told_as_it_was_given() {
        let command = DeadLetterPosition::declare(Command::new("show"));
        let matches = command.clone().get_matches_from(["show", "meta.messages.dlq.v1/0/x"]);
        let said = read::<DeadLetterPosition>(&command, &matches)
            .map_or_else(|problems| problems.to_string(), |_| String::new());
        assert!(
            said.starts_with("place (argument): found \"meta.messages.dlq.v1/0/x\", expected a dead"),
            "{said}"
        );
    }

    #[test]
    fn a_consumer_has_the_topic_that_bears_its_name() {
        let of = |topic, group| Some(Consumer { topic, group });
        assert_eq!(consumer().parse("weir-lookups"), of(Topic::LookupsDlq, None));
        assert_eq!(consumer().parse("weir-ingest"), of(Topic::IngestDlq, None));
        let feed = "weir-messages-feed";
        assert_eq!(consumer().parse(feed), of(Topic::MessagesDlq, Some(feed)), "one of two groups");
        assert_eq!(consumer().parse("lookup"), None);
        assert!(consumer().expected().contains("weir-messages, weir-lookups"));
    }

    #[test]
    fn a_topic_of_another_prefix_can_be_listed_and_not_be_put_back() {
        let other = ["--topic", "acme.messages.dlq.v1"];
        assert!(refused::<ListSettings>(&other).is_empty());
        assert_eq!(refused::<RedriveSettings>(&other), ["--topic"]);
        let whole = ["--topic", "acme.messages.dlq.v1", "--topic-prefix", "acme"];
        assert!(refused::<RedriveSettings>(&whole).is_empty());
    }

    #[test]
    fn a_topic_of_something_else_is_refused() {
        assert_eq!(topic().parse("meta.messages.v1"), None);
        assert!(topic().parse("meta.messages.dlq.v1").is_some());
    }
}
