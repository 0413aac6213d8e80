//! The settings of processes that consume.

use std::time::Duration;

use super::{Reader, defaults, form, with_default};

crate::settings! {
    "Consuming",
    /// How much a process that consumes takes on.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ConsumerSettings {
        /// Records that wait in memory for their turn, per partition, beside what the Kafka client has fetched
        pub partition_queue: usize = with_default("COUNT", "200", form::count(1..=1_000_000)),
        /// Records whose outputs are on their way unacknowledged, per partition
        pub partition_pipeline: usize = with_default("COUNT", "64", form::count(1..=100_000)),
        /// Upper bound of the first delay before another attempt at a record: the delay is random below it, and it doubles with
        /// each attempt. After 5 failed attempts the record becomes a dead letter, unless something that it needs is unavailable
        pub retry_backoff: Duration = with_default("DURATION", "200ms", form::millis(1..=60_000)),
        /// Upper bound of every delay before another attempt at a record
        pub retry_backoff_max: Duration = with_default("DURATION", "30s", form::millis(1..=3_600_000)),
        /// Records of one topic that may become dead letters in a row, but for those whose reason says nothing about the consumer; at
        /// one more the consumer stops taking work and is not ready until it is restarted, since a mistake in it must not drain the
        /// topic into the dead letters
        pub max_rejects_in_a_row: u64 = with_default("COUNT", "1000", form::count(1..=1_000_000_000)),
        /// How long a partition with records to read may stand still, or a record be in work, before the Kafka client is
        /// replaced, or the process ended where that did not help; waits on purpose, for Kafka or a dependency, do not count
        // A rebalance and a hung broker may take seconds each; librdkafka's own longest interval is five minutes.
        pub stall_timeout: Duration = with_default("DURATION", "60s", form::millis(10_000..=3_600_000)),
        /// How long records in work may take to finish when a partition is given away or the process ends
        pub finish_timeout: Duration = with_default("DURATION", "10s", form::millis(100..=240_000)),
    }
}

impl ConsumerSettings {
    /// The defaults where the process has no flags for them.
    pub(super) fn read_if_declared(reader: &mut Reader<'_>) -> Option<Self> {
        if reader.is_set("max_rejects_in_a_row") { Self::read(reader) } else { Some(Self::default()) }
    }
}

impl Default for ConsumerSettings {
    /// The defaults of `--help`.
    fn default() -> Self {
        defaults(Self::declare, Self::read)
    }
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;

    fn read(arguments: &[&str]) -> Result<ConsumerSettings, String> {
        let command = ConsumerSettings::declare(Command::new("weir-test"));
        let matches = command.clone().get_matches_from(["weir-test"].iter().chain(arguments));
        let mut reader = Reader::new(&command, &matches);
        let settings = ConsumerSettings::read(&mut reader);
        reader.finish(settings).map_err(|problems| problems.to_string())
    }

    #[test]
    fn the_defaults_are_those_of_the_help() {
        assert_eq!(read(&[]), Ok(ConsumerSettings::default()));
    }

    #[test]
    fn every_bad_bound_is_reported() {
        let text =
            read(&["--partition-queue", "0", "--stall-timeout", "1s", "--max-rejects-in-a-row", "none"]);
        let text = text.unwrap_err();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains("--stall-timeout (flag): found \"1s\", expected a duration"), "{text}");
    }
}
