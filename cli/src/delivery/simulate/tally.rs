//! What was answered to everything that was posted.

use crate::screen::{Cell, Screen, Table, Tone, counted};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// Of the buckets of times, each so many times as wide as the one before: a share of a tenth is exact enough.
const GROWTH: f64 = 1.1;
/// Up to 10 s, in microseconds.
const BUCKETS: usize = 170;

/// Counts, shared by all that post.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
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
    buckets: BTreeMap<usize, u64>,
    max: Duration,
}

impl Times {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number of a bucket is small"
    )]
    fn note(&mut self, took: Duration) {
        let micros = (took.as_secs_f64() * 1e6).max(1.0);
        let bucket = (micros.ln() / GROWTH.ln()) as usize;
        *self.buckets.entry(bucket.min(BUCKETS - 1)).or_default() += 1;
        self.max = self.max.max(took);
    }

    fn count(&self) -> u64 {
        self.buckets.values().sum()
    }

    /// The time that so many of a hundred took at most.
    fn percentile(&self, percent: u64) -> Duration {
        let wanted = (self.count() * percent).div_ceil(100);
        let mut seen = 0;
        for (bucket, count) in &self.buckets {
            seen += count;
            if seen >= wanted {
                let exponent = i32::try_from(bucket + 1).unwrap_or(i32::MAX);
                return Duration::from_secs_f64(GROWTH.powi(exponent) / 1e6).min(self.max);
            }
        }
        self.max
    }
}

impl Tally {
    /// An answer, or why there is none.
    pub(super) fn note_answer(&self, answer: Result<(u16, Duration), String>) {
        let mut counts = self.counts();
        let (status, took) = match answer {
            Ok((status, took)) => (Some(status), took),
            Err(why) => {
                counts.why_none = Some(why);
                (None, Duration::ZERO)
            }
        };
        counts.answers.entry(status).or_default().note(took);
    }

    /// One more attempt.
    pub(super) fn note_resent(&self) {
        self.counts().resent += 1;
    }

    /// The end of a delivery.
    pub(super) fn note_delivery(&self, is_taken: bool) {
        let mut counts = self.counts();
        counts.taken += u64::from(is_taken);
        counts.never += u64::from(!is_taken);
    }

    /// Whether every delivery was answered 200 in the end.
    pub(super) fn is_all_taken(&self) -> bool {
        self.counts().never == 0
    }

    /// How it stands.
    pub(super) fn in_a_line(&self) -> String {
        let counts = self.counts();
        let done = counted(counts.taken, "delivery", "deliveries");
        format!("{done} answered 200, {} sent again, {} given up", counts.resent, counts.never)
    }

    /// Prints all of it.
    pub(super) fn print(&self, screen: &mut Screen) -> io::Result<()> {
        let counts = self.counts();
        let mut table = Table::under(["ANSWERED", "TIMES", "P50", "P99", "LONGEST"]);
        for (status, times) in &counts.answers {
            let millis = |time: Duration| Cell::from(format!("{:.1} ms", time.as_secs_f64() * 1_000.0));
            let tone = if *status == Some(200) { Tone::Good } else { Tone::Bad };
            let name = status.map_or_else(|| "nothing".to_owned(), |status| status.to_string());
            let [p50, p99, max] = [times.percentile(50), times.percentile(99), times.max].map(millis);
            table.row([Cell::new(tone, name), times.count().to_string().into(), p50, p99, max]);
        }
        table.print(screen)?;
        if let Some(why) = &counts.why_none {
            screen.line(format!("The last that was answered nothing: {why}"))?;
        }
        drop(counts);
        let tone = if self.is_all_taken() { Tone::Good } else { Tone::Bad };
        screen.toned(tone, &format!("{}.", self.in_a_line()))
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        runtime::mutex::lock(&self.0)
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
            assert!((millis..=millis * GROWTH).contains(&found), "{percent}: {found}");
        }
        assert_eq!(times.percentile(100), Duration::from_millis(100));
    }

    #[test]
    fn what_was_never_taken_is_told() {
        let tally = Tally::default();
        tally.note_answer(Ok((200, Duration::from_millis(2))));
        tally.note_delivery(true);
        assert!(tally.is_all_taken());
        tally.note_answer(Err("it does not answer".to_owned()));
        tally.note_delivery(false);
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
