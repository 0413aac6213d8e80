//! Which producer writes to Kafka, and whether it honours the properties of `--kafka-config`.

use crate::kafka::direct;
use runtime::settings::{Form, KafkaSettings, Problem, Reader, Source, form};
use std::collections::BTreeMap;
use std::path::Path;

/// The producers that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProducerKind {
    /// librdkafka: idempotent, tries again by itself.
    Rdkafka,
    /// Weir's own: tries nothing twice.
    Direct,
}

pub(super) fn form() -> Form<ProducerKind> {
    form::choice(&[("rdkafka", ProducerKind::Rdkafka), ("direct", ProducerKind::Direct)])
}

/// What should be there instead of what the direct producer does not honour.
const HONOURED: &str =
    "a property that --producer direct honours, see docs/operations.md, or --producer rdkafka";
const AUTHORITY: &str =
    "the path of a file in PEM, which is all that --producer direct reads, or --producer rdkafka";

/// Notes every property that the direct producer would not honour.
pub(super) fn check(reader: &mut Reader<'_>, producer: ProducerKind) {
    if producer == ProducerKind::Rdkafka || !reader.is_set("kafka_config") {
        return;
    }
    let Some(file) = reader.optional("kafka_config", &form::file()) else { return };
    let source = Source::File(file.display().to_string());
    // What is wrong with the file itself is noted where it is read first.
    let Ok(kafka) = (KafkaSettings { file: Some(file), ..KafkaSettings::default() }).read_again() else {
        return;
    };
    let not_honoured = direct::not_honoured(&kafka.properties).into_iter().map(|name| (name, HONOURED));
    let authority = trusts_no_file(&kafka.properties).then_some(("ssl.ca.location", AUTHORITY));
    for (name, expected) in not_honoured.chain(authority) {
        reader.add(Problem {
            setting: reader.flag("kafka_config"),
            source: source.clone(),
            found: name.to_owned(),
            expected: expected.to_owned(),
        });
    }
}

/// Whether the authority is a folder, or what librdkafka finds on the system, and is needed.
fn trusts_no_file(properties: &BTreeMap<String, String>) -> bool {
    let get = |name: &str| properties.get(name).map(String::as_str);
    let has_tls =
        get("security.protocol").is_some_and(|protocol| protocol.to_ascii_lowercase().ends_with("ssl"));
    let is_no_file = |path: &str| Path::new(path).is_dir() || (path == "probe" && !Path::new(path).is_file());
    has_tls && get("ssl.ca.pem").is_none() && get("ssl.ca.location").is_some_and(is_no_file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_that_is_no_file_is_refused_where_it_would_be_read() {
        let here = env!("CARGO_MANIFEST_DIR");
        let file = format!("{here}/Cargo.toml");
        let trusts_no_file = |set: &[(&str, &str)]| {
            let owned = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let properties: BTreeMap<String, String> = owned.collect();
            trusts_no_file(&properties)
        };
        for path in [here, "probe"] {
            assert!(
                trusts_no_file(&[("security.protocol", "SASL_SSL"), ("ssl.ca.location", path)]),
                "{path}"
            );
            assert!(!trusts_no_file(&[("security.protocol", "PLAINTEXT"), ("ssl.ca.location", path)]));
            let given = [("security.protocol", "ssl"), ("ssl.ca.location", path), ("ssl.ca.pem", "x")];
            assert!(!trusts_no_file(&given), "it is not read");
        }
        assert!(!trusts_no_file(&[("security.protocol", "SSL"), ("ssl.ca.location", &file)]));
        assert!(!trusts_no_file(&[("security.protocol", "SSL")]));
    }
}
