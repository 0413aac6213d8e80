//! `weir events`: a body in, the events that it becomes out; no Kafka, no signature, no secret.
//!
//! [`super::body`] reads the file; [`schemas::split`], which ingest uses too, makes the events; a table lays them out for
//! people, a [`Record`] for programs.

use super::body;
use crate::records::embedded::Embedded;
use crate::screen::{Cell, Screen, Table, Tone};
use crate::tool::settings::{EventLimits, group, settings, switch, topic_prefix};
use crate::tool::{Exit, Result, input, tool, work};
use schemas::{Event, Kind, Reception, Topic, raw};
use serde::Serialize;

tool! {
    /// Show the events that a webhook's body becomes
    ///
    /// Reads the body of one POST of Meta's, as the very bytes that were received, and prints an event a line: topic, key, kind, id,
    /// and the time that Meta gave it. It is what ingest makes of that body, and the same body always gives the same ids.
    ///
    /// With --json every line is a whole record as one JSON object: topic, key, headers and value. Two members of the value come with
    /// a delivery's receipt and are placeholders here: recordedtime (1970-01-01T00:00:00.000Z) and deliveryid
    /// (00000000-0000-7000-8000-000000000000).
    ///
    /// Examples:
    ///   weir events body.json
    ///   weir events < body.json
    ///   weir events --json body.json | jq .value.data
    ///
    /// Exit code 0: a webhook, whose events are shown; 1: it is no webhook, or a part of it is none, and the reason is on standard
    /// error.
    pub(crate) const TOOL: "events" = work!(EventsSettings, run);
}

/// Stands in for the reception of a delivery, so that the same body always gives the same lines.
const RECEPTION: Reception<'static> =
    Reception { delivery_id: "00000000-0000-7000-8000-000000000000", received: "1970-01-01T00:00:00.000Z" };
const LOOKS_LIKE: &str = r#"{"object":"instagram","entry":[{"id":"…","time":1569262486134,"messaging":[…]}]}, or "page" as the object, or "changes" in place of "messaging", or an array of such"#;

settings! {
    /// What `weir events` can be asked for.
    struct EventsSettings {
        /// The body of a POST as a file, or a fixture by its name such as message/text; - or nothing reads standard input
        file: String = body::argument(),
        /// Print whole records, one JSON object a line
        json: bool = switch("json"),
        /// First part of every topic's name
        topic_prefix: String = topic_prefix(),
        event_limits: EventLimits = group(),
    }
}

/// Prints the events of a body.
fn run(
    EventsSettings { file, json, topic_prefix, event_limits }: &EventsSettings,
    screen: &mut Screen,
) -> Result<Exit> {
    let body = body::read(file)?;
    let split = event_limits.split(&body);
    if *json {
        for event in &split.events {
            screen.json(&record(event, topic_prefix))?;
        }
    } else if !split.events.is_empty() {
        let rows = split.events.iter().map(|event| row(event, topic_prefix));
        Table::under(["TOPIC", "KEY", "KIND", "ID", "TIME"]).with(rows).print(screen)?;
    }
    let events = split.events.len();
    let Some(refusal) = split.refusal else {
        if !json && events == 0 {
            screen.toned(Tone::Faint, "A webhook without events: its entries carry nothing.")?;
        }
        return Ok(Exit::Done);
    };
    let part = if events > 0 { format!(" as a whole (events shown: {events})") } else { String::new() };
    Err(format!(
        "{} is no webhook{part}: {} ({refusal}). Meta posts {LOOKS_LIKE}. Ingest would publish it raw, and as a dead letter on {}",
        input::name(file),
        refusal.explanation(),
        Topic::IngestDlq.name(topic_prefix)
    )
    .into())
}

#[derive(Serialize)]
struct Record<'a> {
    topic: String,
    key: Option<&'a str>,
    headers: Headers,
    value: Embedded,
}

/// The headers of every typed record, in the order in which they are written.
#[derive(Serialize)]
struct Headers {
    #[serde(rename = "content-type")]
    content_type: &'static str,
    ce_id: String,
    ce_type: String,
}

/// The record; the line breaks that Meta's own JSON may have between tokens become spaces.
fn record(event: &Event<'_>, topic_prefix: &str) -> impl Serialize {
    let (mut value, mut event_type) = (Vec::new(), Vec::new());
    event.write_json(RECEPTION, &mut value);
    event.write_type(&mut event_type);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Record {
        topic: event.topic().name(topic_prefix),
        key: event.key.as_deref(),
        headers: Headers {
            content_type: raw::TYPED_CONTENT_TYPE,
            ce_id: event.id.to_string(),
            ce_type: text(&event_type),
        },
        value: Embedded::of(&text(&value)),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::settings::read;
    use clap::Command;
    use runtime::settings::Problems;

    fn given(arguments: &[&str]) -> Result<EventsSettings, Problems> {
        let command = EventsSettings::declare(Command::new("events"));
        let matches = command.clone().get_matches_from(["events"].iter().chain(arguments));
        read(&command, &matches)
    }

    #[test]
    fn nothing_must_be_given() {
        let settings = given(&[]).unwrap();
        assert_eq!((settings.file.as_str(), settings.json), ("-", false));
        let settings = given(&["--json", "--topic-prefix", "acme", "body.json"]).unwrap();
        assert_eq!((settings.file.as_str(), settings.json), ("body.json", true));
        assert_eq!(settings.topic_prefix, "acme");
    }

    #[test]
    fn a_prefix_that_kafka_would_refuse_is_a_problem() {
        let problems = given(&["--topic-prefix", "A B"]).unwrap_err().to_string();
        assert!(problems.starts_with("--topic-prefix (flag): found"), "{problems}");
    }
}
