//! Parked deliveries that Kafka may take by now: one of a reason is tried now and then, and once it is acknowledged the
//! others wait again, a few at a time and after those that wait already. Those whose reason this version does not know, as a later
//! one leaves them that was taken back, wait again by themselves: what Kafka does with them says why.

use super::super::inspect::{ParkReason, Request, Response};
use super::super::store::Store;
use super::super::writer::Writer;
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

/// How often it is looked for reasons that are not known.
const UNKNOWN_EVERY: Duration = Duration::from_hours(1);

/// When the parked of each reason are tried next.
pub(super) struct Parked {
    reasons: Vec<ReasonSchedule>,
    /// When reasons are looked for that are not known; `None` before the first time.
    unknown_due: Option<Instant>,
}

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
    /// Let some wait again whose reason is not known.
    UnparkUnknown,
}

impl Parked {
    pub(super) fn new() -> Self {
        let of = |(why, every)| ReasonSchedule { why, every, due: None, is_taken: false };
        Self { reasons: REASONS.map(of).into(), unknown_due: None }
    }

    fn next(&self, now: Instant) -> Option<Step> {
        if self.unknown_due.is_none_or(|due| now >= due) {
            return Some(Step::UnparkUnknown);
        }
        let taken = self.reasons.iter().find(|of| of.is_taken).map(|of| Step::Unpark(of.why));
        taken.or_else(|| {
            self.reasons.iter().find(|of| of.due.is_none_or(|due| now >= due)).map(|of| Step::Try(of.why))
        })
    }

    /// There are none whose reason is not known.
    fn all_are_known(&mut self, now: Instant) {
        self.unknown_due = Some(now + UNKNOWN_EVERY);
    }

    fn tried(&mut self, why: &str, is_taken: bool, now: Instant) {
        let Some(of) = self.reasons.iter_mut().find(|of| of.why == why) else { return };
        // Of those that panicked each may have a fault of its own, so they go one by one for as long as they are taken.
        let is_next = is_taken && why == PANICKED;
        of.is_taken = is_taken && !is_next;
        of.due = Some(if is_next { now } else { now + of.every });
    }

    /// One was parked: others of its reason stay so for now.
    pub(super) fn refused(&mut self, reason: &str, now: Instant) {
        let of_reason = self.reasons.iter_mut().find(|of| of.why == reason);
        let is_at_start = |of: &ReasonSchedule| of.due.is_none() && of.why != PANICKED;
        if let Some(of) = of_reason.filter(|of| of.is_taken || is_at_start(of)) {
            (of.is_taken, of.due) = (false, Some(now + of.every));
        }
    }
}

impl Drain {
    /// Takes the next step with the parked; `false` where there is none now.
    pub(super) async fn retry_parked(&mut self) -> bool {
        let Some(step) = self.parked.next(Instant::now()) else { return false };
        match step {
            Step::Try(why) => {
                // Before it is sent: should ingest panic over it again, it is not tried again at once.
                self.parked.tried(why, false, Instant::now());
                let is_taken = self.try_parked(why).await;
                self.parked.tried(why, is_taken, Instant::now());
            }
            Step::Unpark(why) => {
                if !unpark(&self.spool.writer, ParkReason::of(why)).await {
                    self.parked.tried(why, false, Instant::now());
                }
            }
            Step::UnparkUnknown => {
                let unknown = self.spool.writer.run(Store::unknown_reason).await.flatten();
                let is_unparked = match unknown {
                    Some(reason) => unpark(&self.spool.writer, reason).await,
                    None => false,
                };
                if !is_unparked {
                    self.parked.all_are_known(Instant::now());
                }
            }
        }
        true
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
            let why = explanation(reason);
            tracing::error!(
                delivery = id,
                reason,
                suppressed,
                "parked a delivery in the spool, {why}: see `weir spool list`"
            );
        }
    }
}

/// Why a delivery is parked, and what ends that.
fn explanation(reason: &str) -> String {
    let every = REASONS.iter().find(|(known, _)| *known == reason).map(|(_, every)| every);
    match (reason, every) {
        (CORRUPT, _) => "its bytes are not what was written".to_owned(),
        (PANICKED, _) => "ingest panicked over it twice, which is a bug: please report it".to_owned(),
        (_, None) => "Kafka refuses it".to_owned(),
        (_, Some(every)) => {
            format!(
                "Kafka refuses it, and it goes by itself once Kafka takes one of those, tried every {every:?}"
            )
        }
    }
}

/// Lets some of a reason wait again; whether there were any.
async fn unpark(writer: &Writer, reason: ParkReason) -> bool {
    let retried = writer.inspect(Request::RetryAll { reason, after: 0 }).await;
    matches!(retried, Some(Ok(Response { retried: 1.., .. })))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All reasons are known.
    fn known(start: Instant) -> Parked {
        let mut parked = Parked::new();
        assert_eq!(parked.next(start), Some(Step::UnparkUnknown));
        parked.all_are_known(start);
        parked
    }

    #[test]
    fn one_of_each_reason_is_tried_at_the_start_and_then_at_its_interval() {
        let start = Instant::now();
        let mut parked = known(start);
        for (why, _) in REASONS {
            assert_eq!(parked.next(start), Some(Step::Try(why)));
            parked.tried(why, false, start);
        }
        assert_eq!(parked.next(start + MINUTE / 2), None);
        let mut tried = Vec::new();
        for minute in 1..=120 {
            let now = start + MINUTE * minute;
            if parked.next(now) == Some(Step::UnparkUnknown) {
                assert_eq!(minute % 60, 0);
                parked.all_are_known(now);
            }
            while let Some(Step::Try(why)) = parked.next(now) {
                parked.tried(why, false, now);
                tried.push(why);
            }
        }
        let count = |why| tried.iter().filter(|tried| **tried == why).count();
        assert_eq!(REASONS.map(|(why, _)| count(why)), [120, 120, 2, 0]);
    }

    #[test]
    fn it_is_told_of_what_kafka_refuses_when_it_is_tried_again() {
        assert!(explanation("too_large").ends_with("tried every 3600s"));
        assert!(explanation("not_authorized").ends_with("tried every 60s"));
        for stays in [CORRUPT, PANICKED] {
            assert!(!explanation(stays).contains("by itself"), "{stays}");
        }
    }

    #[test]
    fn those_that_panicked_go_one_by_one_and_each_start_tries_one() {
        let start = Instant::now();
        let mut parked = known(start);
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
        let mut parked = known(start);
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
