//! Which dead letters are meant.

use super::letter::Letter;
use crate::moment;
use runtime::settings::{Reader, form};
use schemas::{Millis, Topic};
use std::time::SystemTime;

/// The topics of dead letters.
const TOPICS: [Topic; 5] =
    [Topic::IngestDlq, Topic::MessagesDlq, Topic::LookupsDlq, Topic::MetricsDlq, Topic::RepliesDlq];
/// How the names of all of them end.
const ENDING: &str = ".dlq.v1";

/// The flags that narrow it down, but for `--since`, whose default is each command's own.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ScopeArgs {
    /// Only the letters of this consumer, such as weir-messages; weir-ingest is one too
    #[arg(long, value_name = "NAME", conflicts_with = "topic")]
    consumer: Option<String>,
    /// Only this dead-letter topic, by its full name
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Only letters with this reason, such as `retries_exhausted`
    #[arg(long, value_name = "WORD")]
    reason: Option<String>,
    /// Only letters written before: a time (2026-11-21T18:30:00Z), or how long ago (2h)
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// First part of every topic's name
    #[arg(long, env = "WEIR_TOPIC_PREFIX", value_name = "NAME", default_value = "meta")]
    topic_prefix: Option<String>,
}

/// The checked values of [`ScopeArgs`], and of `--since`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// Full names.
    pub(super) topics: Vec<String>,
    /// First part of every topic's name.
    pub(super) topic_prefix: String,
    pub(super) reason: Option<String>,
    pub(super) since: Option<Millis>,
    pub(super) until: Option<Millis>,
}

impl Scope {
    /// Reads and checks them; `reader` notes the problems.
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let now = Millis::of(SystemTime::now());
        let topic_prefix = reader.required("topic_prefix", &form::topic_prefix()).unwrap_or_default();
        let consumer = reader.optional("consumer", &consumer());
        let topic = reader.optional("topic", &topic());
        let topics = topic.map_or_else(
            || {
                let wanted = TOPICS.into_iter().filter(|topic| consumer.is_none_or(|one| one == *topic));
                wanted.map(|topic| topic.name(&topic_prefix)).collect()
            },
            |topic| vec![topic],
        );
        Self {
            topics,
            topic_prefix,
            reason: reader.optional("reason", &form::text()),
            since: reader.optional("since", &moment::form(now)),
            until: reader.optional("until", &moment::form(now)),
        }
    }

    /// Whether a letter of one of the topics and of that time is meant.
    pub(super) fn holds(&self, letter: &Letter) -> bool {
        self.reason.as_ref().is_none_or(|reason| *reason == letter.reason)
    }
}

/// A consumer by its name, which gives the topic of its dead letters.
fn consumer() -> form::Form<Topic> {
    let names = TOPICS.map(name).join(", ");
    form::Form::new(format!("one of {names}"), |value| {
        TOPICS.into_iter().find(|topic| name(*topic) == value.trim())
    })
}

fn name(topic: Topic) -> String {
    format!("weir-{}", topic.spec().suffix.trim_end_matches(ENDING))
}

fn topic() -> form::Form<String> {
    form::matching("the full name of a dead-letter topic, such as meta.messages.dlq.v1", |value| {
        value.ends_with(ENDING)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topics_are_all_of_the_tables_dead_letters() {
        let of_table = Topic::ALL.into_iter().filter(|topic| topic.spec().suffix.ends_with(ENDING));
        assert_eq!(of_table.collect::<Vec<_>>(), TOPICS);
    }

    #[test]
    fn a_consumer_has_the_topic_that_bears_its_name() {
        assert_eq!(consumer().parse("weir-lookups"), Some(Topic::LookupsDlq));
        assert_eq!(consumer().parse("weir-ingest"), Some(Topic::IngestDlq));
        assert_eq!(consumer().parse("lookup"), None);
        assert!(consumer().expected().contains("weir-messages, weir-lookups"));
    }

    #[test]
    fn a_topic_of_something_else_is_refused() {
        assert_eq!(topic().parse("meta.messages.v1"), None);
        assert!(topic().parse("meta.messages.dlq.v1").is_some());
    }
}
