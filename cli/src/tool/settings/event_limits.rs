//! By what ingest bounds the events of a body, for all that split one again.

use super::{count, flag, settings};
use runtime::settings::form;
use schemas::{Split, most_events, split};

settings! {
    /// How many events ingest takes of a body.
    #[derive(Copy)]
    pub(crate) struct EventLimits {
        /// The --max-events of ingest, by which bodies are split
        max_events: usize = count("max-events", 1..=1_000_000).env("WEIR_MAX_EVENTS").or("10000"),
        /// The --min-bytes-per-event of ingest
        min_bytes_per_event: usize = flag("min-bytes-per-event", "BYTES", form::bytes(1..=1024))
            .env("WEIR_MIN_BYTES_PER_EVENT")
            .or("32"),
    }
}

impl EventLimits {
    /// What ingest makes of a body.
    pub(crate) fn split(self, body: &[u8]) -> Split<'_> {
        split(body, most_events(body.len(), self.max_events, self.min_bytes_per_event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::settings::read;
    use clap::Command;
    use schemas::Refusal;

    /// Those of a command line that names none.
    fn defaults() -> EventLimits {
        let command = EventLimits::declare(Command::new("limits"));
        let matches = command.clone().get_matches_from(["limits"]);
        read(&command, &matches).unwrap()
    }

    /// A body of so many events, of seven bytes each.
    fn body_of(events: usize) -> Vec<u8> {
        let fields = vec![r#""feed""#; events].join(",");
        format!(r#"{{"object":"page","entry":[{{"id":"17","changed_fields":[{fields}]}}]}}"#).into_bytes()
    }

    #[test]
    fn a_body_with_more_events_than_its_size_allows_is_refused_as_by_ingest() {
        let split = |events| {
            let body = body_of(events);
            let split = defaults().split(&body);
            (split.events.len(), split.refusal)
        };
        assert_eq!(split(10), (10, None));
        assert_eq!(split(30), (0, Some(Refusal::TooManyEvents)));
    }
}
