//! Reads a `client.properties` file of librdkafka properties.
//!
//! The names are those of librdkafka's `CONFIGURATION.md`; the file's form is that of Java's
//! properties: `name=value` or `name: value`, comments with `#` or `!`, and no escapes but `\n` in a value in PEM.

mod allowed;

use rdkafka::ClientConfig;

use self::allowed::refusal;

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
    // A certificate or key in PEM has several lines, a property has one.
    let value = if matches!(name, "ssl.ca.pem" | "ssl.certificate.pem" | "ssl.key.pem") {
        value.replace("\\n", "\n")
    } else {
        value.to_owned()
    };
    match refused(name, &value) {
        Some(expected) => Err(BadLine { number, name: name.to_owned(), expected }),
        None => Ok(Some((name.to_owned(), value))),
    }
}

fn refused(name: &str, value: &str) -> Option<String> {
    if let Some(expected) = refusal(name, value) {
        return Some(expected);
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
    fn lines_of_pem_are_written_as_escapes() {
        let (properties, _) =
            parse("ssl.ca.pem=-----BEGIN CERTIFICATE-----\\nAA==\\n-----END CERTIFICATE-----\n");
        assert_eq!(properties[0].1, "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----");
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
                "one of the properties that docs/operations.md lists, the rest is for Weir to set",
                "a value that librdkafka accepts for this property",
                "name=value"
            ]
        );
        assert!(!format!("{bad:?}").contains("hunter2"));
    }
}
