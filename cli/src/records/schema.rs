//! `weir schema`: what is published, as JSON Schema.

mod documents;

use crate::screen::{Cell, Screen, Table, Tone};
use crate::tool::settings::{flag, settings};
use crate::tool::{Exit, Result, UsageError, tool, work};
use runtime::settings::form;
use schemas::{EventKind, Kind, Topic};
use std::io;

tool! {
    /// Print the JSON Schema of a kind of event, or list the kinds
    ///
    /// Prints the JSON Schema (2020-12) of `data` of a kind of event; `envelope` is the whole typed record around it, `enriched` the
    /// same with what the Graph API said, `inbox` the record of the normalised inbox; `media`, `profile`, `reply` and `reply.result`
    /// are those of the topics beside them in the list. A kind that came on the standby channel (standby.message) has the schema of
    /// its kind. Without a name it lists all of them.
    ///
    /// The schemas are open, for readers: members and words that they do not name may come at any time. They are the files of
    /// schemas/json; topics are shown with the prefix meta.
    ///
    /// Examples:
    ///   weir schema
    ///   weir schema message | jq '.properties | keys'
    ///   weir schema inbox > inbox.v1.json
    pub(crate) const TOOL: "schema" = work!(SchemaSettings, run);
}

/// The records that are no events, and a topic of each.
const OF_A_TOPIC: [(&str, Topic); 5] = [
    ("inbox", Topic::Inbox),
    ("media", Topic::Media),
    ("profile", Topic::Profiles),
    ("reply", Topic::Replies),
    ("reply.result", Topic::RepliesResults),
];

settings! {
    /// What `weir schema` can be asked for.
    struct SchemaSettings {
        /// A kind of event, such as message or comment.live; or envelope, enriched, inbox, media, profile, reply, reply.result [default: lists them]
        kind: Option<String> = flag("kind", "KIND", form::text()).positional().optional(),
    }
}

/// Prints one schema, or the list.
fn run(settings: &SchemaSettings, screen: &mut Screen) -> Result<Exit> {
    match &settings.kind {
        Some(name) => {
            let document = documents::named(name).ok_or_else(|| {
                UsageError(format!("there is no schema {name:?}; `weir schema` lists those that there are"))
            })?;
            screen.line(document.trim_end())?;
        }
        None => list(screen)?,
    }
    Ok(Exit::Done)
}

fn list(screen: &mut Screen) -> io::Result<()> {
    let around = [
        row("envelope", "-", "the typed record around `data`, on every topic of typed events"),
        row("enriched", "-", "the same with what the Graph API said, on the enriched topics"),
    ];
    let of_a_topic = OF_A_TOPIC.map(|(name, topic)| row(name, &topic.name("meta"), topic.spec().carries));
    let kinds = Kind::ALL.map(|kind| {
        let topic = EventKind { kind, standby: false }.topic();
        row(kind.as_str(), &topic.name("meta"), kind.about())
    });
    Table::under(["KIND", "TOPIC", "WHAT"]).with(around).with(of_a_topic).with(kinds).print(screen)?;
    screen.line("")?;
    screen.line(format!("Whatever is marked standby.KIND is on {}.", Topic::Standby.name("meta")))
}

fn row(name: &str, topic: &str, what: &str) -> [Cell; 3] {
    [Cell::new(Tone::Strong, name), topic.into(), what.into()]
}
