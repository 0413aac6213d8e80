//! `weir events`: a body in, the events that it becomes out; no Kafka, no signature, no secret.
//!
//! [`body`] reads the file; [`schemas::split`], which ingest uses too, makes the events; [`table`] lays them out for
//! people, [`record`] for programs.

mod body;
mod record;
mod settings;
mod table;

use crate::screen::Tone;
use crate::{Exit, Screen, ToolError};
use clap::{ArgMatches, Args as _, Command};
use schemas::{Refusal, Topic};
use settings::{EventsArgs, EventsSettings, Shape};
use std::io;

pub(crate) const NAME: &str = "events";

/// As many as ingest takes where nothing else is set.
const MAX_EVENTS: usize = 10_000;

const ABOUT: &str = "Show the events that a webhook's body becomes";

const MORE: &str = "\
Reads the body of one POST of Meta's, as the very bytes that were received, and prints an event a line: topic, key, kind, \
id, and the time that Meta gave it. It is what ingest makes of that body, and the same body always gives the same ids.

With --json every line is a whole record as one JSON object: topic, key, headers and value. Two members of the value \
come with a delivery's receipt and are placeholders here: recordedtime (1970-01-01T00:00:00.000Z) and deliveryid \
(00000000-0000-7000-8000-000000000000).";

const EXAMPLES: &str = "\
Examples:
  weir events body.json
  weir events < body.json
  weir events --json body.json | jq .value.data

Exit code 0: a webhook, whose events are shown; 1: it is no webhook, or a part of it is none, and the reason is on \
standard error.";

/// Why a body gives no events, or not all of them.
#[derive(Debug, thiserror::Error)]
pub enum EventsError {
    /// The file cannot be read.
    #[error("cannot read {name}: {source}")]
    Read {
        /// The file, or standard input.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// Nothing Meta sends is that large.
    #[error("{name} is larger than {} MiB, which no webhook is", .most >> 20)]
    TooLarge {
        /// The file, or standard input.
        name: String,
        /// The most that is read, in bytes.
        most: u64,
    },
    /// The body, or a part of it, is no webhook.
    #[error(
        "{name} is no webhook{}: {} ({refusal}). Meta posts {LOOKS_LIKE}. Ingest would publish it raw, and as a dead letter on {dead_letters}",
        .partly.map_or(String::new(), |events| format!(" as a whole (events shown: {events})")),
        refusal.explanation()
    )]
    Refused {
        /// The file, or standard input.
        name: String,
        /// Why.
        refusal: Refusal,
        /// How many events were shown all the same, where there are some.
        partly: Option<usize>,
        /// The topic that ingest would put it on.
        dead_letters: String,
    },
}

const LOOKS_LIKE: &str = r#"{"object":"instagram","entry":[{"id":"…","time":1569262486134,"messaging":[…]}]}, or "page" as the object, or "changes" in place of "messaging", or an array of such"#;

/// The subcommand.
pub(crate) fn command() -> Command {
    // The flags come first, since their description of themselves would take the place of the command's.
    let command = EventsArgs::augment_args(Command::new(NAME));
    command.about(ABOUT).long_about(format!("{ABOUT}.\n\n{MORE}")).after_help(EXAMPLES)
}

/// Prints the events of a body.
pub(crate) fn run(command: &Command, matches: &ArgMatches, screen: &mut Screen) -> Result<Exit, ToolError> {
    let EventsSettings { file, shape, topic_prefix } = EventsSettings::read(command, matches)?;
    let name = body::name(&file);
    let body = body::read(&file)?;
    let split = schemas::split(&body, MAX_EVENTS);
    match shape {
        Shape::Table => table::print(&split.events, &topic_prefix, screen)?,
        Shape::Json => {
            for event in &split.events {
                screen.line(record::json(event, &topic_prefix))?;
            }
        }
    }
    let Some(refusal) = split.refusal else {
        if shape == Shape::Table && split.events.is_empty() {
            screen.toned(Tone::Faint, "A webhook without events: its entries carry nothing.")?;
        }
        return Ok(Exit::Done);
    };
    let events = split.events.len();
    let dead_letters = Topic::IngestDlq.name(&topic_prefix);
    let partly = (events > 0).then_some(events);
    Err(EventsError::Refused { name, refusal, partly, dead_letters }.into())
}
