//! The settings of processes that consume.

use std::time::Duration;

use super::{Reader, form};

/// The flags of processes that consume.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Consuming")]
pub struct ConsumerArgs {
    /// Records that wait in memory, per partition; a partition whose queue is full is paused
    #[arg(long, env = "WEIR_PARTITION_QUEUE", value_name = "COUNT", default_value = "200")]
    pub partition_queue: Option<String>,
    /// Records whose outputs are on their way unacknowledged, per partition
    #[arg(long, env = "WEIR_PARTITION_PIPELINE", value_name = "COUNT", default_value = "64")]
    pub partition_pipeline: Option<String>,
    /// First delay before another attempt at a record, at most; it doubles with each attempt
    #[arg(long, env = "WEIR_RETRY_BACKOFF", value_name = "DURATION", default_value = "200ms")]
    pub retry_backoff: Option<String>,
    /// Longest delay before another attempt at a record
    #[arg(long, env = "WEIR_RETRY_BACKOFF_MAX", value_name = "DURATION", default_value = "30s")]
    pub retry_backoff_max: Option<String>,
    /// Records of one topic that may become dead letters in a row; at one more the consumer stops taking work and is
    /// not ready until it is restarted, since a mistake in it must not drain the topic into the dead letters
    #[arg(long, env = "WEIR_MAX_REJECTS_IN_A_ROW", value_name = "COUNT", default_value = "1000")]
    pub max_rejects_in_a_row: Option<String>,
    /// How long a partition with records to read may stand still, or a record be in work, before the Kafka consumer is
    /// built anew; waits on purpose, for Kafka or a dependency, do not count
    #[arg(long, env = "WEIR_STALL_TIMEOUT", value_name = "DURATION", default_value = "60s")]
    pub stall_timeout: Option<String>,
    /// How long records in work may take to finish when a partition is given away or the process ends
    #[arg(long, env = "WEIR_FINISH_TIMEOUT", value_name = "DURATION", default_value = "10s")]
    pub finish_timeout: Option<String>,
}

/// The checked values of [`ConsumerArgs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerSettings {
    /// Records that wait in memory, per partition.
    pub partition_queue: usize,
    /// Records whose outputs are on their way, per partition.
    pub partition_pipeline: usize,
    /// First delay before another attempt, at most.
    pub retry_backoff: Duration,
    /// Longest delay before another attempt.
    pub retry_backoff_max: Duration,
    /// Records of one topic that may become dead letters in a row.
    pub max_rejects_in_a_row: u64,
    /// How long a partition may stand still without a reason.
    pub stall_timeout: Duration,
    /// How long records in work may take to finish.
    pub finish_timeout: Duration,
}

impl Default for ConsumerSettings {
    /// The defaults of `--help`.
    fn default() -> Self {
        Self {
            partition_queue: 200,
            partition_pipeline: 64,
            retry_backoff: Duration::from_millis(200),
            retry_backoff_max: Duration::from_secs(30),
            max_rejects_in_a_row: 1_000,
            stall_timeout: Duration::from_mins(1),
            finish_timeout: Duration::from_secs(10),
        }
    }
}

impl ConsumerSettings {
    /// Reads and checks them; `None` means that `reader` has noted problems.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let usize_of = |value: u64| usize::try_from(value).ok();
        let queue = reader.required("partition_queue", &form::count(1..=1_000_000)).and_then(usize_of);
        let pipeline = reader.required("partition_pipeline", &form::count(1..=100_000)).and_then(usize_of);
        let millis = |from, to| form::duration(Duration::from_millis(from)..=Duration::from_millis(to));
        let retry_backoff = reader.required("retry_backoff", &millis(1, 60_000));
        let retry_backoff_max = reader.required("retry_backoff_max", &millis(1, 3_600_000));
        let rejects = reader.required("max_rejects_in_a_row", &form::count(1..=1_000_000_000));
        // A rebalance and a hung broker may take seconds each; librdkafka's own longest interval is five minutes.
        let stall_timeout = reader.required("stall_timeout", &millis(10_000, 3_600_000));
        let finish_timeout = reader.required("finish_timeout", &millis(100, 240_000));
        Some(Self {
            partition_queue: queue?,
            partition_pipeline: pipeline?,
            retry_backoff: retry_backoff?,
            retry_backoff_max: retry_backoff_max?,
            max_rejects_in_a_row: rejects?,
            stall_timeout: stall_timeout?,
            finish_timeout: finish_timeout?,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command};

    use super::*;

    fn read(arguments: &[&str]) -> Result<ConsumerSettings, String> {
        let command = ConsumerArgs::augment_args(Command::new("weir-test"));
        let matches = command.clone().get_matches_from(["weir-test"].iter().chain(arguments));
        let mut reader = Reader::new(&command, &matches);
        let settings = ConsumerSettings::read(&mut reader);
        reader.finish().map(|()| settings.unwrap()).map_err(|problems| problems.to_string())
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
