//! Events for people: a line each, in columns.

use crate::Screen;
use crate::screen::{Cell, Table, Tone};
use schemas::{Event, Kind};
use std::io;

/// Prints the events under a line of headings; nothing where there are none.
pub(super) fn print(events: &[Event<'_>], topic_prefix: &str, screen: &mut Screen) -> io::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let mut table = Table::under(["TOPIC", "KEY", "KIND", "ID", "TIME"]);
    table.extend(events.iter().map(|event| row(event, topic_prefix)));
    table.print(screen)
}

/// No cell is empty, so that a line always has five words.
fn row(event: &Event<'_>, topic_prefix: &str) -> [Cell; 5] {
    let absent = || Cell::new(Tone::Faint, "-");
    // What has no kind yet is worth a look.
    let tone = if event.kind.kind == Kind::Unknown { Tone::Warn } else { Tone::Strong };
    [
        event.topic().name(topic_prefix).into(),
        event.key.as_deref().map_or_else(absent, Cell::from),
        Cell::new(tone, event.kind.to_string()),
        Cell::new(Tone::Faint, event.id.to_string()),
        event.time.map_or_else(absent, |time| time.to_string().into()),
    ]
}
