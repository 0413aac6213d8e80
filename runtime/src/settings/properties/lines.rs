//! The lines of a properties file.
//!
//! The form is that of Java's properties: `name=value` or `name: value`, comments with `#` or `!`, and no escapes but `\n` in
//! a value in PEM.

use std::fmt;

use super::allowed::why_owned;

/// A line that sets a property.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Property {
    /// Line number, from 1.
    pub(crate) number: usize,
    /// The property.
    pub(crate) name: String,
    /// Its value, which may be a password.
    pub(crate) value: String,
}

/// A line that cannot be used; its `Display` follows the name of the file. The value is never repeated, it may be a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadLine {
    /// Line number, from 1.
    pub(crate) number: usize,
    /// The property, or nothing when the line has none: what is before the first `=` may be a piece of a secret that goes over
    /// several lines.
    pub(crate) name: String,
    /// What the line should be instead.
    pub(crate) expected: String,
}

/// The properties in file order, and every line that cannot be used.
///
/// `refusal` says of a name and its value what should be there instead, where it cannot be used.
pub(super) fn parse(
    text: &str,
    refusal: impl Fn(&str, &str) -> Option<String>,
) -> (Vec<Property>, Vec<BadLine>) {
    let (mut properties, mut bad) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        match parse_line(index + 1, line, &refusal) {
            Ok(property) => properties.extend(property),
            Err(line) => bad.push(line),
        }
    }
    (properties, bad)
}

fn parse_line(
    number: usize,
    line: &str,
    refusal: impl Fn(&str, &str) -> Option<String>,
) -> Result<Option<Property>, BadLine> {
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
    match refusal(name, &value) {
        Some(expected) => {
            let name = if is_a_name(name) { name.to_owned() } else { String::new() };
            Err(BadLine { number, name, expected })
        }
        None => Ok(Some(Property { number, name: name.to_owned(), value })),
    }
}

/// Whether it has the form of librdkafka's names, with the dot that base64 never has, or is one of those without.
fn is_a_name(name: &str) -> bool {
    why_owned(name).is_some()
        || name.contains('.') && name.bytes().all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte))
}

impl fmt::Debug for Property {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, name, .. } = self;
        formatter.debug_struct("Property").field("number", number).field("name", name).finish_non_exhaustive()
    }
}

impl fmt::Display for BadLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, name, expected } = self;
        if name.is_empty() {
            write!(formatter, "{number}: expected {expected}")
        } else {
            write!(formatter, "{number}: {name}: expected {expected}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_values_and_comments_are_told_apart() {
        let text = "# TLS\nsecurity.protocol = SASL_SSL\n\n! more\nsasl.password: a=b:c \r\n";
        let (properties, bad) = parse(text, |_, _| None);
        assert_eq!(bad, []);
        let expected = [(2, "security.protocol", "SASL_SSL"), (5, "sasl.password", "a=b:c")];
        let property = |(number, name, value): (usize, &str, &str)| Property {
            number,
            name: name.to_owned(),
            value: value.to_owned(),
        };
        assert_eq!(properties, expected.map(property));
        assert!(!format!("{properties:?}").contains("a=b:c"));
    }

    #[test]
    fn a_piece_of_a_secret_is_never_taken_for_a_name() {
        let refused = |_: &str, _: &str| Some(String::from("name=value"));
        let pieces =
            ["MIIEvgIBADANBgkqhkiG9w==", "hunter:2", "hunter = 2", "Hunter.Two=x", "hunter.2=x", "hunter2"];
        for piece in pieces {
            let (_, bad) = parse(&format!("sasl.password=x\\\n{piece}\n"), refused);
            assert_eq!(bad[1].to_string(), "2: expected name=value", "{piece}");
        }
        let (_, bad) = parse("sasl.pasword=hunter2\n", refused);
        assert_eq!(bad[0].to_string(), "1: sasl.pasword: expected name=value");
    }

    #[test]
    fn lines_of_pem_are_written_as_escapes() {
        let (properties, _) =
            parse("ssl.ca.pem=-----BEGIN CERTIFICATE-----\\nAA==\\n-----END CERTIFICATE-----\n", |_, _| None);
        assert_eq!(properties[0].value, "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----");
    }
}
