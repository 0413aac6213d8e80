//! The settings that every process has.

use std::net::SocketAddr;

use super::{ConsumerSettings, KafkaArgs, KafkaSettings, Reader, form};
use crate::telemetry::LogFormat;

/// The flags that every process has.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Every process")]
pub struct CommonArgs {
    /// How to reach Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,
    /// First part of every topic's name
    #[arg(long, env = "WEIR_TOPIC_PREFIX", value_name = "NAME", default_value = "meta")]
    pub topic_prefix: Option<String>,
    /// Address of metrics and health probes; not for the public
    #[arg(long, env = "WEIR_ADMIN_LISTEN", value_name = "IP:PORT", default_value = "0.0.0.0:9090")]
    pub admin_listen: Option<String>,
    /// Log lines: auto (pretty on a terminal, else json), pretty or json
    #[arg(long, env = "WEIR_LOG_FORMAT", value_name = "FORMAT", default_value = "auto")]
    pub log_format: Option<String>,
}

/// The checked values of [`CommonArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommonSettings {
    /// How to reach Kafka.
    pub kafka: KafkaSettings,
    /// First part of every topic's name.
    pub topic_prefix: String,
    /// Where metrics and health probes are served.
    pub admin_listen: SocketAddr,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// The bounds of consuming; the defaults where the process has no flags for them.
    pub consumer: ConsumerSettings,
}

impl CommonSettings {
    /// Reads and checks them; `None` means that `reader` has noted problems.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let kafka = KafkaSettings::read(reader);
        let topic_prefix = reader.required("topic_prefix", &form::topic_prefix());
        let admin_listen = reader.required("admin_listen", &form::address());
        let log_format = reader.required("log_format", &form::choice(LOG_FORMATS));
        let has_bounds = reader.has_flag("max_rejects_in_a_row");
        let consumer =
            if has_bounds { ConsumerSettings::read(reader) } else { Some(ConsumerSettings::default()) };
        Some(Self {
            kafka: kafka?,
            topic_prefix: topic_prefix?,
            admin_listen: admin_listen?,
            log_format: log_format?,
            consumer: consumer?,
        })
    }
}

const LOG_FORMATS: &[(&str, LogFormat)] =
    &[("auto", LogFormat::Auto), ("pretty", LogFormat::Pretty), ("json", LogFormat::Json)];

#[cfg(test)]
mod tests {
    use clap::{ArgMatches, Args as _, Command};

    use super::*;
    use crate::settings::{Problems, Source};

    fn command() -> Command {
        CommonArgs::augment_args(Command::new("weir-test"))
    }

    fn read(matches: &ArgMatches) -> Result<CommonSettings, Problems> {
        let command = command();
        let mut reader = Reader::new(&command, matches);
        let settings = CommonSettings::read(&mut reader);
        reader.finish().map(|()| settings.unwrap())
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
        let arguments =
            ["weir-test", "--topic-prefix", "Meta_", "--admin-listen", "9090", "--log-format", "xml"];
        let problems = read(&command().get_matches_from(arguments)).unwrap_err().0;
        let settings: Vec<&str> = problems.iter().map(|problem| problem.setting.as_str()).collect();
        assert_eq!(settings, ["--brokers", "--topic-prefix", "--admin-listen", "--log-format"]);
        assert_eq!(problems[0].source, Source::NotSet);
    }

    #[test]
    fn a_bad_line_of_the_properties_file_is_named_by_its_number() {
        let file = std::env::temp_dir().join(format!("weir-{}.properties", std::process::id()));
        std::fs::write(&file, "security.protocol=plaintext\nacks=0\n").unwrap();
        let path = file.to_string_lossy().into_owned();
        let arguments = ["weir-test", "--brokers", "kafka:9092", "--kafka-config", &path];
        let problems = read(&command().get_matches_from(arguments)).unwrap_err().0;
        std::fs::remove_file(&file).unwrap();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].source, Source::File(format!("{path}:2")));
        assert_eq!(problems[0].found, "acks");
    }
}
