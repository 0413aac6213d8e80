//! `weir dlq list`: a line a letter, and the letters by reason.

use super::group::Group;
use super::letter::Letter;
use super::marks::Marks;
use super::settings::ListSettings;
use crate::progress::Progress;
use crate::screen::{Cell, Columns, Tone};
use crate::session::Session;
use crate::source::{Range, RecordPosition, Source};
use crate::{Exit, Screen, ToolError};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::io;

/// Where the error stands, below its letter.
const INDENT: &str = "   ";
/// Of a terminal, in columns.
const WIDTH: usize = 80;

/// A letter, and whether it was put back.
#[derive(Debug, Serialize)]
struct Listed {
    #[serde(flatten)]
    letter: Letter,
    back: bool,
}

/// What one reason comes to.
#[derive(Debug, Default)]
struct Reason {
    letters: u64,
    back: u64,
    newest: Option<String>,
}

type Reasons = BTreeMap<(String, String), Reason>;

/// Runs the command.
pub(super) fn run(
    session: &Session,
    settings: &ListSettings,
    screen: &mut Screen,
) -> Result<Exit, ToolError> {
    let source = Source::connect(session, &settings.kafka, &settings.scope.topics)?;
    let group = Group::open(&settings.kafka)?;
    let mut reasons = Reasons::new();
    for topic in &settings.scope.topics {
        let range = source.range(topic, settings.scope.since, settings.scope.until)?;
        list(&source, &group, &range, settings, &mut reasons, screen)?;
    }
    if !settings.json {
        summary(&reasons, screen)?;
    }
    Ok(Exit::Done)
}

fn list(
    source: &Source,
    group: &Group,
    range: &Range,
    settings: &ListSettings,
    reasons: &mut Reasons,
    screen: &mut Screen,
) -> Result<(), ToolError> {
    let marks = Marks::read(group, range)?;
    let mut reading = source.open(range)?;
    let mut progress = Progress::new(!settings.json);
    let (mut kept, mut found, mut read) = (VecDeque::new(), 0_u64, 0_u64);
    let streams = settings.json && settings.limit == usize::MAX;
    while let Some(record) = reading.next()? {
        read += 1;
        progress.say(|| format!("{}: {read} of {} letters", range.topic, range.at_most()));
        let letter = Letter::of(&record);
        if !settings.scope.holds(&letter) {
            continue;
        }
        found += 1;
        let listed = Listed { back: marks.hold(record.partition, record.offset), letter };
        count(&listed, reasons);
        if streams {
            screen.line(json(&listed))?;
        } else {
            kept.push_back(listed);
            if kept.len() > settings.limit {
                kept.pop_front();
            }
        }
    }
    progress.clear();
    if settings.json {
        return Ok(kept.iter().try_for_each(|listed| screen.line(json(listed)))?);
    }
    Ok(table(&range.topic, kept.make_contiguous(), found, screen)?)
}

fn count(Listed { letter, back }: &Listed, reasons: &mut Reasons) {
    let reason = reasons.entry((letter.consumer.clone(), letter.reason.clone())).or_default();
    reason.letters += 1;
    reason.back += u64::from(*back);
    reason.newest = letter.written.clone().max(reason.newest.take());
}

fn json(listed: &Listed) -> String {
    serde_json::to_string(listed).expect("a letter has string keys alone")
}

fn table(topic: &str, listed: &[Listed], found: u64, screen: &mut Screen) -> io::Result<()> {
    if listed.is_empty() {
        return Ok(());
    }
    let newest =
        if found > listed.len() as u64 { format!(", the newest {}", listed.len()) } else { String::new() };
    screen.toned(Tone::Strong, &format!("{topic}  {}{newest}", letters(found)))?;
    let headings = ["", "AT", "FIRST FAILED", "REASON", "TRIES", "FROM"];
    let mut rows = vec![headings.map(|heading| Cell::new(Tone::Faint, heading)).to_vec()];
    rows.extend(listed.iter().map(row));
    let columns = Columns::fitting(&rows);
    screen.row(&columns, &rows[0])?;
    let mut last = "";
    for (Listed { letter, .. }, row) in listed.iter().zip(&rows[1..]) {
        screen.row(&columns, row)?;
        if letter.error != last {
            for line in wrapped(&letter.error) {
                screen.toned(Tone::Faint, &format!("{INDENT}{line}"))?;
            }
            last = &letter.error;
        }
    }
    screen.line("")
}

fn row(Listed { letter, back }: &Listed) -> Vec<Cell> {
    let (mark, tone) = if *back { ("=", Tone::Faint) } else { ("", Tone::Warn) };
    let from = letter.origin.as_ref().map_or_else(|| "ingest's door".to_owned(), RecordPosition::to_string);
    vec![
        Cell::new(Tone::Faint, mark),
        format!("{}/{}", letter.position.partition, letter.position.offset).into(),
        moment(letter.first_failed.as_deref()).into(),
        Cell::new(tone, letter.reason.as_str()),
        letter.attempts.to_string().into(),
        from.into(),
    ]
}

/// `11-21 18:30:00` of an RFC 3339 time: letters are not kept for a year.
fn moment(time: Option<&str>) -> String {
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

fn letters(count: u64) -> String {
    format!("{count} {}", if count == 1 { "letter" } else { "letters" })
}

fn summary(reasons: &Reasons, screen: &mut Screen) -> io::Result<()> {
    if reasons.is_empty() {
        return screen.toned(Tone::Good, "There are no such dead letters.");
    }
    let headings = ["CONSUMER", "REASON", "LETTERS", "PUT BACK", "NEWEST"];
    let mut rows = vec![headings.map(|heading| Cell::new(Tone::Faint, heading)).to_vec()];
    rows.extend(reasons.iter().map(|((consumer, reason), counts)| {
        let waits = counts.letters > counts.back;
        vec![
            consumer.as_str().into(),
            Cell::new(if waits { Tone::Warn } else { Tone::Plain }, reason.as_str()),
            format!("{:>7}", counts.letters).into(),
            format!("{:>8}", counts.back).into(),
            moment(counts.newest.as_deref()).into(),
        ]
    }));
    let columns = Columns::fitting(&rows);
    rows.iter().try_for_each(|row| screen.row(&columns, row))?;
    screen.line("")?;
    screen
        .toned(Tone::Faint, "Look at one: weir dlq show TOPIC PARTITION OFFSET. Put back: weir dlq redrive.")
}

#[cfg(test)]
mod tests {
    use super::super::letter::tests::record;
    use super::*;
    use crate::screen::Printed;

    fn listed(attempts: u32, back: bool) -> Listed {
        Listed { letter: Letter::of(&record(Some("meta.comments.v1"), attempts)), back }
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
                "meta.lookups.dlq.v1  12 letters, the newest 2",
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
    fn letters_are_counted_by_consumer_and_reason() {
        let mut reasons = Reasons::new();
        count(&listed(5, true), &mut reasons);
        count(&listed(5, false), &mut reasons);
        let reason = &reasons[&("weir-lookups".to_owned(), "retries_exhausted".to_owned())];
        assert_eq!((reason.letters, reason.back), (2, 1));
        assert_eq!(reason.newest.as_deref(), Some("2019-09-23T18:14:46.000Z"));
    }

    #[test]
    fn an_object_says_whether_its_letter_was_put_back() {
        let value: serde_json::Value = serde_json::from_str(&json(&listed(5, true))).unwrap();
        assert_eq!((&value["offset"], &value["back"]), (&17.into(), &true.into()));
    }
}
