//! Why the latest connection or request to Kafka failed, for those who must say why nothing goes on.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::mutex::lock;

/// What lasts is said again within half a minute: librdkafka holds back the same error of a broker for as long.
const OF_LATE: Duration = Duration::from_mins(1);

/// The reason in the client's own words; clones share it.
#[derive(Clone, Debug, Default)]
pub struct LastReason(Arc<Mutex<Option<(String, Instant)>>>);

impl LastReason {
    /// Takes note of a failure.
    pub fn set(&self, reason: String, now: Instant) {
        *lock(&self.0) = Some((reason, now));
    }

    /// It is over.
    pub(crate) fn clear(&self) {
        *lock(&self.0) = None;
    }

    /// The latest, however old it is.
    pub(crate) fn get(&self) -> Option<String> {
        lock(&self.0).as_ref().map(|(reason, _)| reason.clone())
    }

    /// The latest, unless it may be over.
    pub fn of_late(&self, now: Instant) -> Option<String> {
        let last = lock(&self.0);
        let (reason, at) = last.as_ref()?;
        (now.saturating_duration_since(*at) < OF_LATE).then(|| reason.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_is_not_said_again_is_over_after_a_minute() {
        let (reason, start) = (LastReason::default(), Instant::now());
        assert_eq!(reason.of_late(start), None);
        for said in ["refused", "denied"] {
            reason.clone().set(said.to_owned(), start);
        }
        let of_late = [0, 59, 60].map(|seconds| reason.of_late(start + Duration::from_secs(seconds)));
        assert_eq!(of_late, [Some(String::from("denied")), Some(String::from("denied")), None]);
        assert_eq!(reason.get().as_deref(), Some("denied"));
        reason.clear();
        assert_eq!(reason.get(), None);
    }
}
