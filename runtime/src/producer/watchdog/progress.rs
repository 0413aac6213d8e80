//! Whether a client makes progress: a decision from what was seen and when.

use std::time::{Duration, Instant};

use super::Reason;

/// What a look at the client shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientSample {
    /// Records acknowledged so far.
    pub(super) delivered: u64,
    /// Records without a report.
    pub(super) in_flight: usize,
    /// A partition's records keep timing out, and none is acknowledged in between.
    pub(super) is_partition_stuck: bool,
    /// What the client sends, and whether it has lost its brokers, is known anew.
    pub(super) is_sampled: bool,
    /// It has been without a broker for a while.
    pub(super) is_lost: bool,
}

/// What is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Records arrive, or there are none; or nothing is known anew.
    Nothing,
    /// Nothing arrives: ask the brokers.
    Ask,
    /// Replace a client that no broker answers, if one answers another.
    ReplaceIfDisconnected,
    /// Nothing arrives although the brokers have answered for long enough: replace a client that does not send.
    Replace(Reason),
}

/// The looks so far.
#[derive(Debug)]
pub(super) struct Progress {
    stalled_after: Duration,
    delivered: u64,
    /// When a record was last seen to arrive, or there were none.
    moved: Instant,
    /// Since when a partition is stuck.
    stuck: Option<Instant>,
    /// Since when the brokers answer while nothing moves.
    answering: Option<Instant>,
}

impl Progress {
    pub(super) const fn new(stalled_after: Duration, now: Instant) -> Self {
        Self { stalled_after, delivered: 0, moved: now, stuck: None, answering: None }
    }

    pub(super) fn look(&mut self, seen: ClientSample, now: Instant) -> Step {
        let step = self.step(seen, now);
        // Whether it has work or not: with records that wait it would count as one that brokers do not answer.
        if seen.is_sampled && seen.is_lost { Step::ReplaceIfDisconnected } else { step }
    }

    fn step(&mut self, seen: ClientSample, now: Instant) -> Step {
        if seen.in_flight == 0 || seen.delivered != self.delivered {
            self.delivered = seen.delivered;
            self.moved = now;
        }
        self.stuck = if seen.is_partition_stuck { self.stuck.or(Some(now)) } else { None };
        let is_stalled = now.saturating_duration_since(self.moved) >= self.stalled_after / 2;
        if !is_stalled && self.stuck.is_none() {
            self.answering = None;
            return Step::Nothing;
        }
        let is_well = |since: Instant| now.saturating_duration_since(since) >= self.stalled_after / 2;
        match self.answering {
            Some(since) if is_well(since) && !seen.is_sampled => Step::Nothing,
            Some(since) if is_well(since) && is_stalled => Step::Replace(Reason::Stalled),
            Some(since) if is_well(since) => Step::Replace(Reason::Partition),
            _ => Step::Ask,
        }
    }

    /// What the brokers did when they were asked.
    pub(super) const fn brokers_answered(&mut self, answered: bool, now: Instant) {
        if !answered {
            self.answering = None;
            // Records may need a while once the brokers are back.
            self.moved = now;
        } else if self.answering.is_none() {
            self.answering = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AFTER: Duration = Duration::from_secs(10);

    fn seen(delivered: u64, in_flight: usize) -> ClientSample {
        ClientSample { delivered, in_flight, is_partition_stuck: false, is_sampled: true, is_lost: false }
    }

    /// Looks once a second; the brokers answer where `answered` says so.
    fn first_death(looks: impl Iterator<Item = (ClientSample, bool)>) -> Option<(u64, Reason)> {
        let start = Instant::now();
        let mut progress = Progress::new(AFTER, start);
        for (second, (seen, answered)) in (1..).zip(looks) {
            let now = start + Duration::from_secs(second);
            match progress.look(seen, now) {
                Step::Nothing => {}
                Step::Ask => progress.brokers_answered(answered, now),
                Step::Replace(reason) => return Some((second, reason)),
                Step::ReplaceIfDisconnected => panic!("it has lost no broker"),
            }
        }
        None
    }

    #[test]
    fn a_client_that_delivers_or_has_nothing_to_deliver_is_well() {
        assert_eq!(first_death((0..100).map(|number| (seen(number, 5), true))), None);
        assert_eq!(first_death((0..100).map(|_| (seen(7, 0), true))), None);
    }

    #[test]
    fn records_that_wait_while_brokers_answer_kill_the_client_after_the_limit() {
        assert_eq!(first_death((0..100).map(|_| (seen(0, 5), true))), Some((10, Reason::Stalled)));
    }

    #[test]
    fn a_client_that_has_lost_its_brokers_is_looked_at_whether_it_has_work_or_not() {
        let start = Instant::now();
        let steps =
            [(0, true, Step::Nothing), (5, false, Step::Ask), (5, true, Step::Replace(Reason::Stalled))];
        for (in_flight, answered, step) in steps {
            let mut progress = Progress::new(AFTER, start);
            progress.brokers_answered(answered, start);
            let mut look = |is_sampled, is_lost| {
                progress.look(ClientSample { is_sampled, is_lost, ..seen(0, in_flight) }, start + AFTER)
            };
            assert_eq!(look(true, false), step);
            assert_eq!(look(true, true), Step::ReplaceIfDisconnected, "{step:?}");
            assert_ne!(look(false, true), Step::ReplaceIfDisconnected, "nothing is known anew");
        }
    }

    #[test]
    fn brokers_that_are_away_are_no_fault_of_the_client() {
        assert_eq!(first_death((0..100).map(|_| (seen(0, 5), false))), None);
    }

    #[test]
    fn after_an_outage_the_client_has_the_whole_time_again() {
        let outage = (0..60).map(|_| (seen(0, 5), false));
        let back = (0..4).map(|_| (seen(0, 5), true)).chain((0..20).map(|number| (seen(number, 5), true)));
        assert_eq!(first_death(outage.chain(back)), None);
    }

    #[test]
    fn one_partition_that_stays_stuck_kills_the_client_although_others_deliver() {
        let looks = (0..30)
            .map(|number| (ClientSample { is_partition_stuck: number >= 10, ..seen(number, 5) }, true));
        let (second, reason) = first_death(looks).unwrap();
        assert_eq!(reason, Reason::Partition);
        assert!((15..=17).contains(&second), "{second}");
    }
}
