//! For how long a member of a group is sure of its partitions without a word from the coordinator, and when it is sure to have lost them.

use std::time::Duration;

use super::options::default_property;
use crate::settings::KafkaSettings;

/// By the session timeout of a client, from which two heartbeats may be missing: one that was not due yet, and one that was late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionBounds {
    /// Within this after a member was at work, nobody else has been given its partitions, not even where it was stopped meanwhile.
    pub kept_for: Duration,
    /// A member that goes on has heard after this that a partition is not its own any more.
    pub lost_within: Duration,
}

impl SessionBounds {
    /// Of a consumer that is made from these settings.
    pub fn of(kafka: &KafkaSettings) -> Self {
        let session = millis(kafka, "session.timeout.ms");
        let heartbeats = 2 * millis(kafka, "heartbeat.interval.ms");
        // Where heartbeats are too far apart for the timeout, some of it is left: who never knows its partitions to be its own never goes on.
        Self {
            kept_for: session.saturating_sub(heartbeats).max(session / 4),
            lost_within: session + heartbeats,
        }
    }
}

/// As librdkafka reads it: a comment may follow a blank. Values that it does not accept are refused when the settings are read.
fn millis(kafka: &KafkaSettings, name: &str) -> Duration {
    let value = kafka.properties.get(name).map_or_else(|| default_property(name), String::as_str);
    let number = value.split_whitespace().next().and_then(|number| number.parse().ok());
    Duration::from_millis(number.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(properties: &[(&str, &str)]) -> [u128; 2] {
        let mut kafka = KafkaSettings::plain("kafka:9092");
        kafka.properties.extend(properties.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let SessionBounds { kept_for, lost_within } = SessionBounds::of(&kafka);
        [kept_for.as_millis(), lost_within.as_millis()]
    }

    #[test]
    fn the_bounds_lie_on_both_sides_of_the_session_timeout() {
        assert_eq!(bounds(&[]), [9_000, 21_000]);
        assert_eq!(bounds(&[("session.timeout.ms", "45000 # as Java's")]), [39_000, 51_000]);
        assert_eq!(
            bounds(&[("session.timeout.ms", "9000"), ("heartbeat.interval.ms", "1000")]),
            [7_000, 11_000]
        );
    }

    #[test]
    fn a_member_whose_heartbeats_are_far_apart_is_sure_of_its_partitions_for_a_moment() {
        assert_eq!(bounds(&[("session.timeout.ms", "6000")]), [1_500, 12_000]);
    }
}
