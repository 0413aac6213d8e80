//! What calls wait for one after the other, and since when: pure.

use crate::GraphUrl;
use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

/// How long what a call came to stands for now.
const LATELY: Duration = Duration::from_mins(1);

/// Since when what calls wait for does not come, as a host that is not reached, so that each waits from then on and not for as long
/// again as the one before.
///
/// Time counts only while another host is reached than is waited for: in an outage of all nothing is given up for the time that others
/// waited, and what had to wait comes through behind it.
#[derive(Debug, Default)]
pub struct SharedWaits {
    /// The hosts that were reached when they were asked last, and when.
    reached: HashMap<String, Instant>,
    waiting: HashMap<String, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    since: Instant,
    latest: Instant,
}

impl SharedWaits {
    /// A host was reached, also if it was silent then.
    pub fn reached(&mut self, host: &str, now: Instant) {
        self.waiting.remove(host);
        self.reached.insert(host.to_owned(), now);
    }

    /// A host was not reached.
    pub fn not_reached(&mut self, host: &str) {
        self.reached.remove(host);
    }

    /// Takes note of whether hosts were reached that were asked for that alone.
    pub fn asked(&mut self, hosts: &[(GraphUrl, bool)], now: Instant) {
        for (host, is_reached) in hosts {
            if *is_reached {
                self.reached(&host.origin(), now);
            } else {
                self.not_reached(&host.origin());
            }
        }
    }

    /// A call has to wait for this; since when calls have had to.
    pub fn note_wait(&mut self, what: &str, now: Instant) -> Instant {
        self.not_reached(what);
        if self.reached.values().all(|at| is_past(*at, now)) {
            self.waiting.remove(what);
        }
        self.note_wait_beside_reached(what, now)
    }

    /// As [`Self::note_wait`], where the caller knows that another host is reached.
    pub fn note_wait_beside_reached(&mut self, what: &str, now: Instant) -> Instant {
        self.waiting.retain(|_, waiting| !is_past(waiting.latest, now));
        let waiting = self.waiting.entry(what.to_owned()).or_insert(Waiting { since: now, latest: now });
        waiting.latest = now;
        waiting.since
    }

    /// For how long a record has waited since calls have had to: no longer than it is there, and not at all where nobody knows since when
    /// that is.
    pub fn waited(since: Instant, written: Option<SystemTime>) -> Duration {
        let age = written.and_then(|written| SystemTime::now().duration_since(written).ok());
        since.elapsed().min(age.unwrap_or_default())
    }

    /// Whether another host than this one, whatever its names, is reached, and was after `then`.
    pub fn reaches_another(&self, names: &[&str], then: Instant) -> bool {
        self.reached.iter().any(|(other, at)| !names.contains(&other.as_str()) && *at > then)
    }

    /// No call has to wait for this any more.
    pub fn end_wait(&mut self, what: &str) {
        self.waiting.remove(what);
    }
}

fn is_past(at: Instant, now: Instant) -> bool {
    now.saturating_duration_since(at) >= LATELY
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEAD: &str = "dead";
    const OTHER: &str = "other";

    /// Since which second calls wait for a host that is not reached, as of each of these; the other host is asked in these, and whether it
    /// is reached.
    fn since(dead: &[u64], other: &[(u64, bool)]) -> Vec<u64> {
        let (mut waits, start) = (SharedWaits::default(), Instant::now());
        let mut of_dead = Vec::new();
        for second in 0..2_000 {
            let now = start + Duration::from_secs(second);
            match other.iter().find(|(at, _)| *at == second) {
                Some((_, true)) => waits.reached(OTHER, now),
                Some((_, false)) => {
                    waits.note_wait(OTHER, now);
                }
                None => {}
            }
            if dead.contains(&second) {
                of_dead.push((waits.note_wait(DEAD, now) - start).as_secs());
            }
        }
        of_dead
    }

    #[test]
    fn who_waits_for_the_same_waits_since_the_first_while_another_host_is_reached() {
        let other = [(0, true), (60, true), (110, true)];
        assert_eq!(since(&[10, 40, 90, 140], &other), [10, 10, 10, 10]);
    }

    #[test]
    fn what_was_not_asked_for_lately_is_waited_for_anew() {
        let other: Vec<_> = (0..20).map(|times| (times * 30, true)).collect();
        assert_eq!(since(&[10, 69, 129, 400], &other), [10, 10, 129, 400]);
    }

    #[test]
    fn no_time_counts_where_no_other_is_reached() {
        assert_eq!(since(&[10, 40, 70], &[]), [10, 40, 70], "there is none");
        let outage = [(0, true), (30, false), (900, true)];
        let asked: Vec<_> = (0..40).map(|times| 10 + times * 30).collect();
        let since = since(&asked, &outage);
        assert_eq!(since[0], 10);
        assert_eq!(since[29], 880, "the last before another is reached");
        assert_eq!(since[31], 880, "from then on it counts");
        assert_eq!(since[39], 1_180, "and no longer, as none is reached since a minute");
    }

    #[test]
    fn a_wait_goes_on_where_another_host_is_only_asked_whether_it_is_reached() {
        let (mut waits, start) = (SharedWaits::default(), Instant::now());
        let at = |second| start + Duration::from_secs(second);
        waits.reached(OTHER, at(0));
        for second in (10_u64..900).step_by(30) {
            waits.not_reached(DEAD);
            if !waits.reaches_another(&[DEAD], at(second.saturating_sub(60))) {
                waits.reached(OTHER, at(second));
            }
            assert_eq!(waits.note_wait_beside_reached(DEAD, at(second)), at(10), "{second}");
        }
    }

    #[test]
    fn who_was_reached_or_let_go_on_begins_anew() {
        let (mut waits, start) = (SharedWaits::default(), Instant::now());
        let at = |second| start + Duration::from_secs(second);
        waits.reached(OTHER, at(0));
        assert_eq!([waits.note_wait(DEAD, at(1)), waits.note_wait("1784:1", at(2))], [at(1), at(2)]);
        waits.reached(DEAD, at(3));
        waits.end_wait("1784:1");
        assert_eq!([waits.note_wait(DEAD, at(4)), waits.note_wait("1784:1", at(5))], [at(4), at(5)]);
    }
}
