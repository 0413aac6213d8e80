//! Reads a `client.properties` file of librdkafka properties.
//!
//! The names are those of librdkafka's `CONFIGURATION.md`; the file's form is that of Java's
//! properties without escapes: `name=value` or `name: value`, comments with `#` or `!`.

use rdkafka::ClientConfig;

/// A line that cannot be used; the value is never repeated, it may be a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadLine {
    /// Line number, from 1.
    pub(super) number: usize,
    /// The property, or nothing when the line has none.
    pub(super) name: String,
    /// What the line should be instead.
    pub(super) expected: String,
}

/// The properties that Weir sets itself, and why.
const OWNED: [(&str, &str); 32] = [
    ("message.timeout.ms", "Weir gives records up after a time of its own"),
    ("delivery.timeout.ms", "Weir gives records up after a time of its own"),
    ("linger.ms", "ingest has --linger"),
    ("queue.buffering.max.ms", "ingest has --linger"),
    ("queue.buffering.max.kbytes", "ingest has --queue-bytes"),
    ("queue.buffering.max.messages", "ingest has --queue-bytes"),
    ("message.max.bytes", "follows from ingest's --max-body"),
    ("default.topic.config", "its properties are given by themselves"),
    ("log_level", "RUST_LOG sets what is logged"),
    ("acks", "always all, so that an acknowledged record survives a broker"),
    ("request.required.acks", "always all, so that an acknowledged record survives a broker"),
    ("enable.idempotence", "always on, so that retries neither double nor reorder"),
    ("enable.gapless.guarantee", "always off"),
    ("max.in.flight", "follows from idempotence"),
    ("max.in.flight.requests.per.connection", "follows from idempotence"),
    ("transactional.id", "Weir uses no transactions"),
    ("partitioner", "always murmur2_random, so that Java clients agree"),
    ("delivery.report.only.error", "successes are what an answer waits for"),
    ("enable.auto.commit", "always on, for offsets that were stored after the work"),
    ("auto.commit.enable", "always on, for offsets that were stored after the work"),
    ("enable.auto.offset.store", "always off, offsets are stored after the work"),
    ("auto.offset.reset", "always earliest, so that nothing is skipped"),
    ("partition.assignment.strategy", "all members of a group must agree"),
    ("group.protocol", "all members of a group must agree"),
    ("group.id", "is the name of the consumer"),
    ("client.id", "is the name of the process"),
    ("bootstrap.servers", "use --brokers"),
    ("metadata.broker.list", "use --brokers"),
    ("allow.auto.create.topics", "topics are made by `weir topics apply`"),
    ("statistics.interval.ms", "always 15 s, the metrics come from it"),
    ("enable.partition.eof", "is not wanted"),
    ("plugin.library.paths", "no code is loaded at run time"),
];

/// The properties in file order, and every line that cannot be used.
pub(super) fn parse(text: &str) -> (Vec<(String, String)>, Vec<BadLine>) {
    let mut properties = Vec::new();
    let mut bad = Vec::new();
    for (index, line) in text.lines().enumerate() {
        match parse_line(index + 1, line) {
            Ok(Some(property)) => properties.push(property),
            Ok(None) => {}
            Err(line) => bad.push(line),
        }
    }
    (properties, bad)
}

fn parse_line(number: usize, line: &str) -> Result<Option<(String, String)>, BadLine> {
    let line = line.trim();
    if line.is_empty() || line.starts_with(['#', '!']) {
        return Ok(None);
    }
    let Some((name, value)) = line.split_once(['=', ':']) else {
        return Err(BadLine { number, name: String::new(), expected: String::from("name=value") });
    };
    let (name, value) = (name.trim(), value.trim());
    match refusal(name, value) {
        Some(expected) => Err(BadLine { number, name: name.to_owned(), expected }),
        None => Ok(Some((name.to_owned(), value.to_owned()))),
    }
}

fn refusal(name: &str, value: &str) -> Option<String> {
    if let Some((_, why)) = OWNED.iter().find(|(owned, _)| *owned == name) {
        return Some(format!("this line to be removed: {why}"));
    }
    if name == "enable.ssl.certificate.verification" && value != "true" {
        return Some(String::from("certificates to be verified: name the authority with ssl.ca.location"));
    }
    if name == "sasl.jaas.config" {
        return Some(String::from("sasl.username and sasl.password instead of Java's login module"));
    }
    match rdkafka_refusal(name, value) {
        None => None,
        Some(Refusal::Name) => Some(String::from("the name of a librdkafka property")),
        Some(Refusal::Value) => Some(String::from("a value that librdkafka accepts for this property")),
    }
}

enum Refusal {
    Name,
    Value,
}

fn rdkafka_refusal(name: &str, value: &str) -> Option<Refusal> {
    use rdkafka::error::KafkaError;
    use rdkafka::types::RDKafkaConfRes;

    match ClientConfig::new().set(name, value).create_native_config() {
        Ok(_) => None,
        Err(KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, ..)) => Some(Refusal::Name),
        Err(_) => Some(Refusal::Value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_values_and_comments_are_told_apart() {
        let text = "# TLS\nsecurity.protocol = SASL_SSL\n\n! more\nsasl.password: a=b:c \r\n";
        let (properties, bad) = parse(text);
        assert_eq!(bad, []);
        let expected = [("security.protocol", "SASL_SSL"), ("sasl.password", "a=b:c")];
        assert_eq!(properties, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn properties_that_weir_owns_are_refused_with_the_reason() {
        let (properties, bad) = parse("acks=1\nbootstrap.servers=x:1\n");
        assert_eq!(properties, []);
        assert_eq!(bad.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 2]);
        assert!(bad[1].expected.contains("--brokers"));
    }

    #[test]
    fn unknown_names_and_bad_values_are_told_apart_without_the_value() {
        let (_, bad) = parse("no.such.property=hunter2\nsecurity.protocol=hunter2\njust words\n");
        let expected: Vec<&str> = bad.iter().map(|line| line.expected.as_str()).collect();
        assert_eq!(
            expected,
            [
                "the name of a librdkafka property",
                "a value that librdkafka accepts for this property",
                "name=value"
            ]
        );
        assert!(!format!("{bad:?}").contains("hunter2"));
    }

    #[test]
    fn certificates_are_always_verified() {
        let (_, bad) = parse("enable.ssl.certificate.verification=false\n");
        assert!(bad[0].expected.contains("ssl.ca.location"));
        let (_, bad) = parse("enable.ssl.certificate.verification=true\n");
        assert_eq!(bad, []);
    }
}
