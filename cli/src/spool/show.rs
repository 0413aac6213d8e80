//! `weir spool show`: all of one delivery, its body too.

use super::contents::Contents;
use super::settings::ShowSettings;
use super::{quantity, record, table};
use crate::screen::{Cell, Screen, Table, Tone, harmless, one_line};
use crate::tool::{Exit, Result};
use std::io;
use weir_ingest::spool::inspect::{Inspector, StoredDelivery};

const WIDEST: usize = 200;

pub(super) fn run(settings: &ShowSettings, screen: &mut Screen) -> Result<Exit> {
    let directory = &settings.location.directory;
    let stored = Inspector::new(directory).delivery(&settings.id)?.ok_or_else(|| {
        format!(
            "{} holds no delivery {}: it is on Kafka by now, was never kept here, or lies in a damaged file; see \
             `weir spool list`",
            directory.display(),
            settings.id
        )
    })?;
    if settings.body {
        screen.bytes(&stored.body)?;
    } else if settings.json {
        screen.json(&record::whole(&stored))?;
    } else {
        print(&stored, screen)?;
    }
    Ok(Exit::Done)
}

fn print(stored: &StoredDelivery, screen: &mut Screen) -> io::Result<()> {
    let (tone, state) = table::state(stored);
    let state = if stored.parked.is_some() { format!("parked: {state}") } else { state };
    let rows = [
        row("id", one_line(&stored.id, WIDEST)),
        row("received", format!("{} ({} ago)", stored.received, quantity::age(stored.received))),
        row("app", one_line(&stored.app, WIDEST)),
        row("state", Cell::new(tone, state)),
        row("events", one_line(&Contents::of(&stored.body).sentence(), WIDEST)),
        row("bytes", stored.body.len().to_string()),
        row("headers", one_line(&stored.headers, WIDEST)),
    ];
    Table::default().with(rows).print(screen)?;
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

fn row(name: &str, value: impl Into<Cell>) -> [Cell; 2] {
    [Cell::new(Tone::Faint, name), value.into()]
}
