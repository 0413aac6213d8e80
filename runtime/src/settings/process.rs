//! The settings that every process has.

use std::net::SocketAddr;

use super::{ConsumerSettings, KafkaSettings, form, optional, part, with_default};
use crate::telemetry::LogFormat;

crate::settings! {
    "Every process",
    /// The settings that every process has.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CommonSettings {
        /// How to reach Kafka.
        pub kafka: KafkaSettings = part(KafkaSettings::declare, KafkaSettings::read),
        /// First part of every topic's name; consumer groups have none, so one Kafka carries one Weir
        pub topic_prefix: String = with_default("NAME", "meta", form::topic_prefix()),
        /// Address of metrics and health probes; not for the public
        pub admin_listen: SocketAddr = with_default("IP:PORT", "0.0.0.0:9090", form::address()),
        /// Log lines: auto (pretty on a terminal, else json), pretty or json
        pub log_format: LogFormat = with_default("FORMAT", "auto", form::choice(LOG_FORMATS)),
        /// Threads that the work is spread over; by default one in weir-ingest, elsewhere as many as processors. Fewer cost less where the work is small
        pub worker_threads: Option<usize> = optional("COUNT", form::count(1..=1_024)),
        /// The bounds of consuming; the defaults where the process has no flags for them.
        pub consumer: ConsumerSettings = part(|command| command, ConsumerSettings::read_if_declared),
    }
}

const LOG_FORMATS: &[(&str, LogFormat)] =
    &[("auto", LogFormat::Auto), ("pretty", LogFormat::Pretty), ("json", LogFormat::Json)];

#[cfg(test)]
mod tests {
    use clap::{ArgMatches, Command};

    use super::*;
    use crate::settings::{Problems, Reader, Source};

    fn command() -> Command {
        CommonSettings::declare(Command::new("weir-test"))
    }

    fn read(matches: &ArgMatches) -> Result<CommonSettings, Problems> {
        let command = command();
        let mut reader = Reader::new(&command, matches);
        let settings = CommonSettings::read(&mut reader);
        reader.finish(settings)
    }

    #[test]
    fn brokers_are_all_that_must_be_given() {
        let matches = command().get_matches_from(["weir-test", "--brokers", "kafka:9092"]);
        let settings = read(&matches).unwrap();
        assert_eq!(settings.topic_prefix, "meta");
        assert_eq!(settings.admin_listen.port(), 9090);
        assert_eq!(settings.log_format, LogFormat::Auto);
    }

    #[test]
    fn every_bad_setting_is_reported() {
        let arguments = [
            "--topic-prefix",
            "Meta_",
            "--admin-listen",
            "9090",
            "--log-format",
            "xml",
            "--worker-threads",
            "0",
        ];
        let problems = read(&command().get_matches_from(["weir-test"].iter().chain(&arguments)));
        let problems = problems.unwrap_err().0;
        let settings: Vec<&str> = problems.iter().map(|problem| problem.setting.as_str()).collect();
        assert_eq!(
            settings,
            ["--brokers", "--topic-prefix", "--admin-listen", "--log-format", "--worker-threads"]
        );
        assert_eq!(problems[0].source, Source::NotSet);
    }

    /// What is wrong with a file of properties that holds this, and where it lay.
    fn problems_of(name: &str, properties: &str) -> (Problems, String) {
        let file = std::env::temp_dir().join(format!("weir-{name}-{}.properties", std::process::id()));
        std::fs::write(&file, properties).unwrap();
        let path = file.to_string_lossy().into_owned();
        let arguments = ["weir-test", "--brokers", "kafka:9092", "--kafka-config", &path];
        let problems = read(&command().get_matches_from(arguments)).unwrap_err();
        std::fs::remove_file(&file).unwrap();
        (problems, path)
    }

    #[test]
    fn a_bad_line_of_the_properties_file_is_named_by_its_number() {
        let (Problems(problems), path) =
            problems_of("line", "security.protocol=plaintext\nrequest.required.acks=0\n");
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].source, Source::File(format!("{path}:2")));
        assert_eq!(problems[0].found, "request.required.acks");
    }

    #[test]
    fn a_file_that_the_properties_name_has_to_be_there() {
        let (problems, path) = problems_of("named", "security.protocol=SSL\nssl.ca.location=/nope/ca.crt\n");
        let problems = problems.to_string();
        let begin = format!("--kafka-config ({path}:2): found ssl.ca.location, expected a file or a folder");
        assert!(
            problems.starts_with(&begin) && problems.contains("/nope/ca.crt: No such file"),
            "{problems}"
        );
    }
}
