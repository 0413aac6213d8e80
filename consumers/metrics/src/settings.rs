//! The settings of `weir-metrics`: none beside the common ones.

use runtime::settings::Reader;

/// The flags of `weir-metrics` beside the common ones.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct MetricsArgs {}

/// The checked values of [`MetricsArgs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricsSettings;

impl MetricsSettings {
    /// Always succeeds, as there is nothing to check.
    pub fn read(_: &MetricsArgs, _: &mut Reader<'_>) -> Option<Self> {
        Some(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::process;

    #[test]
    fn brokers_are_all_that_must_be_given() {
        let command = process::command::<MetricsArgs>(crate::ABOUT);
        let matches =
            command.clone().try_get_matches_from(["weir-metrics", "--brokers", "kafka:9092"]).unwrap();
        let (common, settings) = process::settings(&command, &matches, MetricsSettings::read).unwrap();
        assert_eq!(common.topic_prefix, "meta");
        assert_eq!(settings, MetricsSettings);
    }
}
