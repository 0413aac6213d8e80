//! Lines of the tour: deliveries, records, the verdict.

use super::TOPIC_PREFIX;
use super::ledger::Ledger;
use crate::delivery::poster::Answer;
use crate::records::fact::Fact;
use crate::screen::{Cell, Columns, Screen, Tone};
use schemas::Holds;
use std::io;
use std::time::Duration;

/// Widths of the columns of deliveries: mark, status, time, name.
const DELIVERY: [usize; 4] = [1, 3, 7, 0];
/// Widths of the columns of records: mark, topic, what it is, key, id.
const RECORD: [usize; 5] = [1, 25, 29, 9, 8];

const OF_AN_ANSWER: &str = "of an answer: commanded, intended, done";

/// A heading with an empty line around it.
pub(super) fn heading(screen: &mut Screen, text: &str) -> io::Result<()> {
    screen.line("")?;
    screen.toned(Tone::Strong, text)?;
    let names = ["", "TOPIC", "WHAT IT IS", "KEY", "ID"];
    screen.row(&Columns::new(RECORD), &names.map(|name| Cell::new(Tone::Faint, name)))
}

/// What was posted and answered.
pub(super) fn delivery(screen: &mut Screen, name: &str, answer: &Answer, is_right: bool) -> io::Result<()> {
    let (mark, tone) = if is_right { ("✓", Tone::Good) } else { ("✗", Tone::Bad) };
    let took = format!("{:.1} ms", answer.took.as_secs_f64() * 1_000.0);
    let cells = [
        Cell::new(tone, mark),
        Cell::new(tone, answer.status.to_string()),
        Cell::new(Tone::Faint, format!("{took:>7}")),
        Cell::new(Tone::Strong, name),
    ];
    screen.row(&Columns::new(DELIVERY), &cells)
}

/// A record that came of it, or that did not come.
pub(super) fn record(screen: &mut Screen, fact: &Fact, has_come: bool) -> io::Result<()> {
    let (mark, tone) = if has_come { ("", Tone::Plain) } else { ("✗", Tone::Bad) };
    let cells = [
        Cell::new(tone, mark),
        Cell::new(tone, fact.topic.name(TOPIC_PREFIX)),
        Cell::new(tone, fact.what.as_str()),
        Cell::new(tone, fact.short_key()),
        Cell::new(Tone::Faint, fact.short_id()),
    ];
    screen.row(&Columns::new(RECORD), &cells)
}

/// Whether all is well, or what is not.
pub(super) fn verdict(
    screen: &mut Screen,
    problems: &[String],
    ledger: &Ledger,
    took: Duration,
) -> io::Result<()> {
    screen.line("")?;
    let took = took.as_secs_f64();
    if problems.is_empty() {
        let (answers, others): (Vec<_>, Vec<_>) =
            counts(ledger).into_iter().partition(|(what, _)| *what == OF_AN_ANSWER);
        screen.toned(Tone::Good, "✓ Every expected record is on its topic, and nothing else is:")?;
        screen.toned(Tone::Good, &format!("  {}. {took:.1} s in all.", sentence(&others)))?;
        return screen.toned(Tone::Good, &format!("  {}.", sentence(&answers)));
    }
    screen.toned(Tone::Bad, &format!("✗ Not as it should be, after {took:.1} s:"))?;
    problems.iter().try_for_each(|problem| screen.toned(Tone::Bad, &format!("  {problem}")))
}

/// How many records came for what, in the order of the pipeline.
fn counts(ledger: &Ledger) -> Vec<(&'static str, usize)> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for (topic, count) in ledger.arrived() {
        let what = match topic.spec().holds {
            Holds::Bodies => "raw",
            Holds::Events => "typed",
            Holds::Inbox => "normalised",
            Holds::Profiles | Holds::Media | Holds::Enriched => "enriched",
            Holds::Commands | Holds::Results => OF_AN_ANSWER,
            Holds::RefusedBodies | Holds::DeadLetters => "dead letter",
        };
        match counts.last_mut() {
            Some((last, sum)) if *last == what => *sum += count,
            _ => counts.push((what, *count)),
        }
    }
    counts
}

fn sentence(counts: &[(&str, usize)]) -> String {
    counts.iter().map(|(what, count)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::Topic;

    #[test]
    fn records_are_counted_by_what_they_are_for() {
        let mut ledger = Ledger::default();
        let fact = |topic| Fact { topic, ..Fact::raw(b"") };
        for topic in [Topic::Raw, Topic::Messages, Topic::Comments, Topic::IngestDlq, Topic::Inbox] {
            ledger.see(&fact(topic));
        }
        assert_eq!(sentence(&counts(&ledger)), "1 raw, 2 typed, 1 normalised, 1 dead letter");
    }
}
