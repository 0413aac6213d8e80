//! Asks the brokers which topics there are.

use std::collections::HashSet;
use std::time::Duration;

use rdkafka::producer::{Producer as _, ThreadedProducer};

use super::TopicsError;
use super::context::Context;

/// Blocks up to `limit`.
///
/// All topics are listed rather than the wanted ones named, because naming a topic makes it where a broker
/// creates topics by itself.
pub(super) fn check(
    producer: &ThreadedProducer<Context>,
    names: &[String],
    limit: Duration,
    brokers: &str,
) -> Result<(), TopicsError> {
    let client = producer.client();
    let metadata = client.fetch_metadata(None, limit).map_err(|error| TopicsError::Unreachable {
        brokers: brokers.to_owned(),
        reason: client.context().log.last_reason().unwrap_or_else(|| error.to_string()),
    })?;
    let present = metadata.topics().iter().filter(|topic| topic.error().is_none());
    let present: HashSet<&str> = present.map(rdkafka::metadata::MetadataTopic::name).collect();
    let absent = names.iter().filter(|name| !present.contains(name.as_str()));
    let topics: Vec<String> = absent.cloned().collect();
    if topics.is_empty() { Ok(()) } else { Err(TopicsError::missing(topics, names, brokers)) }
}

/// The command that makes the topics: with the prefix that all of them share.
pub(super) fn command(names: &[String], brokers: &str) -> String {
    let shared = names.iter().skip(1).fold(names.first().map_or("", String::as_str), |shared, name| {
        let length = shared.bytes().zip(name.bytes()).take_while(|(one, other)| one == other).count();
        shared.get(..length).unwrap_or_default()
    });
    let prefix = shared.rsplit_once('.').map(|(prefix, _)| format!(" --topic-prefix {prefix}"));
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
        assert_eq!(command(&["in".to_owned(), "out".to_owned()], "a:1"), "weir topics apply --brokers a:1");
    }
}
