//! The flags of `weir replay`.

use super::filter::Filter;
use crate::moment;
use clap::{ArgAction, ArgMatches, Command};
use runtime::settings::{Form, KafkaArgs, KafkaSettings, Problems, Reader, form};
use schemas::{EventKind, Millis, Topic};
use std::time::SystemTime;

/// The flags.
#[derive(Clone, Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "they are flags; what they come to is a Task")]
pub(super) struct ReplayArgs {
    /// How to reach Kafka.
    #[command(flatten)]
    kafka: KafkaArgs,
    /// Deliveries from here on: a time (2026-11-21T18:30:00Z), or how long ago (2h)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Deliveries before: a time (2026-11-21T18:30:00Z), or how long ago (30m)
    #[arg(long, value_name = "TIME", default_value = "0s")]
    until: Option<String>,
    /// Only events of this account or page, by its id
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Only events of this kind, such as message or standby.postback
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Only events of these typed topics, by their full names
    #[arg(long, value_name = "TOPIC", num_args = 1.., action = ArgAction::Append)]
    topic: Vec<String>,
    /// Publish, instead of only saying what would be published
    #[arg(long, action = ArgAction::SetTrue)]
    apply: bool,
    /// Publish only what is not in the typed topics
    #[arg(long, action = ArgAction::SetTrue)]
    missing_only: bool,
    /// Do not compare with the typed topics
    #[arg(long, action = ArgAction::SetTrue, conflicts_with = "missing_only")]
    no_diff: bool,
    /// Records a second, at most
    #[arg(long, env = "WEIR_RATE", value_name = "COUNT", default_value = "1000")]
    rate: Option<String>,
    /// The --max-events of ingest
    #[arg(long, env = "WEIR_MAX_EVENTS", value_name = "COUNT", default_value = "10000")]
    max_events: Option<String>,
    /// Events and deliveries that are remembered at most, about 40 bytes each
    #[arg(long, env = "WEIR_MAX_IDS", value_name = "COUNT", default_value = "10000000")]
    max_ids: Option<String>,
    /// Print one JSON object for each topic and kind, one a line, and a summary at the end
    #[arg(long, action = ArgAction::SetTrue)]
    json: bool,
    /// First part of every topic's name
    #[arg(long, env = "WEIR_TOPIC_PREFIX", value_name = "NAME", default_value = "meta")]
    topic_prefix: Option<String>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Count what splitting gives.
    Count,
    /// Compare that with the typed topics.
    Compare,
    /// Publish all of it.
    PublishAll,
    /// Compare it, and publish what is missing.
    PublishMissing,
}

impl Task {
    /// Whether the typed topics are looked at.
    pub(super) const fn compares(self) -> bool {
        matches!(self, Self::Compare | Self::PublishMissing)
    }

    /// Whether something is written.
    pub(super) const fn publishes(self) -> bool {
        matches!(self, Self::PublishAll | Self::PublishMissing)
    }

    fn of(matches: &ArgMatches) -> Self {
        match (matches.get_flag("apply"), matches.get_flag("missing_only"), matches.get_flag("no_diff")) {
            (true, true, _) => Self::PublishMissing,
            // Who publishes everything does not need to know what is there.
            (true, false, _) => Self::PublishAll,
            (false, _, true) => Self::Count,
            (false, _, false) => Self::Compare,
        }
    }
}

/// The checked values of [`ReplayArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReplaySettings {
    pub(super) kafka: KafkaSettings,
    pub(super) since: Millis,
    pub(super) until: Millis,
    pub(super) filter: Filter,
    pub(super) task: Task,
    pub(super) rate: u64,
    pub(super) max_events: usize,
    pub(super) max_ids: usize,
    pub(super) json: bool,
}

impl ReplaySettings {
    /// Reads and checks them; all problems come together.
    pub(super) fn read(command: &Command, matches: &ArgMatches) -> Result<Self, Problems> {
        let now = Millis::of(SystemTime::now());
        let mut reader = Reader::new(command, matches);
        let kafka = KafkaSettings::read(&mut reader);
        let since = reader.required("since", &moment::form(now));
        let until = reader.required("until", &moment::form(now));
        if since.zip(until).is_some_and(|(since, until)| since >= until) {
            reader.problem("until", "a time after --since");
        }
        let topic_prefix = reader.required("topic_prefix", &form::topic_prefix()).unwrap_or_default();
        let topics = topics(&mut reader, matches, &topic_prefix);
        let kind = reader.optional("kind", &kind());
        let account = reader.optional("account", &form::text());
        let rate = reader.required("rate", &form::count(1..=1_000_000));
        let max_events = reader.required("max_events", &form::count(1..=1_000_000));
        let max_ids = reader.required("max_ids", &form::count(1..=10_000_000_000));
        reader.finish()?;
        let size = |count: Option<u64>| count.and_then(|count| usize::try_from(count).ok()).unwrap_or(1);
        Ok(Self {
            kafka: kafka.unwrap_or_default(),
            since: since.unwrap_or(now),
            until: until.unwrap_or(now),
            filter: Filter { topic_prefix, topics, kind, account },
            task: Task::of(matches),
            rate: rate.unwrap_or(1),
            max_events: size(max_events),
            max_ids: size(max_ids),
            json: matches.get_flag("json"),
        })
    }
}

/// The topics that were named, or all typed ones.
fn topics(reader: &mut Reader<'_>, matches: &ArgMatches, prefix: &str) -> Vec<Topic> {
    let mut topics = Vec::new();
    for name in matches.get_many::<String>("topic").into_iter().flatten() {
        let found = Topic::TYPED.into_iter().find(|topic| topic.name(prefix) == *name);
        topics.extend(found);
        if found.is_none() {
            let names = Topic::TYPED.map(|topic| topic.name(prefix)).join(", ");
            reader.problem("topic", &format!("full names of typed topics, of: {names}"));
        }
    }
    if topics.is_empty() { Topic::TYPED.to_vec() } else { topics }
}

fn kind() -> Form<EventKind> {
    Form::new("the name of a kind, such as message or standby.postback (docs/events.md has them)", |value| {
        value.trim().parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Args as _;

    fn read(arguments: &[&str]) -> Result<ReplaySettings, Problems> {
        let command = ReplayArgs::augment_args(Command::new("replay"));
        let matches =
            command.clone().get_matches_from(["replay", "--brokers", "kafka:9092"].iter().chain(arguments));
        ReplaySettings::read(&command, &matches)
    }

    #[test]
    fn a_dry_run_compares_and_who_publishes_everything_does_not() {
        let settings = read(&["--since", "2h"]).unwrap();
        assert_eq!(settings.task, Task::Compare);
        assert_eq!(settings.until.as_millis() - settings.since.as_millis(), 2 * 60 * 60 * 1000);
        assert_eq!(settings.filter.topics, Topic::TYPED);
        let task = |flags: &[&str]| read(&[&["--since", "2h"], flags].concat()).unwrap().task;
        assert_eq!(task(&["--apply"]), Task::PublishAll);
        assert_eq!(task(&["--apply", "--missing-only"]), Task::PublishMissing);
        assert_eq!(task(&["--missing-only"]), Task::Compare);
        assert_eq!(task(&["--no-diff"]), Task::Count);
    }

    #[test]
    fn topics_are_named_whole_and_must_be_typed() {
        let arguments =
            ["--since", "2h", "--topic", "acme.comments.v1", "acme.mentions.v1", "--topic-prefix", "acme"];
        assert_eq!(read(&arguments).unwrap().filter.topics, [Topic::Comments, Topic::Mentions]);
        let problems = read(&["--since", "2h", "--topic", "meta.inbox.v1"]).unwrap_err().to_string();
        assert!(problems.contains("meta.comments.v1, meta.mentions.v1"), "{problems}");
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let arguments = ["--since", "1h", "--until", "2h", "--kind", "telepathy", "--rate", "0"];
        let problems = read(&arguments).unwrap_err().0;
        let settings: Vec<&str> = problems.iter().map(|problem| problem.setting.as_str()).collect();
        assert_eq!(settings, ["--until", "--kind", "--rate"]);
        assert_eq!(read(&[]).unwrap_err().0[0].setting, "--since");
    }
}
