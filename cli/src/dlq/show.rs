//! `weir dlq show`: one dead letter, whole.

use super::settings::ShowSettings;
use crate::kafka::Source;
use crate::records::exact::{headers, put};
use crate::screen::{Cell, Screen, Table, Tone, harmless, one_line};
use crate::tool::{Exit, Result, Session};
use runtime::consumer::Record;
use runtime::kafka::dead_letter::header;
use serde_json::{Value, json};
use std::io;

/// The longest value of a header that is shown to people, in characters.
const MAX_SHOWN_CHARS: usize = 400;

/// Runs the command.
pub(super) fn run(settings: &ShowSettings, screen: &mut Screen) -> Result<Exit> {
    let position = settings.place.position().expect("words that are no position are a problem");
    let topics = std::slice::from_ref(&position.topic);
    let source = Source::connect(&Session::start()?, &settings.kafka, topics)?;
    let record = source.record(&position)?.ok_or_else(|| {
        format!(
            "there is nothing at {position}: no such partition, not written yet, or removed by the topic's retention"
        )
    })?;
    if settings.json {
        screen.line(object(&record))?;
    } else {
        print(&record, screen)?;
    }
    Ok(Exit::Done)
}

fn print(record: &Record, screen: &mut Screen) -> io::Result<()> {
    let row = |name: &str, tone, value: Option<&[u8]>| {
        let shown = value.map(|value| one_line(&String::from_utf8_lossy(value), MAX_SHOWN_CHARS));
        let shown = shown.unwrap_or_else(|| "null".to_owned());
        [Cell::new(Tone::Faint, one_line(name, MAX_SHOWN_CHARS)), Cell::new(tone, shown)]
    };
    let headers = record.headers.iter().map(|(name, value)| {
        let tone = if name.starts_with(header::PREFIX) { Tone::Warn } else { Tone::Plain };
        row(name, tone, value)
    });
    let key = row("key", Tone::Plain, record.key.as_deref());
    Table::default().with([key]).with(headers).print(screen)?;
    screen.line("")?;
    match &record.value {
        None => screen.toned(Tone::Faint, "The value is null."),
        Some(value) if screen.is_terminal() => screen.line(harmless(&String::from_utf8_lossy(value))),
        Some(value) => screen.line(format!(
            "The value has {} bytes. It is shown on a terminal and with --json alone.",
            value.len()
        )),
    }
}

/// The record as one JSON object; what is no UTF-8 is hex digits under the same name with `_hex`.
fn object(record: &Record) -> Value {
    let mut object = json!({
        "topic": &*record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "headers": headers(record),
    });
    put(&mut object, "key", record.key.as_deref());
    put(&mut object, "value", record.value.as_deref());
    object
}

#[cfg(test)]
mod tests {
    use super::super::dead_letter::tests::record;
    use super::*;

    #[test]
    fn the_object_holds_the_record_whole() {
        let mut dead_letter = record(Some("meta.comments.v1"), 5);
        dead_letter.value = Some(b"{\"text\":\"hi\"}".to_vec());
        let value = object(&dead_letter);
        assert_eq!(value["value"], "{\"text\":\"hi\"}");
        assert_eq!(value["key"], "17:42");
        assert_eq!(value["headers"][0], json!({"name": "ce_id", "value": "7"}));
        assert_eq!(value["headers"][1], json!({"name": "nothing", "value": null}));
        dead_letter.value = Some(vec![0xff, 0x0a]);
        assert_eq!(object(&dead_letter)["value_hex"], "ff0a");
        dead_letter.value = None;
        assert_eq!(object(&dead_letter)["value"], Value::Null);
    }
}
