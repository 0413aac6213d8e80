//! The commands that answer or sent a message, or answer a comment, with what became of each.

use super::end::{self, End};
use super::expected::Expected;
use super::place::Place;
use super::question::Period;
use super::search::{Scope, Search, holds, lag, written};
use crate::dlq::DeadLetter;
use crate::records::reply::result;
use crate::tool::Result;
use runtime::consumer::Record;
use schemas::Topic;
use schemas::reply::{Action, Command, Open};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

/// Commands and results of one key that are looked at.
const MAX_RECORDS: usize = 1_000;
/// A command may be as much older than the message that it sent.
const COMMANDED_BEFORE: Duration = Duration::from_hours(1);
/// For so long a customer may be answered without a tag (Meta's guide to the Send API).
const WINDOW: Duration = Duration::from_hours(24);

/// Where they are, and where they end: well where one of those that name it is done.
pub(super) fn find(event: &Expected, typed: &Record, search: &Search<'_>) -> Result<(Vec<Place>, End)> {
    let (mut places, mut ends) = (Vec::new(), Vec::new());
    let Some(item) = &event.item else { return Ok((places, Ok(()))) };
    let since = Period::from(written(typed), COMMANDED_BEFORE);
    let commands = of_conversation(event, Topic::Replies, since, search)?;
    // Before the results: what is handled by then has its result, or its dead letter, written.
    let mut committed = BTreeMap::new();
    for command in &commands {
        if let Entry::Vacant(partition) = committed.entry(command.partition) {
            partition.insert(search.committed_offset(weir_replies::ABOUT.name, command)?);
        }
    }
    let results = if commands.is_empty() {
        Vec::new()
    } else {
        of_conversation(event, Topic::RepliesResults, since, search)?
    };
    // A command that does not name the message or comment, nor has a result that does, is only of the same conversation.
    let names = |record: &Record| record.value.as_deref().is_some_and(|value| holds(value, item));
    for command in &commands {
        let is_of_it = |record: &&Record| {
            result(record).is_some_and(|of| (of.partition, of.offset) == (command.partition, command.offset))
        };
        let results: Vec<_> = results.iter().filter(is_of_it).collect();
        let names_it = names(command) || results.iter().any(|result| names(result));
        if !names_it && !is_next(command, event, typed) {
            continue;
        }
        let (mut place, ended) = (Place::of("command", command, search), end::of_command(&results));
        if !names_it {
            place.says.push_str(", in the same conversation");
        }
        places.push(place);
        places.extend(results.iter().map(|result| Place::of("result", result, search)));
        let dead_letter = if results.is_empty() { dead_letter(command, search)? } else { None };
        places.extend(dead_letter.as_ref().map(|dead_letter| Place::of("dead letter", dead_letter, search)));
        if names_it {
            ends.push(match ended {
                Some(end) => end,
                None => end::of_waiting_command(
                    dead_letter.as_ref(),
                    committed.get(&command.partition).and_then(|committed| lag(*committed, command)),
                ),
            });
        }
    }
    let is_done = ends.contains(&Ok(()));
    Ok((places, if is_done { Ok(()) } else { ends.into_iter().collect() }))
}

/// Whether a command says something in the conversation of a message soon after it, and names no other message.
fn is_next(command: &Record, event: &Expected, typed: &Record) -> bool {
    let (sent, came) = (written(command), written(typed));
    let is_of_message = event.topic == Topic::Messages && event.kind == "message";
    let read =
        || command.value.as_deref().and_then(|value| serde_json::from_slice::<Command<'_>>(value).ok());
    is_of_message
        && sent >= came
        && sent.since(came) < WINDOW
        && read().is_some_and(|read| {
            read.action == Open::Known(Action::Message)
                && read.reply_to.is_none()
                && read.message_id.is_none()
        })
}

/// The records of the event's conversation or post, and those of its account alone: a command that names no media has
/// that key.
fn of_conversation(
    event: &Expected,
    topic: Topic,
    period: Period,
    search: &Search<'_>,
) -> Result<Vec<Record>> {
    let Some(key) = event.key.as_deref() else { return Ok(Vec::new()) };
    let account = key.split_once(':').map(|(account, _)| account);
    let mut found = Vec::new();
    for key in [Some(key), account].into_iter().flatten() {
        let is_of_key = |record: &Record| record.key.as_deref() == Some(key.as_bytes());
        found.extend(search.most(Scope { topic, key: Some(key), period }, MAX_RECORDS, is_of_key)?);
    }
    Ok(found)
}

/// The dead letter of a command, whose key it keeps.
fn dead_letter(command: &Record, search: &Search<'_>) -> Result<Option<Record>> {
    let scope = Scope {
        topic: Topic::RepliesDlq,
        key: command.key.as_deref().and_then(|key| std::str::from_utf8(key).ok()),
        period: Period::since(written(command)),
    };
    search.first(scope, |record| {
        let origin = DeadLetter::of(record).origin;
        origin.is_some_and(|from| (from.partition, from.offset) == (command.partition, command.offset))
    })
}
