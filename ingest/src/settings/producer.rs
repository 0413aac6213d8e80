//! Which producer writes to Kafka, and whether it honours the properties of `--kafka-config`.

use crate::kafka::direct;
use runtime::blocking::Blocking;
use runtime::secret_files::READ_TIMEOUT;
use runtime::settings::{Form, KafkaSettings, Problem, Reader, Source, form};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
    if producer == ProducerKind::Rdkafka {
        return;
    }
    let Some(file) = reader.raw("kafka_config").map(PathBuf::from) else { return };
    let source = Source::File(file.display().to_string());
    // A file system that is gone would hang for ever, without a word.
    let refused = match Blocking::default().wait(READ_TIMEOUT, move || refused(file)) {
        Ok(Ok(refused)) => refused,
        // What is wrong with the file itself is noted where it is read first.
        Ok(Err(_)) => return,
        Err(error) => vec![(error.to_string(), "a file that can be read")],
    };
    for (found, expected) in refused {
        reader.add(Problem {
            setting: reader.flag("kafka_config"),
            source: source.clone(),
            found,
            expected: expected.to_owned(),
        });
    }
}

/// What is set in the file and would not be honoured, with what should be there instead. Blocks.
fn refused(file: PathBuf) -> Result<Vec<(String, &'static str)>, String> {
    let kafka = KafkaSettings { file: Some(file), ..KafkaSettings::default() }.read_again()?;
    let not_honoured = direct::not_honoured(&kafka.properties).into_iter();
    let authority = trusts_no_file(&kafka.properties).then_some(("ssl.ca.location", AUTHORITY));
    let refused = not_honoured.map(|name| (name, HONOURED)).chain(authority);
    Ok(refused.map(|(name, expected)| (name.to_owned(), expected)).collect())
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
    use clap::Command;

    #[test]
    fn what_is_wrong_with_the_file_itself_is_said_once() {
        let command = KafkaSettings::declare(Command::new("weir-test"));
        for file in ["/no/such/file", env!("CARGO_MANIFEST_DIR"), ""] {
            let arguments = ["weir-test", "--brokers", "kafka:9092", "--kafka-config", file];
            let matches = command.clone().get_matches_from(arguments);
            let mut reader = Reader::new(&command, &matches);
            assert!(KafkaSettings::read(&mut reader).is_some());
            check(&mut reader, ProducerKind::Direct);
            let problems = reader.finish().unwrap_err().to_string();
            assert_eq!(problems.lines().count(), 1, "{problems}");
        }
    }

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
