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
        reason: client.context().last_reason().unwrap_or_else(|| error.to_string()),
    })?;
    let present = metadata.topics().iter().filter(|topic| topic.error().is_none());
    let present: HashSet<&str> = present.map(rdkafka::metadata::MetadataTopic::name).collect();
    let absent = names.iter().filter(|name| !present.contains(name.as_str()));
    let topics: Vec<String> = absent.cloned().collect();
    if topics.is_empty() { Ok(()) } else { Err(TopicsError::Missing { brokers: brokers.to_owned(), topics }) }
}
