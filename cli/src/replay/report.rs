//! What a replay found and did: per topic and kind, and in all.

use super::settings::ReplaySettings;
use crate::screen::{Cell, Screen, Table, Tone, nonzero};
use crate::tool::Exit;
use schemas::{Millis, Refusal, Topic};
use serde_json::json;
use std::collections::BTreeMap;
use std::io;
use std::time::SystemTime;

/// Within 80 columns, as all of it.
const CUT_OFF: &str = "Retention may have removed deliveries of the range; nothing tells of them.";

/// One topic and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) topic: Topic,
    pub(super) kind: String,
    /// Events that splitting gives; each once, where they are compared.
    pub(super) events: u64,
    /// Of these, those that are in the typed topic.
    pub(super) present: u64,
    /// Events of the same deliveries that splitting does not give.
    pub(super) extra: u64,
    pub(super) published: u64,
}

/// Numbers under a heading that is as wide, in the tone of those that are not zero.
type Column = (&'static str, Tone, fn(&Row) -> u64);

impl Row {
    const fn missing(&self) -> u64 {
        self.events.saturating_sub(self.present)
    }
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    pub(super) rows: Vec<Row>,
    pub(super) deliveries: u64,
    /// Records of the raw topic that ingest did not write.
    pub(super) not_written_by_ingest: u64,
    /// Bodies that are refused, whole or in part, by reason.
    refused: BTreeMap<&'static str, u64>,
    /// Events that their topic refuses for what they are.
    pub(super) not_taken: u64,
    /// Copies of events that were counted already.
    copies: u64,
    /// Whether the typed topics were looked at.
    pub(super) compared: bool,
    /// The name of the run.
    pub(super) run: String,
    /// Whether retention may have removed deliveries of the range.
    pub(super) is_cut_off: bool,
    /// Whether Ctrl-C ended it.
    pub(super) stopped: bool,
    /// Up to when deliveries are published for certain.
    pub(super) reached: Option<Millis>,
}

impl Report {
    /// Of a run that begins now, which is its name.
    pub(super) fn begin(is_cut_off: bool) -> Self {
        Self { run: Millis::of(SystemTime::now()).to_string(), is_cut_off, ..Self::default() }
    }

    /// The row of a topic and kind.
    pub(super) fn row(&mut self, topic: Topic, kind: String) -> usize {
        self.rows.iter().position(|row| row.topic == topic && row.kind == kind).unwrap_or_else(|| {
            self.rows.push(Row { topic, kind, events: 0, present: 0, extra: 0, published: 0 });
            self.rows.len() - 1
        })
    }

    /// Counts an event, or the copy of one.
    pub(super) fn count(&mut self, row: usize, is_new: bool) {
        self.rows[row].events += u64::from(is_new);
        self.copies += u64::from(!is_new);
    }

    /// Counts a refused body.
    pub(super) fn refuse(&mut self, refusal: Option<Refusal>) {
        if let Some(refusal) = refusal {
            *self.refused.entry(refusal.as_str()).or_default() += 1;
        }
    }

    /// Events that were published.
    pub(super) fn published(&self) -> u64 {
        self.sum(|row| row.published)
    }

    /// The exit code of a run that did not fail.
    pub(super) fn exit(&self, settings: &ReplaySettings) -> Exit {
        let differs = self.missing() > 0 || self.sum(|row| row.extra) > 0;
        match (self.stopped || self.not_taken > 0, settings.apply, differs) {
            (true, ..) => Exit::Failure,
            (false, false, true) => Exit::Findings,
            _ => Exit::Done,
        }
    }

    pub(super) fn print(&mut self, settings: &ReplaySettings, screen: &mut Screen) -> io::Result<()> {
        self.rows.sort_by(|one, other| (one.topic, &one.kind).cmp(&(other.topic, &other.kind)));
        if settings.json {
            return self.print_json(settings, screen);
        }
        let (since, until) = (settings.period.since, settings.period.until);
        screen.toned(Tone::Strong, &format!("Deliveries from {since} until {until}"))?;
        if !self.rows.is_empty() {
            self.table(settings).print(screen)?;
            screen.line("")?;
        }
        screen.line(self.sentence())?;
        self.advise(settings, screen)
    }

    /// Events that were looked for in the typed topics, and not found.
    pub(super) fn missing(&self) -> u64 {
        if self.compared { self.sum(Row::missing) } else { 0 }
    }

    fn sum(&self, of: impl Fn(&Row) -> u64) -> u64 {
        self.rows.iter().map(of).sum()
    }

    fn print_json(&self, settings: &ReplaySettings, screen: &mut Screen) -> io::Result<()> {
        let compared = |count: u64| self.compared.then_some(count);
        for row in &self.rows {
            screen.line(json!({
                "topic": row.topic.name(&settings.scope.topic_prefix), "kind": row.kind, "events": row.events,
                "present": compared(row.present), "missing": compared(row.missing()),
                "extra": compared(row.extra), "published": row.published,
            }))?;
        }
        screen.line(json!({ "summary": {
            "since": settings.period.since.to_string(), "until": settings.period.until.to_string(),
            "cut_off": self.is_cut_off, "deliveries": self.deliveries, "unreadable": self.not_written_by_ingest, "refused": self.refused,
            "events": self.sum(|row| row.events), "copies": self.copies,
            "present": compared(self.sum(|row| row.present)), "missing": compared(self.missing()),
            "extra": compared(self.sum(|row| row.extra)), "published": self.published(), "not_taken": self.not_taken,
            "applied": settings.apply, "replay": settings.apply.then_some(&self.run), "stopped": self.stopped,
            "reached": self.reached.map(|time| time.to_string()),
        }}))
    }

    fn table(&self, settings: &ReplaySettings) -> Table {
        let mut columns: Vec<Column> = vec![(" EVENTS", Tone::Plain, |row| row.events)];
        if self.compared {
            columns.push(("PRESENT", Tone::Good, |row| row.present));
            columns.push(("MISSING", Tone::Warn, Row::missing));
            columns.push(("EXTRA", Tone::Warn, |row| row.extra));
        }
        if settings.apply {
            columns.push(("PUBLISHED", Tone::Good, |row| row.published));
        }
        let headings = columns.iter().map(|(heading, ..)| *heading);
        let (mut table, mut last) = (Table::under(["TOPIC, KIND"].into_iter().chain(headings)), None);
        for row in &self.rows {
            if last.replace(row.topic) != Some(row.topic) {
                table.text(Tone::Plain, row.topic.name(&settings.scope.topic_prefix));
            }
            let numbers = columns.iter().map(|(heading, tone, count)| {
                let (count, width) = (count(row), heading.len());
                Cell::new(if count > 0 { *tone } else { Tone::Faint }, format!("{count:>width$}"))
            });
            table.row([format!("  {}", row.kind).into()].into_iter().chain(numbers).collect::<Vec<_>>());
        }
        table
    }

    fn sentence(&self) -> String {
        let mut parts =
            vec![format!("{} deliveries", self.deliveries), format!("{} events", self.sum(|row| row.events))];
        parts.extend(self.refused.iter().map(|(reason, count)| format!("{count} refused ({reason})")));
        parts.extend(nonzero(&[
            (self.not_written_by_ingest, "not written by ingest"),
            (self.copies, "repeated"),
            (self.missing(), "missing"),
            (self.sum(|row| row.extra), "extra"),
            (self.published(), "published"),
            (self.not_taken, "refused by their topic"),
        ]));
        parts.join(", ")
    }

    /// What to do next.
    fn advise(&self, settings: &ReplaySettings, screen: &mut Screen) -> io::Result<()> {
        let (since, until) = (settings.period.since, settings.period.until);
        if self.is_cut_off {
            screen.toned(Tone::Warn, CUT_OFF)?;
        }
        if settings.apply {
            if self.published() > 0 {
                screen.line(format!("They carry the header ce_replay: {}", self.run))?;
            }
            if self.stopped {
                let since = self.reached.unwrap_or(since);
                let line = format!("Stopped. Go on with --since {since} --until {until}");
                return screen.toned(Tone::Warn, &line);
            }
            return screen.line(format!("The next range begins with --since {until}"));
        }
        if self.compared && self.missing() == 0 {
            // Of the events of what could not be split nobody can say whether they are there.
            let is_whole = self.refused.is_empty() && self.not_written_by_ingest == 0;
            let bound = match (self.is_cut_off, is_whole) {
                (false, true) => "",
                (true, true) => " of those that are left",
                (false, false) => " of what could be split",
                (true, false) => " of what is left and could be split",
            };
            let tone = if is_whole { Tone::Good } else { Tone::Warn };
            screen.toned(tone, &format!("Nothing is missing{bound}."))?;
        }
        screen.line("A dry run: nothing was written. With --apply it publishes all events, with")?;
        screen.line("--apply --missing-only those that are missing.")
    }
}

#[cfg(test)]
mod tests;
