//! Which producer writes to Kafka, and whether it honours the properties of `--kafka-config`.

use crate::kafka::direct;
use runtime::settings::{Form, KafkaSettings, Problem, Reader, Source, form};

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
    for name in direct::not_honoured(&kafka.properties) {
        reader.add(Problem {
            setting: reader.flag("kafka_config"),
            source: source.clone(),
            found: name.to_owned(),
            expected: String::from(
                "a property that --producer direct honours, see docs/operations.md, or --producer rdkafka",
            ),
        });
    }
}
