//! The flags of `weir topics`.

use crate::tool::settings::{count, flag, kafka, settings, topic_prefix};
use runtime::settings::{KafkaSettings, form};

settings! {
    /// What `weir topics plan` and `apply` can be asked for.
    pub(crate) struct TopicsSettings {
        kafka: KafkaSettings = kafka(),
        /// First part of every topic's name
        topic_prefix: String = topic_prefix(),
        /// Partitions of a topic; it cannot be changed later without moving keys [default: 12, or as many as a topic that is there has
        /// where these are more; of a missing one as many as all others have, where that is one number]
        partitions: Option<u32> = count("partitions", 1..=10_000).env("WEIR_PARTITIONS").optional(),
        /// Replicas of a partition [default: 3, or the number of brokers where fewer]
        replication_factor: Option<u32> = count("replication-factor", 1..=100).env("WEIR_REPLICATION_FACTOR").optional(),
        /// The --max-body of ingest: topics that carry bodies take records of 1 MiB more
        max_body: u64 = flag("max-body", "BYTES", form::bytes(1024..=64 << 20)).env("WEIR_MAX_BODY").or("4MiB"),
        /// Disk of each broker: bounds what is kept of raw deliveries to 40 % of it, of unknown events and of each topic of
        /// dead letters to 2 % (retention.bytes) [default: no bound]
        broker_disk: Option<u64> = flag("broker-disk", "BYTES", form::bytes(1 << 30..=1 << 50)).env("WEIR_BROKER_DISK").optional(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::settings::read;
    use clap::Command;
    use runtime::settings::Problems;
    use schemas::TopicSpec;

    fn given(arguments: &[&str]) -> Result<TopicsSettings, Problems> {
        let command = TopicsSettings::declare(Command::new("plan"));
        let matches = command.clone().get_matches_from(["plan"].iter().chain(arguments));
        read(&command, &matches)
    }

    #[test]
    fn the_defaults_are_those_of_the_table_of_topics() {
        let settings = given(&["--brokers", "kafka:9092"]).unwrap();
        assert_eq!((settings.partitions, TopicSpec::DEFAULT_PARTITIONS), (None, 12));
        assert_eq!(settings.max_body, TopicSpec::DEFAULT_BODY_BYTES);
        assert_eq!((settings.replication_factor, settings.broker_disk), (None, None));
        assert_eq!(settings.topic_prefix, "meta");
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let arguments = ["--partitions", "0", "--replication-factor", "many", "--max-body", "1"];
        let problems = given(&arguments).unwrap_err().0;
        let settings: Vec<&str> = problems.iter().map(|problem| problem.setting.as_str()).collect();
        assert_eq!(settings, ["--brokers", "--partitions", "--replication-factor", "--max-body"]);
    }
}
