//! Debounces refusals of Kafka that may pass by themselves: they count only after they have lasted, or where they are of one
//! delivery alone.

use crate::kafka::Refused;
use std::time::{Duration, Instant};

/// librdkafka takes a topic that it knew for missing after one answer of a broker that is behind, and asks again after
/// `topic.metadata.refresh.interval.ms` (60 s) at the latest, and once more where it is not sure (30 s). A broker that has
/// just started may not have read its access control lists.
const LASTS: Duration = Duration::from_mins(3);

/// Since when Kafka refuses for either reason.
#[derive(Debug, Default)]
pub(super) struct Debounce {
    missing: Option<Refusals>,
    unauthorized: Option<Refusals>,
}

/// The first time and the last of consecutive refusals.
type Refusals = (Instant, Instant);

impl Debounce {
    /// Whether the delivery is parked for the refusal; otherwise it is sent again. A broker holds a whole batch against
    /// the limit of its topic, and refuses it for one record, so that whose records these are is known only of a delivery that was sent alone.
    pub(super) fn should_park(&mut self, why: Refused, is_alone: bool, now: Instant) -> bool {
        let refusals = match why {
            Refused::TooLarge | Refused::Invalid => return is_alone,
            Refused::NotAuthorized => &mut self.unauthorized,
            Refused::UnknownTopic => &mut self.missing,
        };
        let current = refusals.filter(|(_, last)| now.saturating_duration_since(*last) < LASTS);
        let first = current.map_or(now, |(first, _)| first);
        *refusals = Some((first, now));
        now.saturating_duration_since(first) >= LASTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_delivery_that_is_too_large_or_invalid_is_refused_at_once_unless_it_may_be_the_batch() {
        let (mut debounce, now) = (Debounce::default(), Instant::now());
        for why in [Refused::TooLarge, Refused::Invalid] {
            assert!(debounce.should_park(why, true, now));
            assert!(!debounce.should_park(why, false, now));
        }
    }

    #[test]
    fn a_missing_or_forbidden_topic_counts_after_three_minutes() {
        for why in [Refused::UnknownTopic, Refused::NotAuthorized] {
            let (mut debounce, start) = (Debounce::default(), Instant::now());
            let counted: Vec<_> = (0..200)
                .filter(|second| debounce.should_park(why, false, start + SECOND * *second))
                .collect();
            assert_eq!(counted.first(), Some(&180));
            assert_eq!(counted.len(), 20, "later deliveries do not wait again");
        }
    }

    #[test]
    fn a_topic_that_was_found_meanwhile_starts_over() {
        let (mut debounce, start) = (Debounce::default(), Instant::now());
        assert!(!debounce.should_park(Refused::UnknownTopic, false, start));
        assert!(!debounce.should_park(Refused::NotAuthorized, false, start + LASTS / 2));
        assert!(!debounce.should_park(Refused::UnknownTopic, false, start + LASTS));
        assert!(!debounce.should_park(Refused::UnknownTopic, false, start + LASTS + SECOND));
    }
}
