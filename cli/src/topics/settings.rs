//! The flags of `weir topics`.

use clap::{ArgMatches, Command};
use runtime::settings::{KafkaArgs, KafkaSettings, Problems, Reader, form};
use schemas::TopicSpec;

/// The flags of `plan` and `apply`.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct TopicsArgs {
    /// How to reach Kafka.
    #[command(flatten)]
    kafka: KafkaArgs,
    /// First part of every topic's name
    #[arg(long, env = "WEIR_TOPIC_PREFIX", value_name = "NAME", default_value = "meta")]
    topic_prefix: Option<String>,
    /// Partitions of a topic; it cannot be changed later without moving keys
    #[arg(long, env = "WEIR_PARTITIONS", value_name = "COUNT", default_value = "12")]
    partitions: Option<String>,
    /// Replicas of a partition [default: 3, or the number of brokers where fewer]
    #[arg(long, env = "WEIR_REPLICATION_FACTOR", value_name = "COUNT")]
    replication_factor: Option<String>,
    /// The --max-body of ingest: topics that carry bodies take records of 1 MiB more
    #[arg(long, env = "WEIR_MAX_BODY", value_name = "BYTES", default_value = "4MiB")]
    max_body: Option<String>,
}

/// The checked values of [`TopicsArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TopicsSettings {
    /// How to reach Kafka.
    pub(super) kafka: KafkaSettings,
    /// First part of every topic's name.
    pub(super) topic_prefix: String,
    /// Partitions of each topic.
    pub(super) partitions: u32,
    /// Replicas of each partition; `None` leaves it to the number of brokers.
    pub(super) replication_factor: Option<u32>,
    /// The largest body that ingest takes, in bytes.
    pub(super) max_body: u64,
}

impl TopicsSettings {
    /// Reads and checks them; all problems come together.
    pub(super) fn read(command: &Command, matches: &ArgMatches) -> Result<Self, Problems> {
        let mut reader = Reader::new(command, matches);
        let kafka = KafkaSettings::read(&mut reader);
        let topic_prefix = reader.required("topic_prefix", &form::topic_prefix());
        let partitions = reader.required("partitions", &form::count(1..=10_000));
        let replication_factor = reader.optional("replication_factor", &form::count(1..=100));
        let max_body = reader.required("max_body", &form::bytes(1024..=64 << 20));
        reader.finish()?;
        let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(Self {
            kafka: kafka.unwrap_or_default(),
            topic_prefix: topic_prefix.unwrap_or_default(),
            partitions: partitions.map_or(TopicSpec::DEFAULT_PARTITIONS, small),
            replication_factor: replication_factor.map(small),
            max_body: max_body.unwrap_or(TopicSpec::DEFAULT_BODY_BYTES),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Args as _;

    fn read(arguments: &[&str]) -> Result<TopicsSettings, Problems> {
        let command = TopicsArgs::augment_args(Command::new("plan"));
        let matches = command.clone().get_matches_from(["plan"].iter().chain(arguments));
        TopicsSettings::read(&command, &matches)
    }

    #[test]
    fn the_defaults_are_those_of_the_table_of_topics() {
        let settings = read(&["--brokers", "kafka:9092"]).unwrap();
        assert_eq!(settings.partitions, TopicSpec::DEFAULT_PARTITIONS);
        assert_eq!(settings.max_body, TopicSpec::DEFAULT_BODY_BYTES);
        assert_eq!(settings.replication_factor, None);
        assert_eq!(settings.topic_prefix, "meta");
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let arguments = ["--partitions", "0", "--replication-factor", "many", "--max-body", "1"];
        let problems = read(&arguments).unwrap_err().0;
        let settings: Vec<&str> = problems.iter().map(|problem| problem.setting.as_str()).collect();
        assert_eq!(settings, ["--brokers", "--partitions", "--replication-factor", "--max-body"]);
    }
}
