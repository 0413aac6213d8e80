//! `weir dlq list`: a line a dead letter, and how many there are by reason.

use super::dead_letter::DeadLetter;
use super::settings::ListSettings;
use super::topic_marks::TopicMarks;
use crate::kafka::{Group, REDRIVE, Range, Reading, RecordPosition, Source};
use crate::screen::{Cell, Screen, Table, Tone, counted};
use crate::tool::{Exit, Result, Session};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::io;

/// Where the error stands, below its dead letter.
const INDENT: &str = "   ";
/// Of a terminal, in columns.
const WIDTH: usize = 80;

/// A dead letter, and whether it was put back.
#[derive(Debug, Serialize)]
struct Listed {
    #[serde(flatten)]
    dead_letter: DeadLetter,
    back: bool,
}

/// What one reason comes to.
#[derive(Debug, Default)]
struct Reason {
    dead_letters: u64,
    back: u64,
    newest: Option<String>,
}

type Reasons = BTreeMap<(String, String), Reason>;

/// Runs the command.
pub(super) fn run(settings: &ListSettings, screen: &mut Screen) -> Result<Exit> {
    screen.is_all_that_is_done();
    let topics = settings.scope.topics();
    let source = Source::connect(&Session::start()?, &settings.kafka, &topics)?;
    let group = Group::open(&settings.kafka, REDRIVE)?;
    let (mut reasons, mut hidden) = (Reasons::new(), None);
    for topic in &topics {
        let range = source.range(topic, settings.since, settings.scope.until)?;
        let marks = TopicMarks::read(&group, &range)?;
        let mut reading = source.open(&range)?.showing("dead letters", !settings.json);
        hidden = hidden.or(reading.leave_out_hidden());
        list(reading, &range, &marks, settings, &mut reasons, screen)?;
    }
    // Of nothing but what cannot be read there is nothing to sum up.
    if !settings.json && (hidden.is_none() || !reasons.is_empty()) {
        summary(&reasons, screen)?;
    }
    hidden.map_or(Ok(Exit::Done), Err)
}

fn list(
    mut reading: Reading,
    range: &Range,
    marks: &TopicMarks,
    settings: &ListSettings,
    reasons: &mut Reasons,
    screen: &mut Screen,
) -> Result<()> {
    let (mut kept, mut found) = (VecDeque::new(), 0_u64);
    let streams = settings.json && settings.limit.is_none();
    while let Some(record) = reading.next()? {
        let dead_letter = DeadLetter::of(&record);
        if !settings.scope.holds(&dead_letter) {
            continue;
        }
        found += 1;
        let listed = Listed { back: marks.contains(record.partition, record.offset), dead_letter };
        count(&listed, reasons);
        if streams {
            screen.json(&listed)?;
        } else {
            kept.push_back(listed);
            if kept.len() > settings.most() {
                kept.pop_front();
            }
        }
    }
    if settings.json {
        return Ok(kept.iter().try_for_each(|listed| screen.json(listed))?);
    }
    Ok(table(&range.topic, kept.make_contiguous(), found, screen)?)
}

fn count(Listed { dead_letter, back }: &Listed, reasons: &mut Reasons) {
    let reason = reasons.entry((dead_letter.consumer.clone(), dead_letter.reason.clone())).or_default();
    reason.dead_letters += 1;
    reason.back += u64::from(*back);
    reason.newest = dead_letter.written.clone().max(reason.newest.take());
}

fn table(topic: &str, listed: &[Listed], found: u64, screen: &mut Screen) -> io::Result<()> {
    if listed.is_empty() {
        return Ok(());
    }
    let newest =
        if found > listed.len() as u64 { format!(", the newest {}", listed.len()) } else { String::new() };
    screen.toned(
        Tone::Strong,
        &format!("{topic}  {}{newest}", counted(found, "dead letter", "dead letters")),
    )?;
    let mut table = Table::under(["", "AT", "FIRST FAILED", "REASON", "TRIES", "FROM"]);
    let mut last = "";
    for one in listed {
        table.row(row(one));
        if one.dead_letter.error != last {
            for line in wrapped(&one.dead_letter.error) {
                table.text(Tone::Faint, format!("{INDENT}{line}"));
            }
            last = &one.dead_letter.error;
        }
    }
    table.print(screen)?;
    screen.line("")
}

fn row(Listed { dead_letter, back }: &Listed) -> [Cell; 6] {
    let (mark, tone) = if *back { ("=", Tone::Faint) } else { ("", Tone::Warn) };
    // A body that ingest could not read is from no topic.
    let from =
        dead_letter.origin.as_ref().map_or_else(|| dead_letter.consumer.clone(), RecordPosition::to_string);
    [
        Cell::new(Tone::Faint, mark),
        format!("{}/{}", dead_letter.position.partition, dead_letter.position.offset).into(),
        short_time(dead_letter.first_failed.as_deref()).into(),
        Cell::new(tone, dead_letter.reason.as_str()),
        dead_letter.attempts.to_string().into(),
        from.into(),
    ]
}

/// `11-21 18:30:00` of an RFC 3339 time: dead letters are not kept for a year.
fn short_time(time: Option<&str>) -> String {
    let seconds = time.and_then(|time| time.get(5..19));
    seconds.map_or_else(|| "-".to_owned(), |seconds| seconds.replace('T', " "))
}

/// Text in lines that fit a terminal of 80 columns behind the indent; a longer word keeps its line.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH - INDENT.len() => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn summary(reasons: &Reasons, screen: &mut Screen) -> io::Result<()> {
    if reasons.is_empty() {
        return screen.toned(Tone::Good, "There are no such dead letters.");
    }
    let rows = reasons.iter().map(|((consumer, reason), counts)| {
        let tone = if counts.dead_letters > counts.back { Tone::Warn } else { Tone::Plain };
        [
            consumer.as_str().into(),
            Cell::new(tone, reason.as_str()),
            format!("{:>12}", counts.dead_letters).into(),
            format!("{:>8}", counts.back).into(),
            short_time(counts.newest.as_deref()).into(),
        ]
    });
    Table::under(["CONSUMER", "REASON", "DEAD LETTERS", "PUT BACK", "NEWEST"]).with(rows).print(screen)?;
    screen.line("")?;
    screen
        .toned(Tone::Faint, "Look at one: weir dlq show TOPIC PARTITION OFFSET. Put back: weir dlq redrive.")
}

#[cfg(test)]
mod tests {
    use super::super::dead_letter::tests::record;
    use super::*;
    use crate::screen::Printed;

    fn listed(attempts: u32, back: bool) -> Listed {
        Listed { dead_letter: DeadLetter::of(&record(Some("meta.comments.v1"), attempts)), back }
    }

    #[test]
    fn a_table_fits_80_columns_and_says_an_error_once() {
        let printed = Printed::default();
        table("meta.lookups.dlq.v1", &[listed(5, true), listed(10, false)], 12, &mut printed.screen())
            .unwrap();
        let text = printed.text();
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            [
                "meta.lookups.dlq.v1  12 dead letters, the newest 2",
                "   AT    FIRST FAILED    REASON             TRIES  FROM",
                "=  1/17  09-23 18:14:45  retries_exhausted  5      meta.comments.v1/3/42",
                "   the Graph API said 500",
                "   1/17  09-23 18:14:45  retries_exhausted  10     meta.comments.v1/3/42",
                "",
            ]
        );
    }

    #[test]
    fn a_long_error_is_wrapped_at_its_words() {
        let lines = wrapped(&"word ".repeat(40));
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.chars().count() <= 77 && line.ends_with("word")), "{lines:?}");
        assert_eq!(wrapped(&"x".repeat(100)).len(), 1);
        assert!(wrapped("").is_empty());
    }

    #[test]
    fn dead_letters_are_counted_by_consumer_and_reason() {
        let mut reasons = Reasons::new();
        count(&listed(5, true), &mut reasons);
        count(&listed(5, false), &mut reasons);
        let reason = &reasons[&("weir-lookups".to_owned(), "retries_exhausted".to_owned())];
        assert_eq!((reason.dead_letters, reason.back), (2, 1));
        assert_eq!(reason.newest.as_deref(), Some("2019-09-23T18:14:46.000Z"));
    }

    #[test]
    fn an_object_says_whether_its_dead_letter_was_put_back() {
        let value = serde_json::to_value(listed(5, true)).unwrap();
        assert_eq!((&value["offset"], &value["back"]), (&17.into(), &true.into()));
    }
}
