//! Parked deliveries that Kafka may take by now: one of a reason is tried now and then, and once it is acknowledged the
//! others wait again, a few at a time and after those that wait already.

use super::super::inspect::{ParkReason, Request, Response};
use super::{CORRUPT, Drain, PANICKED};
use crate::kafka::Refused;
use runtime::backoff;
use std::time::{Duration, Instant};

/// A missing right or topic is made good in its own time; the size of a topic's records is hardly ever changed.
const MINUTE: Duration = Duration::from_mins(1);
/// What ingest panicked over may pass in another version, so at a start; beyond that, once a day.
const REASONS: [(&str, Duration); 4] = [
    (Refused::NotAuthorized.as_str(), MINUTE),
    (Refused::UnknownTopic.as_str(), MINUTE),
    (Refused::TooLarge.as_str(), Duration::from_hours(1)),
    (PANICKED, Duration::from_hours(24)),
];

/// When the parked of each reason are tried next.
pub(super) struct Parked(Vec<ReasonSchedule>);

struct ReasonSchedule {
    why: &'static str,
    every: Duration,
    /// `None` until the first: whoever started the process may have mended something.
    due: Option<Instant>,
    /// Whether Kafka took the last that was tried.
    is_taken: bool,
}

/// What is to be done with the parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Send one.
    Try(&'static str),
    /// Let some wait again.
    Unpark(&'static str),
}

impl Parked {
    pub(super) fn new() -> Self {
        let of = |(why, every)| ReasonSchedule { why, every, due: None, is_taken: false };
        Self(REASONS.map(of).into())
    }

    fn next(&self, now: Instant) -> Option<Step> {
        let taken = self.0.iter().find(|of| of.is_taken).map(|of| Step::Unpark(of.why));
        taken.or_else(|| {
            self.0.iter().find(|of| of.due.is_none_or(|due| now >= due)).map(|of| Step::Try(of.why))
        })
    }

    fn tried(&mut self, why: &str, is_taken: bool, now: Instant) {
        let Some(of) = self.0.iter_mut().find(|of| of.why == why) else { return };
        // Of those that panicked each may have a fault of its own, so they go one by one for as long as they are taken.
        let is_next = is_taken && why == PANICKED;
        of.is_taken = is_taken && !is_next;
        of.due = Some(if is_next { now } else { now + of.every });
    }

    /// One was parked: others of its reason stay so for now.
    pub(super) fn refused(&mut self, reason: &str, now: Instant) {
        let of_reason = self.0.iter_mut().find(|of| of.why == reason);
        let is_at_start = |of: &ReasonSchedule| of.due.is_none() && of.why != PANICKED;
        if let Some(of) = of_reason.filter(|of| of.is_taken || is_at_start(of)) {
            (of.is_taken, of.due) = (false, Some(now + of.every));
        }
    }
}

impl Drain {
    /// Takes the next step with the parked; `false` where there is none now.
    pub(super) async fn retry_parked(&mut self) -> bool {
        match self.parked.next(Instant::now()) {
            None => false,
            Some(Step::Try(why)) => {
                // Before it is sent: should ingest panic over it again, it is not tried again at once.
                self.parked.tried(why, false, Instant::now());
                let is_taken = self.try_parked(why).await;
                self.parked.tried(why, is_taken, Instant::now());
                true
            }
            Some(Step::Unpark(why)) => {
                let request = Request::RetryAll { reason: ParkReason::of(why), after: 0 };
                let retried = self.spool.writer.inspect(request).await;
                if !matches!(retried, Some(Ok(Response::Retried { count: 1.., .. }))) {
                    self.parked.tried(why, false, Instant::now());
                }
                true
            }
        }
    }

    /// Sends one of them, any: the others may be of other topics. Whether it is on Kafka now.
    async fn try_parked(&mut self, why: &'static str) -> bool {
        let part = backoff::random();
        let parked = self.spool.writer.run(move |store| store.read_parked(why, part)).await;
        let Some(stored) = parked.flatten() else { return false };
        let outcome = self.send(vec![stored]).await;
        let is_taken = !outcome.acknowledged.is_empty();
        if is_taken && !self.spool.writer.delete(&outcome.acknowledged).await {
            tracing::warn!("cannot delete a parked delivery that Kafka has taken: it will be sent again");
        }
        is_taken
    }

    pub(super) fn log_parked(&self, id: &str, reason: &str) {
        if let Some(suppressed) = self.log.pass(Instant::now()) {
            let why = match reason {
                CORRUPT => "its bytes are not what was written",
                PANICKED => "ingest panicked over it twice, which is a bug: please report it",
                _ => "Kafka refuses it",
            };
            tracing::error!(
                delivery = id,
                reason,
                suppressed,
                "parked a delivery in the spool, {why}: see `weir spool list`"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_each_reason_is_tried_at_the_start_and_then_at_its_interval() {
        let start = Instant::now();
        let mut parked = Parked::new();
        for (why, _) in REASONS {
            assert_eq!(parked.next(start), Some(Step::Try(why)));
            parked.tried(why, false, start);
        }
        assert_eq!(parked.next(start + MINUTE / 2), None);
        let mut tried = Vec::new();
        for minute in 1..=120 {
            let now = start + MINUTE * minute;
            while let Some(Step::Try(why)) = parked.next(now) {
                parked.tried(why, false, now);
                tried.push(why);
            }
        }
        let count = |why| tried.iter().filter(|tried| **tried == why).count();
        assert_eq!(REASONS.map(|(why, _)| count(why)), [120, 120, 2, 0]);
    }

    #[test]
    fn those_that_panicked_go_one_by_one_and_each_start_tries_one() {
        let start = Instant::now();
        let mut parked = Parked::new();
        for (why, _) in REASONS {
            parked.refused(why, start);
        }
        for is_taken in [true, true, false] {
            assert_eq!(parked.next(start), Some(Step::Try(PANICKED)));
            parked.tried(PANICKED, is_taken, start);
        }
        assert_eq!(parked.next(start), None);
    }

    #[test]
    fn the_others_follow_one_that_was_taken_until_one_is_refused_again() {
        let start = Instant::now();
        let mut parked = Parked::new();
        parked.tried(PANICKED, false, start);
        parked.refused(Refused::NotAuthorized.as_str(), start);
        parked.tried(Refused::UnknownTopic.as_str(), true, start);
        assert_eq!(parked.next(start), Some(Step::Unpark(Refused::UnknownTopic.as_str())));
        parked.refused(Refused::TooLarge.as_str(), start);
        assert_eq!(parked.next(start), Some(Step::Unpark(Refused::UnknownTopic.as_str())));
        parked.refused(Refused::UnknownTopic.as_str(), start);
        assert_eq!(parked.next(start), None, "all of them were refused just now");
        assert_eq!(parked.next(start + MINUTE), Some(Step::Try(Refused::NotAuthorized.as_str())));
    }
}
