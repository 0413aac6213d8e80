//! Reads a `client.properties` file of librdkafka properties; the names are those of librdkafka's `CONFIGURATION.md`.

mod aliases;
mod allowed;
mod lines;
mod named_files;
mod security;

use std::collections::BTreeMap;

use rdkafka::ClientConfig;

use self::allowed::refusal;
pub(super) use self::lines::BadLine;
use self::lines::Property;
pub(crate) use self::named_files::NAMING;
pub(super) use self::named_files::unreadable;

/// The properties by name, and every line that cannot be used: by itself, or else without others.
pub(super) fn parse(text: &str) -> (BTreeMap<String, Property>, Vec<BadLine>) {
    let (lines, mut bad) = lines::parse(text, refused);
    // Of several lines with one name the last counts.
    let lines = lines.into_iter().map(Property::under_one_name);
    let mut properties = lines.map(|line| (line.name.clone(), line)).collect();
    // What a line that is refused was meant to be, nobody knows: it may be the one that would be missed.
    if !bad.iter().any(security::may_be_missed) {
        bad.extend(security::incomplete(&properties));
    }
    // An empty value is none, as for librdkafka, which has the default then (`rd_kafka_anyconf_set`).
    properties.retain(|_, line| !line.value.is_empty());
    (properties, bad)
}

/// What is let through by its name is known to librdkafka, which still has to accept the value, and to read what is meant.
fn refused(name: &str, value: &str) -> Option<String> {
    refusal(name, value).or_else(|| {
        let expected = match ClientConfig::new().set(name, value).create_native_config() {
            Err(_) => "a value that librdkafka accepts for this property",
            Ok(config) if config.get(name).is_ok_and(|read| is_misread(value, &read)) => {
                "a whole number in digits alone, without a unit, which librdkafka would read over"
            }
            Ok(_) => return None,
        };
        Some(expected.to_owned())
    })
}

/// Whether a number was read of it that nobody means: librdkafka reads as far as it understands (`60s` is 60, and 60 ms), and takes
/// `010` for 8. What follows a blank may be a comment, but for more digits.
fn is_misread(value: &str, read: &str) -> bool {
    let (number, rest) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    let goes_on = rest.trim_start().starts_with(|next: char| next.is_ascii_digit());
    read.parse::<i64>().is_ok_and(|read| goes_on || number.parse::<i64>() != Ok(read))
}

impl Property {
    fn under_one_name(self) -> Self {
        Self { name: aliases::kept(&self.name).to_owned(), ..self }
    }

    /// Its line, as one that cannot be used.
    fn bad(&self, expected: &str) -> BadLine {
        BadLine { number: self.number, name: self.name.clone(), expected: expected.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_that_weir_owns_are_refused_with_the_reason() {
        let (properties, bad) = parse("acks=1\nbootstrap.servers=x:1\n");
        assert!(properties.is_empty());
        let named: Vec<_> = bad.iter().map(|line| (line.number, line.name.as_str())).collect();
        assert_eq!(named, [(1, "acks"), (2, "bootstrap.servers")]);
        assert!(bad[1].expected.contains("--brokers"));
    }

    #[test]
    fn a_number_that_librdkafka_would_read_otherwise_than_people_is_refused() {
        let is_refused = |line: &str| parse(line).1.len() == 1;
        for line in [
            "socket.timeout.ms=60s",
            "fetch.max.bytes=1_000_000",
            "fetch.max.bytes=1 000 000",
            "fetch.wait.max.ms=010",
        ] {
            assert!(is_refused(line), "{line}");
        }
        for line in [
            "socket.timeout.ms=60000",
            "socket.timeout.ms=60000 # a minute",
            "topic.metadata.refresh.interval.ms=-1",
            "client.rack=60s",
            "client.rack=007",
            "client.rack=6 7",
        ] {
            assert!(!is_refused(line), "{line}");
        }
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

    #[test]
    fn an_empty_value_stands_for_none_and_takes_back_what_a_line_before_it_sets() {
        let (properties, bad) = parse(
            "security.protocol=PLAINTEXT\nssl.crl.location=\nclient.rack=a\nclient.rack=\nssl.ca.pem=x\nssl.ca.pem=\nsocket.max.fails=2\n",
        );
        assert_eq!(bad, []);
        assert_eq!(properties.keys().collect::<Vec<_>>(), ["security.protocol", "socket.max.fails"]);
    }
}
