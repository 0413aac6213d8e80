//! Parked deliveries that Kafka may take by now: one of a reason is tried now and then, and once it is acknowledged the
//! others wait again, a few at a time and after those that wait already. Those whose reason this version does not know, as a later
//! one leaves them that was taken back, wait again by themselves: what Kafka does with them says why.

use super::super::database::ParkReason;
use super::super::inspect::{Request, Response};
use super::super::store::Store;
use super::super::writer::Writer;
use super::Drain;
use runtime::backoff;
use std::time::{Duration, Instant};

/// Stands for every reason that is not known.
const UNKNOWN: ParkReason = ParkReason::Other(String::new());

/// When the parked of each reason are tried next.
pub(super) struct Parked {
    reasons: Vec<ReasonSchedule>,
}

struct ReasonSchedule {
    why: ParkReason,
    every: Duration,
    /// `None` until the first: whoever started the process may have mended something.
    due: Option<Instant>,
    /// Whether Kafka took the last that was tried.
    is_taken: bool,
}

/// What is to be done with the parked of a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Send one.
    Try(ParkReason),
    /// Let some wait again.
    Unpark(ParkReason),
}

impl Parked {
    pub(super) fn new() -> Self {
        let schedule = |why: ParkReason| {
            let every = why.tried_every()?;
            Some(ReasonSchedule { why, every, due: None, is_taken: false })
        };
        Self { reasons: std::iter::once(UNKNOWN).chain(ParkReason::ALL).filter_map(schedule).collect() }
    }

    /// Those of which Kafka took the last that was tried go first.
    fn next(&self, now: Instant) -> Option<Step> {
        let is_due = |schedule: &&ReasonSchedule| schedule.due.is_none_or(|due| now >= due);
        let taken = self.reasons.iter().find(|schedule| schedule.is_taken);
        let schedule = taken.or_else(|| self.reasons.iter().find(is_due))?;
        let why = schedule.why.clone();
        let is_to_be_unparked = schedule.is_taken || !why.is_known();
        Some(if is_to_be_unparked { Step::Unpark(why) } else { Step::Try(why) })
    }

    fn tried(&mut self, why: &ParkReason, is_taken: bool, now: Instant) {
        let Some(schedule) = self.of_reason(why) else { return };
        // Of those that panicked each may have a fault of its own, so they go one by one for as long as they are taken; those of
        // unknown reasons go a few at a time until there are none.
        let is_due_now = is_taken && [ParkReason::Panicked, UNKNOWN].contains(why);
        schedule.is_taken = is_taken && !is_due_now;
        schedule.due = Some(if is_due_now { now } else { now + schedule.every });
    }

    /// One was parked: others of its reason stay so for now.
    pub(super) fn refused(&mut self, reason: &ParkReason, now: Instant) {
        let Some(schedule) = self.of_reason(reason) else { return };
        let is_at_start = schedule.due.is_none() && *reason != ParkReason::Panicked;
        if schedule.is_taken || is_at_start {
            (schedule.is_taken, schedule.due) = (false, Some(now + schedule.every));
        }
    }

    fn of_reason(&mut self, why: &ParkReason) -> Option<&mut ReasonSchedule> {
        self.reasons.iter_mut().find(|schedule| schedule.why == *why)
    }
}

impl Drain {
    /// Takes the next step with the parked; `false` where there is none now.
    pub(super) async fn retry_parked(&mut self) -> bool {
        let Some(step) = self.parked.next(Instant::now()) else { return false };
        let (Step::Try(why) | Step::Unpark(why)) = &step;
        // Before it is sent too: should the drain begin again over it, it is not tried again at once.
        self.parked.tried(why, false, Instant::now());
        let is_taken = match &step {
            Step::Try(why) => self.try_parked(why.clone()).await,
            Step::Unpark(why) => unpark(&self.spool.writer, why.clone()).await,
        };
        self.parked.tried(why, is_taken, Instant::now());
        true
    }

    /// Sends one of them, any: the others may be of other topics. Whether it is on Kafka now.
    async fn try_parked(&mut self, why: ParkReason) -> bool {
        let part = backoff::random();
        let parked = self.spool.writer.run(move |store| store.read_parked(&why, part)).await;
        let Some(stored) = parked.flatten() else { return false };
        let outcome = self.send(vec![stored]).await;
        let is_taken = !outcome.acknowledged.is_empty();
        if is_taken && !self.spool.writer.delete(&outcome.acknowledged).await {
            tracing::warn!("cannot delete a parked delivery that Kafka has taken: it will be sent again");
        }
        is_taken
    }

    pub(super) fn log_parked(&self, id: &str, reason: &ParkReason) {
        if let Some(suppressed) = self.log.pass(Instant::now()) {
            let why = explanation(reason);
            tracing::error!(
                delivery = id,
                reason = reason.as_str(),
                suppressed,
                "parked a delivery in the spool, {why}: see `weir spool list`"
            );
        }
    }
}

/// Why a delivery is parked, and what ends that.
fn explanation(reason: &ParkReason) -> String {
    match (reason, reason.tried_every()) {
        (ParkReason::Panicked, _) => {
            "ingest panicked over it twice, which is a bug: please report it".to_owned()
        }
        (_, None) => "its bytes are not what was written".to_owned(),
        (_, Some(every)) => {
            format!(
                "Kafka refuses it, and it goes by itself once Kafka takes one of those, tried every {every:?}"
            )
        }
    }
}

/// Lets some of a reason wait again, or of any that is not known. Returns whether there were any.
async fn unpark(writer: &Writer, mut reason: ParkReason) -> bool {
    if !reason.is_known() {
        let Some(unknown) = writer.run(Store::unknown_reason).await.flatten() else { return false };
        reason = unknown;
    }
    let retried = writer.inspect(Request::RetryAll { reason, after: 0 }).await;
    matches!(retried, Some(Ok(Response { retried: 1.., .. })))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn tried() -> impl Iterator<Item = ParkReason> {
        ParkReason::ALL.into_iter().filter(|why| *why != ParkReason::Corrupt)
    }

    /// All reasons are known.
    fn known(start: Instant) -> Parked {
        let mut parked = Parked::new();
        for is_taken in [true, true, false] {
            assert_eq!(parked.next(start), Some(Step::Unpark(UNKNOWN)));
            parked.tried(&UNKNOWN, is_taken, start);
        }
        parked
    }

    #[test]
    fn one_of_each_reason_is_tried_at_the_start_and_then_at_its_interval() {
        let start = Instant::now();
        let mut parked = known(start);
        for why in tried() {
            assert_eq!(parked.next(start), Some(Step::Try(why.clone())));
            parked.tried(&why, false, start);
        }
        assert_eq!(parked.next(start + MINUTE / 2), None);
        let mut again = Vec::new();
        for minute in 1..=120 {
            let now = start + MINUTE * minute;
            while let Some(Step::Try(why) | Step::Unpark(why)) = parked.next(now) {
                assert!(why.is_known() || minute % 60 == 0);
                parked.tried(&why, false, now);
                again.push(why);
            }
        }
        let count = |why: &ParkReason| again.iter().filter(|tried| *tried == why).count();
        assert_eq!(ParkReason::ALL.each_ref().map(count), [2, 120, 120, 120, 0, 0]);
        assert_eq!(count(&UNKNOWN), 2);
    }

    #[test]
    fn it_is_told_of_what_kafka_refuses_when_it_is_tried_again() {
        assert!(explanation(&ParkReason::TooLarge).ends_with("tried every 3600s"));
        assert!(explanation(&ParkReason::NotAuthorized).ends_with("tried every 60s"));
        for stays in [ParkReason::Corrupt, ParkReason::Panicked] {
            assert!(!explanation(&stays).contains("by itself"), "{stays}");
        }
    }

    #[test]
    fn those_that_panicked_go_one_by_one_and_each_start_tries_one() {
        let start = Instant::now();
        let mut parked = known(start);
        for why in tried() {
            parked.refused(&why, start);
        }
        for is_taken in [true, true, false] {
            assert_eq!(parked.next(start), Some(Step::Try(ParkReason::Panicked)));
            parked.tried(&ParkReason::Panicked, is_taken, start);
        }
        assert_eq!(parked.next(start), None);
    }

    #[test]
    fn the_others_follow_one_that_was_taken_until_one_is_refused_again() {
        let start = Instant::now();
        let mut parked = known(start);
        parked.tried(&ParkReason::Panicked, false, start);
        parked.refused(&ParkReason::NotAuthorized, start);
        parked.tried(&ParkReason::UnknownTopic, true, start);
        assert_eq!(parked.next(start), Some(Step::Unpark(ParkReason::UnknownTopic)));
        parked.refused(&ParkReason::TooLarge, start);
        parked.refused(&ParkReason::InvalidRecord, start);
        assert_eq!(parked.next(start), Some(Step::Unpark(ParkReason::UnknownTopic)));
        parked.refused(&ParkReason::UnknownTopic, start);
        assert_eq!(parked.next(start), None, "all of them were refused just now");
        assert_eq!(parked.next(start + MINUTE), Some(Step::Try(ParkReason::NotAuthorized)));
    }
}
