//! Prints the ways: a table each for people, an object each for programs.

use super::disks::{self, SpoolBacklog};
use super::end::TraceOutcome;
use super::event_trace::EventTrace;
use super::meta::{AtMeta, State};
use super::place::Place;
use super::question::Period;
use crate::screen::{Cell, Screen, Table, Tone, counted, one_line};
use schemas::Millis;
use serde_json::json;
use std::io;

/// As much of what a place says as is shown, in characters.
const MAX_SHOWN_CHARS: usize = 200;

/// What was found.
pub(super) struct TraceReport {
    pub(super) traces: Vec<EventTrace>,
    /// What Meta says of it, where it was asked.
    pub(super) at_meta: Vec<AtMeta>,
    /// How many events are meant too, and were not followed.
    pub(super) left_out: usize,
    /// How many records were read for it.
    pub(super) read: u64,
    /// Of which time.
    pub(super) period: Period,
    /// From when on the deliveries are kept; none where that cannot be read.
    pub(super) retained_since: Option<Millis>,
    /// How many damaged files the spool that was read has beside it, which were not; none where no spool was read.
    pub(super) damaged_spool_files: Option<usize>,
    /// What waits at the processes of ingest that were asked.
    pub(super) ingest: Vec<SpoolBacklog>,
}

impl TraceReport {
    /// What can have something of the period and was not looked at.
    fn gap(&self) -> String {
        let mut gap = match self.retained_since {
            Some(since) if self.period.since < since => {
                format!("; of deliveries of before {since} some may be gone")
            }
            None => "; for how long deliveries are kept cannot be read".to_owned(),
            Some(_) => String::new(),
        };
        gap.push_str(&disks::unseen(&self.ingest, self.damaged_spool_files));
        gap
    }

    /// Prints every way and what they come to.
    pub(super) fn print(&self, json: bool, screen: &mut Screen) -> io::Result<TraceOutcome> {
        let gap = self.gap();
        // What is in a body that could not be read nobody knows.
        let is_all = gap.is_empty() && self.traces.iter().all(|trace| trace.event.is_some());
        let outcome = TraceOutcome::of(&self.traces, is_all);
        let Self { period: Period { since, until }, retained_since, damaged_spool_files, ingest, .. } = self;
        let until = until.map(|until| until.to_string());
        if json {
            self.traces.iter().try_for_each(|trace| object(trace, screen))?;
            screen.json(&json!({
                "verdict": outcome, "events": self.traces.len(), "left_out": self.left_out, "meta": self.at_meta,
                "since": since.to_string(), "until": until, "retained_since": retained_since.map(|since| since.to_string()),
                "spool": damaged_spool_files.is_some(), "ingest": ingest, "records_read": self.read,
            }))?;
            return Ok(outcome);
        }
        self.traces.iter().try_for_each(|trace| table(trace, screen))?;
        self.at_meta.iter().try_for_each(|said| meta(said, is_all, screen))?;
        if self.left_out > 0 {
            let left_out = counted(self.left_out as u64, "more event is", "more events are");
            screen
                .toned(Tone::Warn, &format!("{left_out} meant and not followed: ask for one by its id."))?;
        }
        let until = until.as_deref().unwrap_or("now");
        let none = match outcome {
            TraceOutcome::Found | TraceOutcome::Stopped => None,
            TraceOutcome::NeverReceived => Some(format!(
                "Never received from {since} to {until}: no topic has it, and nothing waits on the disks of ingest. \
                 docs/meta.md has why nothing arrives."
            )),
            TraceOutcome::NotFound => {
                Some(format!("Not found in what was looked at: the topics from {since} to {until}{gap}."))
            }
        };
        none.map_or(Ok(()), |none| screen.toned(Tone::Bad, &none))?;
        screen.toned(Tone::Faint, &format!("{} read.", counted(self.read, "record", "records")))?;
        Ok(outcome)
    }
}

fn object(EventTrace { event, places, end }: &EventTrace, screen: &mut Screen) -> io::Result<()> {
    let (end, why) = match end {
        Ok(()) => ("complete", None),
        Err(why) => ("stopped", Some(why)),
    };
    let event = event.as_ref();
    screen.json(&json!({
        "id": event.map(|event| &event.id),
        "kind": event.map(|event| &event.kind),
        "key": event.and_then(|event| event.key.as_ref()),
        "places": places,
        "end": end,
        "why": why,
    }))
}

fn table(EventTrace { event, places, end }: &EventTrace, screen: &mut Screen) -> io::Result<()> {
    let title = event.as_ref().map_or_else(
        || "a delivery without events".to_owned(),
        |event| format!("{}  {}  {}", event.kind, event.key.as_deref().unwrap_or("no key"), event.id),
    );
    screen.toned(Tone::Strong, &one_line(&title, 2 * MAX_SHOWN_CHARS))?;
    Table::default().with(places.iter().map(row)).print(screen)?;
    match end {
        Ok(()) => screen.toned(Tone::Good, "✓ Complete."),
        Err(why) => {
            let why = one_line(why, 3 * MAX_SHOWN_CHARS);
            let stop = if why.ends_with('?') { "" } else { "." };
            screen.toned(Tone::Bad, &format!("✗ Stopped: {why}{stop}"))
        }
    }?;
    screen.line("")
}

fn row(Place { what, position, at, says }: &Place) -> [Cell; 4] {
    let at = at.as_deref().map_or("-", |at| at.get(..23).unwrap_or(at)).replace('T', " ");
    [
        Cell::new(Tone::Faint, at),
        Cell::new(Tone::Strong, *what),
        position.as_ref().map_or_else(|| "this machine".to_owned(), ToString::to_string).into(),
        one_line(says, MAX_SHOWN_CHARS).into(),
    ]
}

fn meta(
    AtMeta { id, state, created, was_received, error }: &AtMeta,
    is_all: bool,
    screen: &mut Screen,
) -> io::Result<()> {
    let id = id.as_deref().unwrap_or("the conversation");
    let created = created.as_ref().map_or_else(String::new, |created| format!(", of {created}"));
    let (tone, said) = match state {
        State::There if *was_received => (Tone::Good, format!("Meta has {id}{created}.")),
        State::There => {
            let never = if is_all { "never received" } else { "not found in what was looked at" };
            (Tone::Bad, format!("Meta has {id}{created}, and it was {never}."))
        }
        State::Gone => (Tone::Warn, format!("Meta has no {id}, or the token may not see it.")),
        State::Unknown => {
            let error = error.as_deref().unwrap_or_default();
            (Tone::Warn, format!("Meta does not say of {id}: {error}"))
        }
    };
    screen.toned(tone, &one_line(&said, 3 * MAX_SHOWN_CHARS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Printed;

    #[test]
    fn where_a_disk_has_damaged_files_nothing_is_said_to_be_never_received() {
        let shown = |damaged: usize| {
            let ingest =
                vec![SpoolBacklog { address: "ingest:9090".to_owned(), deliveries: Some(0), lost: None }];
            let (since, printed) = (Millis::since_epoch(0), Printed::default());
            let report = TraceReport {
                traces: Vec::new(),
                at_meta: Vec::new(),
                left_out: 0,
                read: 0,
                period: Period { since, until: None },
                retained_since: Some(since),
                damaged_spool_files: Some(damaged),
                ingest,
            };
            (report.print(false, &mut printed.screen()).unwrap(), printed.text())
        };
        assert_eq!(shown(0).0, TraceOutcome::NeverReceived);
        let (outcome, said) = shown(1);
        assert_eq!(outcome, TraceOutcome::NotFound);
        assert!(said.contains("; 1 damaged file of the spool was not read (`weir spool list`)."), "{said}");
    }
}
