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

/// The end of what has no typed record.
pub(super) fn before_the_topic(origin: &Origin, dead_letter: Option<&Record>) -> End {
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
            "its delivery is there, and it is not on its typed topic ({}): retention removed it, or it was lost; \
             `weir replay --since {} --missing-only --apply` publishes it again",
            event.topic.spec().suffix,
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
            "{name} has handled it without a {what} record: retention removed the record, or the event is a duplicate of an earlier one"
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
mod tests {
    use super::*;
    use runtime::consumer::Headers;
    use schemas::Reception;
    use std::rc::Rc;
    use std::sync::Arc;

    const COMMENT: &str = include_str!("../../../../schemas/fixtures/feed/comment-add.json");
    const MENTION: &str = include_str!("../../../../schemas/fixtures/page_mention/in-a-post.json");
    const REACTION: &str = include_str!("../../../../schemas/fixtures/feed/reaction-add.json");

    fn inbox() -> Consumer {
        Consumer {
            name: "weir-messages",
            what: "inbox",
            outputs: &[Topic::Inbox],
            dead_letters: Topic::MessagesDlq,
            is_optional: false,
        }
    }

    fn record(topic: &str, value: Vec<u8>) -> Record {
        let (key, headers) = (None, Headers::default());
        let topic = Arc::from(topic);
        Record { topic, partition: 0, offset: 0, timestamp: None, key, value: Some(value), headers }
    }

    #[test]
    fn a_delivery_whose_entries_carry_nothing_is_at_its_end() {
        let end = |body: &str| {
            let raw = Some(Rc::new(record("meta.webhooks.raw.v1", body.as_bytes().to_vec())));
            before_the_topic(&Origin { raw, ..Origin::default() }, None)
        };
        assert_eq!(end(r#"{"object":"instagram","entry":[]}"#), Ok(()));
        assert!(end("rubbish").unwrap_err().contains("has no dead letter"));
    }

    #[test]
    fn an_event_of_a_body_that_was_refused_as_a_whole_is_not_said_to_be_lost() {
        let (id, kind) = ("00".to_owned(), "message".to_owned());
        let event = Some(Expected { id, kind, key: None, topic: Topic::Messages, item: None });
        let origin = Origin { event, ..Origin::default() };
        let end = |reason: &str| {
            let mut dead_letter = record("meta.ingest.dlq.v1", Vec::new());
            dead_letter.headers.push("weir_dlq_reason", Some(reason.as_bytes()));
            before_the_topic(&origin, Some(&dead_letter)).unwrap_err()
        };
        assert!(end("too_many_events").starts_with("ingest could not read the body: too_many_events"));
        assert!(end("not_a_delivery").starts_with("its delivery is there"), "it may be of another part");
    }

    #[test]
    fn a_replay_is_advised_only_for_a_record_that_ingest_wrote() {
        let (id, kind) = ("00".to_owned(), "message".to_owned());
        let event = Some(Expected { id, kind, key: None, topic: Topic::Messages, item: None });
        let end = |time: &str| {
            let mut raw = record("meta.webhooks.raw.v1", b"{}".to_vec());
            for (name, value) in [("ce_id", "0198a5b0-7c1e-7d2a-9f00-1234567890ab"), ("ce_time", time)] {
                raw.headers.push(name, Some(value.as_bytes()));
            }
            let origin = Origin { event: event.clone(), raw: Some(Rc::new(raw)), ..Origin::default() };
            before_the_topic(&origin, None).unwrap_err()
        };
        assert!(end("2026-11-30T13:20:00.000Z").contains("--missing-only --apply"));
        let of_another = end("2026-11-30T13:20:00Z");
        assert!(
            of_another.contains("ingest did not write") && !of_another.contains("--apply"),
            "{of_another}"
        );
    }

    #[test]
    fn a_consumer_that_has_not_come_to_it_is_told_from_one_that_passed_it() {
        let said = |before| without_output(&inbox(), None, before).unwrap_err();
        assert!(said(Some(1)).contains("it is the next one"), "{}", said(Some(1)));
        assert!(said(Some(2)).contains("1 record of its partition is before it"), "{}", said(Some(2)));
        assert!(said(Some(5)).contains("4 records of its partition are"), "{}", said(Some(5)));
        assert!(said(None).contains("has handled it without"), "{}", said(None));
    }

    #[test]
    fn of_what_happens_on_a_wall_new_comments_and_mentions_are_looked_for_in_the_inbox() {
        let made_of = |body: &str| {
            let reception = Reception { delivery_id: "delivery", received: "2025-07-18T10:35:12.000Z" };
            let mut value = Vec::new();
            split(body.as_bytes(), 10).events[0].write_json(reception, &mut value);
            let typed = record("meta.feed.v1", value);
            let consumers = consumers_of(&Expected::read(&typed, Topic::Feed), &typed);
            let made = |one: &Consumer| (one.name, one.outputs, one.is_optional);
            consumers.iter().map(made).collect::<Vec<_>>()
        };
        for body in [COMMENT, MENTION] {
            assert_eq!(made_of(body), [("weir-messages-feed", &[Topic::InboxComments][..], true)]);
        }
        assert!(made_of(REACTION).is_empty());
    }

    #[test]
    fn all_ways_must_be_complete() {
        let trace = |end| EventTrace { event: None, places: Vec::new(), end };
        let stopped = || Err("it waits".to_owned());
        assert_eq!(TraceOutcome::of(&[], true), TraceOutcome::NeverReceived);
        assert_eq!(TraceOutcome::of(&[], false), TraceOutcome::NotFound);
        assert_eq!(TraceOutcome::of(&[trace(Ok(()))], false), TraceOutcome::Found);
        assert_eq!(TraceOutcome::of(&[trace(Ok(())), trace(stopped())], true), TraceOutcome::Stopped);
    }
}
