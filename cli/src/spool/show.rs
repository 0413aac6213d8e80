//! `weir spool show`: all of one delivery, its body too.

use super::contents::Contents;
use super::settings::{Shape, ShowSettings};
use super::{SpoolError, quantity, record, table};
use crate::screen::{Cell, Columns, Tone, one_line};
use crate::{Exit, Screen, ToolError};
use std::io;
use weir_ingest::spool::inspect::{Inspector, Stored};

const WIDEST: usize = 200;

pub(super) fn run(settings: &ShowSettings, screen: &mut Screen) -> Result<Exit, ToolError> {
    let directory = &settings.place.directory;
    let found = Inspector::open(directory)?.delivery(&settings.id)?;
    let Some(stored) = found else {
        let (id, directory) = (settings.id.clone(), directory.clone());
        return Err(SpoolError::NotThere { id, directory }.into());
    };
    match settings.shape {
        Shape::Text => print(&stored, screen)?,
        Shape::Body => screen.bytes(&stored.body)?,
        Shape::Json => screen.line(record::whole(&stored))?,
    }
    Ok(Exit::Done)
}

fn print(stored: &Stored, screen: &mut Screen) -> io::Result<()> {
    let (tone, state) = table::state(stored);
    let state = if stored.parked.is_some() { format!("set aside: {state}") } else { state };
    let columns = Columns::new([8]);
    let rows = [
        ("id", Cell::from(one_line(&stored.id, WIDEST))),
        ("received", format!("{} ({} ago)", stored.received, quantity::age(stored.received)).into()),
        ("app", one_line(&stored.app, WIDEST).into()),
        ("state", Cell::new(tone, state)),
        ("events", one_line(&Contents::of(&stored.body).sentence(), WIDEST).into()),
        ("bytes", stored.body.len().to_string().into()),
        ("headers", one_line(&stored.headers, WIDEST).into()),
    ];
    for (name, cell) in rows {
        screen.row(&columns, &[Cell::new(Tone::Faint, name), cell])?;
    }
    if !stored.is_intact {
        let line = "Its digest is wrong: something above or below is not what was written.";
        screen.toned(Tone::Bad, line)?;
    }
    screen.line("")?;
    match std::str::from_utf8(&stored.body) {
        Ok(text) => screen.line(harmless(text)),
        Err(_) => screen.toned(Tone::Warn, "The body is no UTF-8; --body prints its bytes, --json base64."),
    }
}

/// The text, with characters escaped that could steer a terminal.
fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && !matches!(character, '\n' | '\t') {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_shown_as_it_is_and_cannot_steer_the_terminal() {
        assert_eq!(harmless("{\n\t\"text\": \"Grüße 🙂\"\n}"), "{\n\t\"text\": \"Grüße 🙂\"\n}");
        assert_eq!(harmless("a\x1b[2Jb\u{9b}"), "a\\u{1b}[2Jb\\u{9b}");
    }
}
