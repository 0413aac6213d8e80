//! What was answered to everything that was posted.

use crate::screen::{Cell, Screen, Table, Tone, counted};
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

/// The status of an answer, and how long it took; or why there is none.
pub(super) type Answered = Result<(u16, Duration), String>;

/// What all deliveries came to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Deliveries that were answered 200 in the end, and those that never were.
    taken: u64,
    never: u64,
    resent: u64,
    /// By status; without one, no whole answer came.
    answers: BTreeMap<Option<u16>, Times>,
    /// Why the last one that had no answer had none.
    why_none: Option<String>,
}

/// How many answers took how long.
#[derive(Debug, Default)]
struct Times {
    /// By microseconds, of which two digits are exact enough.
    counts: BTreeMap<u64, u64>,
    max: Duration,
}

impl Times {
    fn note(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or_default();
        let unit = 10_u64.pow(micros.max(1).ilog10().saturating_sub(1));
        *self.counts.entry(micros.next_multiple_of(unit)).or_default() += 1;
        self.max = self.max.max(took);
    }

    fn count(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The time that so many of a hundred took at most.
    fn percentile(&self, percent: u64) -> Duration {
        let wanted = (self.count() * percent).div_ceil(100);
        let mut seen = 0;
        for (micros, count) in &self.counts {
            seen += count;
            if seen >= wanted {
                return Duration::from_micros(*micros).min(self.max);
            }
        }
        self.max
    }
}

/// Whether a delivery with these answers was answered 200.
pub(super) fn is_taken(answers: &[Answered]) -> bool {
    answers.iter().any(|answer| matches!(answer, Ok((200, _))))
}

impl Tally {
    /// The answers to one delivery, each but the first to its being sent again.
    pub(super) fn note(&mut self, answers: Vec<Answered>) {
        let is_taken = is_taken(&answers);
        self.taken += u64::from(is_taken);
        self.never += u64::from(!is_taken);
        self.resent += answers.len().saturating_sub(1) as u64;
        for answer in answers {
            let (status, took) = match answer {
                Ok((status, took)) => (Some(status), took),
                Err(why) => {
                    self.why_none = Some(why);
                    (None, Duration::ZERO)
                }
            };
            self.answers.entry(status).or_default().note(took);
        }
    }

    /// Whether every delivery was answered 200 in the end.
    pub(super) fn is_all_taken(&self) -> bool {
        self.never == 0
    }

    /// How it stands.
    pub(super) fn in_a_line(&self) -> String {
        let done = counted(self.taken, "delivery", "deliveries");
        format!("{done} answered 200, {} sent again, {} given up", self.resent, self.never)
    }

    /// Prints all of it.
    pub(super) fn print(&self, screen: &mut Screen) -> io::Result<()> {
        let rows = self.answers.iter().map(|(status, times)| {
            let millis = |time: Duration| Cell::from(format!("{:.1} ms", time.as_secs_f64() * 1_000.0));
            let tone = if *status == Some(200) { Tone::Good } else { Tone::Bad };
            let name = status.map_or_else(|| "nothing".to_owned(), |status| status.to_string());
            let [p50, p99, max] = [times.percentile(50), times.percentile(99), times.max].map(millis);
            [Cell::new(tone, name), times.count().to_string().into(), p50, p99, max]
        });
        Table::under(["ANSWERED", "TIMES", "P50", "P99", "LONGEST"]).with(rows).print(screen)?;
        if let Some(why) = &self.why_none {
            screen.line(format!("The last that was answered nothing: {why}"))?;
        }
        let tone = if self.is_all_taken() { Tone::Good } else { Tone::Bad };
        screen.toned(tone, &format!("{}.", self.in_a_line()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Printed;

    #[test]
    fn percentiles_are_those_of_the_times_within_a_tenth() {
        let mut times = Times::default();
        (1..=100).for_each(|millis| times.note(Duration::from_millis(millis)));
        for (percent, millis) in [(50, 50.0), (99, 99.0)] {
            let found = times.percentile(percent).as_secs_f64() * 1e3;
            assert!((millis..=millis * 1.1).contains(&found), "{percent}: {found}");
        }
        assert_eq!(times.percentile(100), Duration::from_millis(100));
    }

    #[test]
    fn what_was_never_taken_is_told() {
        let mut tally = Tally::default();
        tally.note(vec![Ok((200, Duration::from_millis(2)))]);
        assert!(tally.is_all_taken());
        tally.note(vec![Err("it does not answer".to_owned())]);
        let printed = Printed::default();
        tally.print(&mut printed.screen()).unwrap();
        assert!(!tally.is_all_taken());
        assert!(printed.text().contains("answered nothing: it does not answer"), "{}", printed.text());
        assert!(
            printed.text().ends_with("1 delivery answered 200, 0 sent again, 1 given up.\n"),
            "{}",
            printed.text()
        );
    }
}
