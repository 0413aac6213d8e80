//! Asks the brokers which topics there are.

use std::collections::HashSet;
use std::time::Duration;

use rdkafka::producer::{BaseProducer, Producer as _};

use super::TopicsError;
use super::context::Context;
use crate::settings::KafkaSettings;

/// Blocks up to `limit`.
///
/// All topics are listed rather than the wanted ones named, because naming a topic makes it where a broker
/// creates topics by itself.
pub(super) fn check(
    producer: &BaseProducer<Context>,
    names: &[String],
    limit: Duration,
    kafka: &KafkaSettings,
) -> Result<(), TopicsError> {
    let client = producer.client();
    let metadata = client.fetch_metadata(None, limit).map_err(|error| {
        let reason = client.context().log.last_reason();
        TopicsError::unreachable(kafka, reason.unwrap_or_else(|| error.to_string()))
    })?;
    let present = metadata.topics().iter().filter(|topic| topic.error().is_none());
    let present: HashSet<&str> = present.map(rdkafka::metadata::MetadataTopic::name).collect();
    let absent = names.iter().filter(|name| !present.contains(name.as_str()));
    let topics: Vec<String> = absent.cloned().collect();
    if topics.is_empty() { Ok(()) } else { Err(TopicsError::missing(topics, names, &kafka.brokers)) }
}

/// The command that makes the topics: with the prefix that all of them share, which of a single one nobody can tell.
pub(super) fn command(names: &[String], brokers: &str) -> String {
    // Behind the prefix a name has two words at least, as in `replies.v1` and `replies.results.v1`.
    let beginning = |name: &String| {
        let words: Vec<String> = name.split('.').map(str::to_owned).collect();
        words.get(..words.len().saturating_sub(2)).unwrap_or_default().to_vec()
    };
    let shared = names.iter().map(beginning).reduce(|shared, other| {
        let same = shared.into_iter().zip(other).take_while(|(one, other)| one == other);
        same.map(|(word, _)| word).collect()
    });
    let prefix = shared.filter(|words| names.len() > 1 && !words.is_empty());
    let prefix = prefix.map(|words| format!(" --topic-prefix {}", words.join(".")));
    format!("weir topics apply --brokers {brokers}{}", prefix.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_names_the_prefix_that_the_topics_share() {
        let names = ["acme.meta.messages.v1", "acme.meta.messages.dlq.v1", "acme.meta.inbox.v1"];
        assert_eq!(
            command(&names.map(str::to_owned), "kafka:9092"),
            "weir topics apply --brokers kafka:9092 --topic-prefix acme.meta"
        );
        let replies = ["meta.replies.v1", "meta.replies.results.v1", "meta.replies.dlq.v1"];
        assert_eq!(
            command(&replies.map(str::to_owned), "a:1"),
            "weir topics apply --brokers a:1 --topic-prefix meta"
        );
        for none in [vec!["in", "out"], vec!["meta.messages.dlq.v1"]] {
            let names: Vec<_> = none.into_iter().map(str::to_owned).collect();
            assert_eq!(command(&names, "a:1"), "weir topics apply --brokers a:1");
        }
    }
}
