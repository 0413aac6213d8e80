//! Events for people: a line each, in columns.

use crate::Screen;
use crate::screen::{Cell, Columns, Tone};
use schemas::{Event, EventKind, Kind};
use std::io;

/// Prints the events under a line of headings; nothing where there are none.
pub(super) fn print(events: &[Event<'_>], topic_prefix: &str, screen: &mut Screen) -> io::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let headings = ["TOPIC", "KEY", "KIND", "ID", "TIME"];
    let mut rows = vec![headings.map(|heading| Cell::new(Tone::Faint, heading)).to_vec()];
    rows.extend(events.iter().map(|event| row(event, topic_prefix)));
    let columns = Columns::fitting(&rows);
    rows.iter().try_for_each(|row| screen.row(&columns, row))
}

/// No cell is empty, so that a line always has five words.
fn row(event: &Event<'_>, topic_prefix: &str) -> Vec<Cell> {
    let absent = || Cell::new(Tone::Faint, "-");
    vec![
        event.topic().name(topic_prefix).into(),
        event.key.as_deref().map_or_else(absent, Cell::from),
        Cell::new(tone(event.kind), event.kind.to_string()),
        Cell::new(Tone::Faint, event.id.to_string()),
        event.time.map_or_else(absent, |time| time.to_string().into()),
    ]
}

/// What has no kind yet is worth a look.
const fn tone(kind: EventKind) -> Tone {
    match kind.kind {
        Kind::Unknown => Tone::Warn,
        _ => Tone::Strong,
    }
}
