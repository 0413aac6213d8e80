//! Which producer writes to Kafka, and whether it honours the properties of `--kafka-config`.

use crate::kafka::direct;
use runtime::settings::{Form, KafkaSettings, Problem, Reader, Source, form};
use std::collections::BTreeMap;

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
const HONOURED: &str = "a property that --producer direct honours, with a value that it does (a number has digits alone), see \
    docs/operations.md, or --producer rdkafka";
const AUTHORITY: &str =
    "the path of a file in PEM, which is all that --producer direct reads, or --producer rdkafka";

/// Notes every property that the direct producer would not honour.
pub(super) fn check(reader: &mut Reader<'_>, producer: ProducerKind) {
    let KafkaSettings { file: Some(file), properties, .. } = reader.kafka() else { return };
    if producer == ProducerKind::Rdkafka {
        return;
    }
    let (setting, source) = (reader.flag("kafka_config"), Source::File(file.display().to_string()));
    let not_honoured = direct::not_honoured(properties).into_iter().map(|name| (name, HONOURED));
    let authorities = trusts_no_file(properties).map(|name| (name, AUTHORITY));
    let problem = |(name, expected): (&str, &str)| Problem {
        setting: setting.clone(),
        source: source.clone(),
        found: name.to_owned(),
        expected: expected.to_owned(),
    };
    let problems: Vec<Problem> = not_honoured.chain(authorities).map(problem).collect();
    for problem in problems {
        reader.add(problem);
    }
}

/// The authorities that are a folder, or what librdkafka finds on the system, and are needed.
fn trusts_no_file(properties: &BTreeMap<String, String>) -> impl Iterator<Item = &'static str> {
    let get = |name: &str| properties.get(name).map(String::as_str);
    let protocol = get("security.protocol").unwrap_or_default().to_ascii_lowercase();
    let has_token = protocol.starts_with("sasl") && get("sasl.mechanism") == Some("OAUTHBEARER");
    let is_no_file = move |path: &str| {
        form::directory().parse(path).is_some() || (path == "probe" && form::file().parse(path).is_none())
    };
    let of_brokers = ("ssl.ca.location", protocol.ends_with("ssl") && get("ssl.ca.pem").is_none());
    let of_tokens = ("https.ca.location", has_token);
    let read = [of_brokers, of_tokens].into_iter().filter(|(_, is_read)| *is_read).map(|(name, _)| name);
    read.filter(move |name| properties.get(*name).is_some_and(|path| is_no_file(path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Command;

    /// What is wrong with a file of properties where the direct producer reads it.
    fn problems(file: &str) -> Vec<Problem> {
        let command = KafkaSettings::declare(Command::new("weir-test"));
        let arguments = ["weir-test", "--brokers", "kafka:9092", "--kafka-config", file];
        let matches = command.clone().get_matches_from(arguments);
        let mut reader = Reader::new(&command, &matches);
        assert!(KafkaSettings::read(&mut reader).is_some());
        check(&mut reader, ProducerKind::Direct);
        reader.finish(Some(())).unwrap_err().0
    }

    #[test]
    fn what_is_wrong_with_the_file_itself_is_said_once() {
        for file in ["/no/such/file", env!("CARGO_MANIFEST_DIR"), ""] {
            let problems = problems(file);
            assert_eq!(problems.len(), 1, "{problems:?}");
        }
    }

    #[test]
    fn what_would_not_be_honoured_is_named_together_with_lines_that_cannot_be_used() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "compression.type=snappy\nclient.rack=a\nrequest.required.acks=1\n").unwrap();
        let problems = problems(file.path().to_str().unwrap());
        let found: Vec<_> = problems.iter().map(|problem| problem.found.as_str()).collect();
        assert_eq!(found, ["request.required.acks", "compression.type"]);
    }

    #[test]
    fn an_authority_that_is_no_file_is_refused_where_it_would_be_read() {
        let here = env!("CARGO_MANIFEST_DIR");
        let file = format!("{here}/Cargo.toml");
        let trusts_no_file = |set: &[(&str, &str)]| {
            let owned = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let properties: BTreeMap<String, String> = owned.collect();
            trusts_no_file(&properties).next().is_some()
        };
        for path in [here, "probe"] {
            assert!(
                trusts_no_file(&[("security.protocol", "SASL_SSL"), ("ssl.ca.location", path)]),
                "{path}"
            );
            assert!(!trusts_no_file(&[("security.protocol", "PLAINTEXT"), ("ssl.ca.location", path)]));
            let by_token = [("security.protocol", "SASL_SSL"), ("sasl.mechanism", "OAUTHBEARER")];
            assert!(trusts_no_file(&[by_token[0], by_token[1], ("https.ca.location", path)]));
            assert!(!trusts_no_file(&[by_token[0], ("https.ca.location", path)]), "no token is asked for");
            let given = [("security.protocol", "ssl"), ("ssl.ca.location", path), ("ssl.ca.pem", "x")];
            assert!(!trusts_no_file(&given), "it is not read");
        }
        assert!(!trusts_no_file(&[("security.protocol", "SSL"), ("ssl.ca.location", &file)]));
        assert!(!trusts_no_file(&[("security.protocol", "SSL")]));
    }
}
