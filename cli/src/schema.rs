//! `weir schema`: what is published, as JSON Schema.

mod documents;

use crate::screen::{Cell, Columns, Tone};
use crate::{Exit, Screen, ToolError};
use clap::{Arg, ArgMatches, Command};
use schemas::{EventKind, Kind, Topic};
use std::io;

pub(crate) const NAME: &str = "schema";

const KIND: &str = "kind";

const ABOUT: &str = "Print the JSON Schema of a kind of event, or list the kinds";

const MORE: &str = "\
Prints the JSON Schema (2020-12) of `data` of a kind of event; `envelope` is the whole typed record around it, \
`enriched` the same with what the Graph API said, `inbox` the record of the normalised inbox. A kind that came on the standby channel (standby.message) has the schema of its \
kind. Without a name it lists all of them.

The schemas are open, for readers: members and words that they do not name may come at any time. They are the files of \
schemas/json; topics are shown with the prefix meta.";

const EXAMPLES: &str = "\
Examples:
  weir schema
  weir schema message | jq '.properties | keys'
  weir schema inbox > inbox.v1.json";

/// A schema that there is not.
#[derive(Debug, thiserror::Error)]
#[error("there is no schema {0:?}; `weir schema` lists those that there are")]
pub struct UnknownSchema(String);

/// The subcommand.
pub(crate) fn command() -> Command {
    let kind = Arg::new(KIND).value_name("KIND").help(
        "A kind of event, such as message or comment.live; or envelope, enriched, inbox [default: lists them]",
    );
    Command::new(NAME).about(ABOUT).long_about(format!("{ABOUT}.\n\n{MORE}")).after_help(EXAMPLES).arg(kind)
}

/// Prints one schema, or the list.
pub(crate) fn run(matches: &ArgMatches, screen: &mut Screen) -> Result<Exit, ToolError> {
    let Some(name) = matches.get_one::<String>(KIND) else {
        list(screen)?;
        return Ok(Exit::Done);
    };
    let document = documents::named(name).ok_or_else(|| UnknownSchema(name.clone()))?;
    screen.line(document.trim_end())?;
    Ok(Exit::Done)
}

fn list(screen: &mut Screen) -> io::Result<()> {
    let headings = ["KIND", "TOPIC", "WHAT"];
    let mut rows = vec![headings.map(|heading| Cell::new(Tone::Faint, heading)).to_vec()];
    rows.push(row("envelope", "-", "the typed record around `data`, on every topic of typed events"));
    rows.push(row("enriched", "-", "the same with what the Graph API said, on the enriched topics"));
    rows.push(row("inbox", &Topic::Inbox.name("meta"), Topic::Inbox.spec().carries));
    rows.extend(Kind::ALL.map(|kind| {
        let topic = EventKind { kind, standby: false }.topic();
        row(kind.as_str(), &topic.name("meta"), kind.about())
    }));
    let columns = Columns::fitting(&rows);
    rows.iter().try_for_each(|row| screen.row(&columns, row))?;
    screen.line("")?;
    screen.line(format!("Whatever is marked standby.KIND is on {}.", Topic::Standby.name("meta")))
}

fn row(name: &str, topic: &str, what: &str) -> Vec<Cell> {
    vec![Cell::new(Tone::Strong, name), topic.into(), what.into()]
}
