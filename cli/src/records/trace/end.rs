//! Where a way ends, and why. Pure.

use super::disks::Spooled;
use super::event_trace::EventTrace;
use super::expected::Expected;
use super::origin::Origin;
use super::search::written;
use crate::dlq::DeadLetter;
use crate::records::reply::result;
use crate::screen::counted;
use crate::tool::Exit;
use runtime::consumer::Record;
use schemas::reply::{Open, ResultStatus};
use schemas::{Refusal, Topic, TypedEvent, raw, split};
use serde::Serialize;
use weir_messages::Input;

/// Where a way ends: where it should, or before that; then it says why, and what to do.
pub(super) type End = Result<(), String>;

/// What all ways come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TraceOutcome {
    /// Every one is complete.
    Found,
    /// One at least is not.
    Stopped,
    /// There is none where it would have to be.
    NeverReceived,
    /// There is none in what was looked at, which is not all.
    NotFound,
}

/// A consumer that has something to do with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Consumer {
    pub(super) name: &'static str,
    /// What it makes of it.
    pub(super) what: &'static str,
    /// Where that may be.
    pub(super) outputs: &'static [Topic],
    pub(super) dead_letters: Topic,
    /// Whether it runs only where somebody wants what it makes.
    pub(super) is_optional: bool,
}

impl TraceOutcome {
    /// `is_all` is whether everything was looked at that could have it.
    pub(super) fn of(traces: &[EventTrace], is_all: bool) -> Self {
        match traces {
            [] if is_all => Self::NeverReceived,
            [] => Self::NotFound,
            traces if traces.iter().all(|trace| trace.end.is_ok()) => Self::Found,
            _ => Self::Stopped,
        }
    }

    pub(super) const fn exit(self) -> Exit {
        match self {
            Self::Found => Exit::Done,
            Self::Stopped => Exit::Findings,
            Self::NeverReceived | Self::NotFound => Exit::Absent,
        }
    }
}

/// The consumers that make something of an event, by the code that they run themselves.
pub(super) fn consumers_of(event: &Expected, typed: &Record) -> Vec<Consumer> {
    let mut consumers = Vec::new();
    let read = TypedEvent::read(typed.value.as_deref());
    // What cannot be read or normalised is a dead letter of its own, so it is looked for.
    let has_place = !read.is_ok_and(|read| matches!(weir_messages::normalise::normalise(&read), Ok(None)));
    if has_place && let Some(input) = Input::of(event.topic) {
        let outputs = weir_messages::outputs_of(event.topic);
        let (name, dead_letters, is_optional) = (input.group(), Topic::MessagesDlq, input == Input::Feed);
        consumers.push(Consumer { name, what: "inbox", outputs, dead_letters, is_optional });
    }
    if Topic::LookupsDlq.sources().contains(&event.topic) {
        let outputs: &[Topic] = if event.topic == Topic::Comments {
            &[Topic::CommentsEnriched]
        } else {
            &[Topic::MentionsEnriched]
        };
        let (name, dead_letters) = (weir_lookups::ABOUT.name, Topic::LookupsDlq);
        consumers.push(Consumer { name, what: "enriched", outputs, dead_letters, is_optional: false });
    }
    consumers
}

/// The end of what has no typed record; `unseen` is what of the disks of ingest was not looked at, or waits there unread.
pub(super) fn before_the_topic(origin: &Origin, dead_letter: Option<&Record>, unseen: &str) -> End {
    let is_whole = origin.spooled.is_none() && dead_letter.is_none();
    if is_whole && origin.raw.as_deref().is_some_and(carries_nothing) {
        return Ok(());
    }
    // A body of several deliveries gives the events of those that can be read, and is a dead letter for the others.
    let may_be_in_part = |dead_letter: &DeadLetter| dead_letter.reason == Refusal::NotADelivery.as_str();
    let refused = dead_letter.map(DeadLetter::of);
    let refused = refused.filter(|refused| origin.event.is_none() || !may_be_in_part(refused));
    Err(match (&origin.spooled, refused, &origin.event) {
        (Some(Spooled { parked: None, .. }), ..) => {
            "it waits on the disk of ingest until Kafka takes it; see `weir spool list`".to_owned()
        }
        (Some(Spooled { id, parked: Some(why) }), ..) => format!(
            "it is parked on the disk of ingest ({why}); once that is mended, `weir spool retry {id} --apply`"
        ),
        (None, Some(DeadLetter { reason, error, .. }), _) => {
            format!("ingest could not read the body: {reason}, {error}")
        }
        (None, None, Some(_)) if origin.raw.as_deref().is_some_and(is_of_another) => {
            "its delivery is there, and ingest did not write that record: it lacks the ce_id and ce_time of ingest, as of a restore \
             without headers or another producer, so `weir replay` publishes nothing of it"
                .to_owned()
        }
        (None, None, Some(event)) => format!(
            "its delivery is there, and it is not on its typed topic ({}): retention removed it, {}or it was lost; \
             `weir replay --since {} --missing-only --apply` publishes it again{unseen}",
            event.topic.spec().suffix,
            if unseen.is_empty() { "" } else { "it waits or is parked on a disk of ingest, " },
            origin.raw.as_ref().map_or_else(|| "TIME".to_owned(), |raw| written(raw).to_string())
        ),
        (None, None, None) => "the delivery gives no events, and has no dead letter".to_owned(),
    })
}

/// Whether somebody else wrote it: a replay, which asks the same, makes no events of it.
fn is_of_another(record: &Record) -> bool {
    raw::reception(|name| record.header(name)).is_none()
}

/// Whether it is a delivery of which there are no events, although nothing of it was refused.
fn carries_nothing(raw: &Record) -> bool {
    // With room for none, an event is a refusal too.
    split(raw.value.as_deref().unwrap_or_default(), 0).refusal.is_none()
}

/// The end of what a consumer made nothing of; `lag` is how many records it has to handle until then.
pub(super) fn without_output(consumer: &Consumer, dead_letter: Option<&Record>, lag: Option<i64>) -> End {
    let Consumer { name, what, .. } = consumer;
    Err(not_handled(name, dead_letter, lag).unwrap_or_else(|| {
        format!(
            "{name} has gone beyond it without an {what} record: retention removed the record, the event is a duplicate of an earlier one, or the \
             group was set beyond it"
        )
    }))
}

/// The end of a command by its results; none where it has no result.
pub(super) fn of_command(results: &[&Record]) -> Option<End> {
    let result = results.iter().rev().find_map(|record| result(record))?;
    let why = |said: &str| {
        let reason = result.reason.as_deref().unwrap_or("no reason");
        Err(format!("the command {} {said}: {reason}", result.id))
    };
    Some(match result.status {
        Open::Known(ResultStatus::Done) => Ok(()),
        Open::Known(ResultStatus::Refused) => why("was refused"),
        Open::Known(ResultStatus::Intended) => {
            Err(format!("weir-replies is carrying the command {} out, or was cut off", result.id))
        }
        Open::Known(ResultStatus::Unknown) | Open::Other(_) => why("was carried out or not, nobody knows"),
    })
}

/// The end of a command that has no result.
pub(super) fn of_waiting_command(dead_letter: Option<&Record>, lag: Option<i64>) -> End {
    let why = not_handled(weir_replies::ABOUT.name, dead_letter, lag);
    Err(why.unwrap_or_else(|| {
        "a command that answers it has no result: retention removed it, or the command was passed over, since one of its account and id was there before"
            .to_owned()
    }))
}

/// Why a consumer has not handled a record; none where it has.
fn not_handled(name: &str, dead_letter: Option<&Record>, lag: Option<i64>) -> Option<String> {
    Some(match (dead_letter, lag) {
        (Some(dead_letter), _) => {
            let DeadLetter { reason, error, .. } = DeadLetter::of(dead_letter);
            format!(
                "{name} could not handle it: {reason}, {error}; once that is mended, \
                 `weir dlq redrive --consumer {name} --apply`"
            )
        }
        (None, Some(1)) => format!("{name} has not handled it yet, it is the next one: does {name} run?"),
        (None, Some(lag)) => {
            let others = u64::try_from(lag - 1).unwrap_or_default();
            let others = counted(others, "record of its partition is", "records of its partition are");
            format!("{name} has not come to it, {others} before it: does {name} run?")
        }
        (None, None) => return None,
    })
}

#[cfg(test)]
mod tests;
