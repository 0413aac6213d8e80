//! A refusal that may pass by itself is believed after a while only.

use crate::publisher::Refused;
use std::time::{Duration, Instant};

/// librdkafka takes a topic that it knew for missing after one answer of a broker that is behind, and asks again after
/// `topic.metadata.refresh.interval.ms` (60 s) at the latest, and once more where it is not sure (30 s).
const PATIENCE: Duration = Duration::from_mins(3);

/// Since when a topic is said to be missing.
#[derive(Debug, Default)]
pub(super) struct Doubt {
    /// The first time and the last of a row of such refusals.
    missing: Option<(Instant, Instant)>,
}

impl Doubt {
    /// Whether the refusal is to be believed, so that the delivery is set aside; otherwise it is sent again.
    pub(super) fn is_over(&mut self, why: Refused, now: Instant) -> bool {
        match why {
            Refused::TooLarge | Refused::NotAuthorized => true,
            Refused::UnknownTopic => self.is_missing_for_long(now),
        }
    }

    fn is_missing_for_long(&mut self, now: Instant) -> bool {
        let row = self.missing.filter(|(_, last)| now.saturating_duration_since(*last) < PATIENCE);
        let first = row.map_or(now, |(first, _)| first);
        self.missing = Some((first, now));
        now.saturating_duration_since(first) >= PATIENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_a_broker_says_of_a_record_is_believed_at_once() {
        let (mut doubt, now) = (Doubt::default(), Instant::now());
        assert!(doubt.is_over(Refused::TooLarge, now) && doubt.is_over(Refused::NotAuthorized, now));
    }

    #[test]
    fn a_topic_is_missing_once_it_has_been_for_long() {
        let (mut doubt, start) = (Doubt::default(), Instant::now());
        let believed: Vec<_> = (0..200)
            .filter(|second| doubt.is_over(Refused::UnknownTopic, start + SECOND * *second))
            .collect();
        assert_eq!(believed.first(), Some(&180));
        assert_eq!(believed.len(), 20, "those behind the first do not wait again");
    }

    #[test]
    fn a_topic_that_was_found_meanwhile_is_doubted_anew() {
        let (mut doubt, start) = (Doubt::default(), Instant::now());
        assert!(!doubt.is_over(Refused::UnknownTopic, start));
        assert!(!doubt.is_over(Refused::UnknownTopic, start + PATIENCE));
        assert!(!doubt.is_over(Refused::UnknownTopic, start + PATIENCE + SECOND));
    }
}
