//! Prints the ways: a table each for people, an object each for programs.

use super::end::{End, Verdict};
use super::meta::{AtMeta, State};
use super::place::Place;
use super::question::Period;
use super::way::Way;
use crate::Screen;
use crate::screen::{Cell, Table, Tone, counted, one_line};
use serde_json::json;
use std::io;

/// As much of what a place says as is shown, in characters.
const LONGEST: usize = 200;

/// What was found.
pub(super) struct Found {
    pub(super) ways: Vec<Way>,
    /// What Meta says of it, where it was asked.
    pub(super) at_meta: Vec<AtMeta>,
    pub(super) period: Period,
    /// How many records were read for it.
    pub(super) read: u64,
}

impl Found {
    /// Prints every way and what they come to.
    pub(super) fn print(&self, json: bool, screen: &mut Screen) -> io::Result<Verdict> {
        let verdict = Verdict::of(&self.ways);
        if json {
            self.ways.iter().try_for_each(|way| object(way, screen))?;
            screen.json(&json!({
                "verdict": verdict.as_str(), "events": self.ways.len(), "meta": self.at_meta, "records_read": self.read,
            }))?;
            return Ok(verdict);
        }
        self.ways.iter().try_for_each(|way| table(way, screen))?;
        self.at_meta.iter().try_for_each(|said| meta(said, screen))?;
        if verdict == Verdict::NeverReceived {
            let Period { since, until } = self.period;
            let until = until.map_or_else(|| "now".to_owned(), |until| until.to_string());
            let never = format!(
                "Never received: no topic has it from {since} to {until}, nor a spool that was looked into. \
                 docs/meta.md has why nothing arrives."
            );
            screen.toned(Tone::Bad, &never)?;
        }
        screen.toned(Tone::Faint, &format!("{} read.", counted(self.read, "record", "records")))?;
        Ok(verdict)
    }
}

fn object(Way { event, places, end }: &Way, screen: &mut Screen) -> io::Result<()> {
    let (end, why) = match end {
        End::Complete => ("complete", None),
        End::Stopped(why) => ("stopped", Some(why)),
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

fn table(Way { event, places, end }: &Way, screen: &mut Screen) -> io::Result<()> {
    let title = event.as_ref().map_or_else(
        || "a delivery without events".to_owned(),
        |event| format!("{}  {}  {}", event.kind, event.key.as_deref().unwrap_or("no key"), event.id),
    );
    screen.toned(Tone::Strong, &one_line(&title, 2 * LONGEST))?;
    let mut table = Table::default();
    table.extend(places.iter().map(row));
    table.print(screen)?;
    match end {
        End::Complete => screen.toned(Tone::Good, "✓ Complete."),
        End::Stopped(why) => screen.toned(Tone::Bad, &format!("✗ Stopped: {}.", one_line(why, 3 * LONGEST))),
    }?;
    screen.line("")
}

fn row(Place { what, position, at, says }: &Place) -> [Cell; 4] {
    let at = at.as_deref().map_or("-", |at| at.get(..23).unwrap_or(at)).replace('T', " ");
    [
        Cell::new(Tone::Faint, at),
        Cell::new(Tone::Strong, *what),
        position.as_ref().map_or_else(|| "this machine".to_owned(), ToString::to_string).into(),
        one_line(says, LONGEST).into(),
    ]
}

fn meta(AtMeta { id, state, created, was_received, error }: &AtMeta, screen: &mut Screen) -> io::Result<()> {
    let id = id.as_deref().unwrap_or("the conversation");
    let created = created.as_ref().map_or_else(String::new, |created| format!(", of {created}"));
    let (tone, said) = match state {
        State::There if *was_received => (Tone::Good, format!("Meta has {id}{created}.")),
        State::There => (Tone::Bad, format!("Meta has {id}{created}, and it was never received.")),
        State::Gone => (Tone::Warn, format!("Meta has no {id}, or the token may not see it.")),
        State::Unknown => {
            let error = error.as_deref().unwrap_or_default();
            (Tone::Warn, format!("Meta does not say of {id}: {error}"))
        }
    };
    screen.toned(tone, &one_line(&said, 3 * LONGEST))
}
