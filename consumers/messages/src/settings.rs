//! The settings of this consumer beside the common ones.

use runtime::settings::{Reader, form};

/// More would take gigabytes for a process with a dozen partitions.
const MOST_EVENTS: u64 = 10_000_000;

/// The flags beside the common ones.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Events remembered per partition, so that one delivered again is published once; about 60 bytes each
    #[arg(long, env = "WEIR_DEDUPE_EVENTS", value_name = "COUNT", default_value = "100000")]
    pub dedupe_events: Option<String>,
}

/// The checked values of [`Args`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many events are remembered per partition.
    pub dedupe_events: usize,
}

impl Settings {
    /// Reads and checks them; `None` means that `reader` has noted problems.
    pub fn read(_: &Args, reader: &mut Reader<'_>) -> Option<Self> {
        let events = reader.required("dedupe_events", &form::count(1..=MOST_EVENTS));
        Some(Self { dedupe_events: usize::try_from(events?).ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::process;

    fn read(arguments: &[&str]) -> Result<Settings, String> {
        let command = process::command::<Args>(crate::ABOUT);
        let always = ["weir-messages", "--brokers", "kafka:9092"];
        let matches = command.clone().get_matches_from(always.iter().chain(arguments));
        process::settings(&command, &matches, Settings::read)
            .map(|(_, settings)| settings)
            .map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_hundred_thousand_events_are_remembered_by_default() {
        assert_eq!(read(&[]), Ok(Settings { dedupe_events: 100_000 }));
        assert_eq!(read(&["--dedupe-events", "7"]), Ok(Settings { dedupe_events: 7 }));
    }

    #[test]
    fn a_number_out_of_bounds_is_explained() {
        for bad in ["0", "10000001", "many"] {
            let problem = read(&["--dedupe-events", bad]).unwrap_err();
            assert!(problem.contains("expected a whole number from 1 to 10000000"), "{problem}");
        }
    }
}
