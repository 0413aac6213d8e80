//! The settings of this consumer beside the common ones.

use crate::Input;
use crate::dedupe::Bounds;
use runtime::settings::{defaults, form, with_default};
use std::time::Duration;

/// More would take gigabytes for a process with a dozen partitions.
const MOST_EVENTS: u64 = 10_000_000;

const INPUTS: [(&str, Input); 2] = [("messages", Input::Messages), ("feed", Input::Feed)];

runtime::settings! {
    /// The settings of this consumer.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Settings {
        /// What is read: messages, which is messages.v1, standby.v1, receipts.v1, comments.v1 and mentions.v1; or feed, which is
        /// feed.v1 alone, by the consumer group weir-messages-feed, for comments on the posts of pages and mentions of them
        pub input: Input = with_default("INPUT", "messages", form::choice(&INPUTS)),
        /// Events remembered per partition, so that one delivered again is published once; about 80 bytes each
        pub dedupe_events: usize = with_default("COUNT", "100000", form::count(1..=MOST_EVENTS)),
        /// How long an event is remembered; Meta redelivers changes for up to 36 hours
        // Longer than a week there is nothing to find in the output topic.
        pub dedupe_window: Duration = with_default("DURATION", "40h", form::duration(Duration::from_secs(1)..=Duration::from_hours(7 * 24))),
    }
}

impl Default for Settings {
    /// The defaults of `--help`.
    fn default() -> Self {
        defaults(Self::declare, Self::read)
    }
}

impl Settings {
    /// How much is remembered of one partition.
    pub(crate) const fn bounds(self) -> Bounds {
        Bounds { window: self.dedupe_window.as_secs(), most: self.dedupe_events }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::process;

    fn read(arguments: &[&str]) -> Result<Settings, String> {
        let command = process::command(crate::ABOUT, Settings::declare);
        let always = ["weir-messages", "--brokers", "kafka:9092"];
        let matches = command.clone().get_matches_from(always.iter().chain(arguments));
        process::settings(&command, &matches, Settings::read)
            .map(|(_, settings)| settings)
            .map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_hundred_thousand_events_are_remembered_for_longer_than_meta_retries_by_default() {
        let dedupe_window = Duration::from_hours(40);
        let defaults = Settings { input: Input::Messages, dedupe_events: 100_000, dedupe_window };
        assert_eq!(read(&[]), Ok(defaults));
        let own = Settings { dedupe_events: 7, dedupe_window: Duration::from_mins(90), ..defaults };
        assert_eq!(read(&["--dedupe-events", "7", "--dedupe-window", "90m"]), Ok(own));
    }

    #[test]
    fn what_is_read_is_chosen_by_a_word() {
        assert_eq!(read(&["--input", "feed"]).map(|settings| settings.input), Ok(Input::Feed));
        let problem = read(&["--input", "pages"]).unwrap_err();
        assert!(problem.contains("expected one of messages, feed"), "{problem}");
    }

    #[test]
    fn the_help_names_every_topic_that_can_be_read() {
        let help = process::command(crate::ABOUT, Settings::declare).render_long_help().to_string();
        for topic in Input::ALL.into_iter().flat_map(Input::topics) {
            let name = topic.name("meta");
            assert!(help.contains(name.trim_start_matches("meta.")), "{name}");
        }
    }

    #[test]
    fn a_number_out_of_bounds_is_explained() {
        for bad in ["0", "10000001", "many"] {
            let problem = read(&["--dedupe-events", bad]).unwrap_err();
            assert!(problem.contains("expected a whole number from 1 to 10000000"), "{problem}");
        }
    }
}
