//! Which properties of `--kafka-config` this producer honours.

use super::super::compression;
use std::collections::BTreeMap;

/// Honoured whatever the value.
const HONOURED: &str = "security.protocol sasl.mechanism sasl.username sasl.password \
    ssl.ca.location ssl.ca.pem ssl.certificate.location ssl.certificate.pem ssl.key.location ssl.key.pem \
    https.ca.location sasl.oauthbearer.method sasl.oauthbearer.token.endpoint.url sasl.oauthbearer.grant.type \
    sasl.oauthbearer.client.id sasl.oauthbearer.client.secret sasl.oauthbearer.scope sasl.oauthbearer.extensions \
    sasl.oauthbearer.assertion.file";

/// Honoured where the value is a number that is not below zero and nothing else: librdkafka has `-1` switch things off, and lets a
/// comment follow.
const NUMBERS: &str = "socket.timeout.ms socket.connection.setup.timeout.ms request.timeout.ms reconnect.backoff.ms \
    reconnect.backoff.max.ms topic.metadata.refresh.interval.ms batch.size";

/// Without a meaning here: of consumers, who may share the file; of retries, which there are none of; of a log line, of names that are
/// looked up at each attempt, and of metadata that is asked for whenever something is in doubt.
const PASSED: &str = "client.rack check.crcs session.timeout.ms heartbeat.interval.ms max.poll.interval.ms \
    coordinator.query.interval.ms auto.commit.interval.ms fetch.wait.max.ms fetch.min.bytes fetch.max.bytes \
    max.partition.fetch.bytes receive.message.max.bytes queued.min.messages \
    queued.max.messages.kbytes fetch.queue.backoff.ms retry.backoff.ms retry.backoff.max.ms log.connection.close \
    broker.address.ttl topic.metadata.refresh.sparse topic.metadata.refresh.fast.interval.ms \
    topic.metadata.propagation.max.ms metadata.recovery.rebootstrap.trigger.ms";

/// What is honoured with these values alone.
const LIMITED: [(&str, &[&str]); 6] = [
    ("enable.ssl.certificate.verification", &["true"]),
    ("ssl.endpoint.identification.algorithm", &["https"]),
    ("compression.type", &compression::NAMES),
    ("socket.nagle.disable", &["true"]),
    ("client.dns.lookup", &["use_all_dns_ips"]),
    ("broker.address.family", &["any"]),
];

/// Names of the properties that are set and would not be honoured, be it for their value.
pub(crate) fn not_honoured(properties: &BTreeMap<String, String>) -> Vec<&str> {
    let is_one_of = |names: &str, name: &str| names.split(' ').any(|one| one == name);
    let is_known = |name: &str, value: &str| {
        let is_known = is_one_of(HONOURED, name) || is_one_of(PASSED, name);
        is_known || (is_one_of(NUMBERS, name) && value.parse::<u64>().is_ok())
    };
    let is_honoured = |name: &str, value: &str| {
        let limited = LIMITED.iter().find(|(limited, _)| *limited == name);
        limited.map_or_else(|| is_known(name, value), |(_, values)| values.contains(&value))
    };
    let refused = properties.iter().filter(|(name, value)| !is_honoured(name, value));
    refused.map(|(name, _)| name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_not_be_honoured_is_named() {
        let set = [
            ("security.protocol", "SASL_SSL"),
            ("fetch.max.bytes", "1"),
            ("batch.size", "1"),
            ("compression.type", "gzip"),
            ("socket.timeout.ms", "60000 # a minute"),
            ("ssl.crl.location", "/crl"),
            ("ssl.key.password", "hunter2"),
            ("topic.metadata.refresh.interval.ms", "-1"),
        ];
        let properties = set.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let named = [
            "compression.type",
            "socket.timeout.ms",
            "ssl.crl.location",
            "ssl.key.password",
            "topic.metadata.refresh.interval.ms",
        ];
        assert_eq!(not_honoured(&properties), named);
    }
}
