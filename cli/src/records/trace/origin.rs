//! Finds the events that are meant, each with what it came in.

use super::TraceSettings;
use super::question::{Period, Question, What, received};
use super::search::{Scope, Search, has_id, holds, written};
use super::spool::{self, Spooled};
use crate::ToolError;
use runtime::consumer::Record;
use schemas::{Event, Millis, Topic, TypedEvent};
use serde_json::Value;
use std::time::SystemTime;

/// How many events a question may mean; more are left out.
pub(super) const MOST: usize = 20;

/// An event, or a delivery of which there are no events, and where it was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    /// None of a body that is no webhook.
    pub(super) event: Option<Expected>,
    /// The delivery's record.
    pub(super) raw: Option<Record>,
    /// The event's.
    pub(super) typed: Option<Record>,
    /// The delivery, where it waits on the disk.
    pub(super) spooled: Option<Spooled>,
}

/// What a body gives, whether it is on its topic or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) key: Option<String>,
    pub(super) topic: Topic,
    /// The message's or comment's id at Meta.
    pub(super) item: Option<String>,
}

/// All that are meant, in the order of time: on the typed topics, else among the deliveries, else on the disk.
pub(super) fn find(
    question: &Question,
    settings: &TraceSettings,
    search: &Search<'_>,
) -> Result<Vec<Origin>, ToolError> {
    if let What::Delivery(_) = question.what {
        let spooled = spool::find(question, settings)?;
        return if spooled.is_empty() {
            delivered(question, question.period, settings, search)
        } else {
            Ok(spooled)
        };
    }
    let slices = question.period.newest_first(Millis::of(SystemTime::now()));
    for period in &slices {
        let origins = published(question, *period, search)?;
        if !origins.is_empty() {
            return Ok(origins);
        }
    }
    for period in slices {
        let origins = delivered(question, period, settings, search)?;
        if !origins.is_empty() {
            return Ok(origins);
        }
    }
    Ok(spool::find(question, settings)?)
}

/// Those on the typed topics, each once: the same event may have come several times.
fn published(question: &Question, period: Period, search: &Search<'_>) -> Result<Vec<Origin>, ToolError> {
    let mut origins: Vec<Origin> = Vec::new();
    let most = if matches!(question.what, What::Event(_)) { 1 } else { MOST };
    for topic in question.topics() {
        let left = most - origins.len();
        let scope = Scope { topic, key: question.key.as_deref(), period };
        for typed in search.most(scope, left, |record| is_meant(question, record))? {
            let event = Expected::read(&typed, topic);
            if origins.iter().all(|origin| origin.event.as_ref() != Some(&event)) {
                let raw = raw_of(&typed, search)?;
                origins.push(Origin { event: Some(event), raw, typed: Some(typed), spooled: None });
            }
        }
        if origins.len() == most {
            break;
        }
    }
    origins.sort_by_key(|origin| origin.typed.as_ref().map(written));
    Ok(origins)
}

fn is_meant(question: &Question, record: &Record) -> bool {
    let is_of_key = question.key.as_ref().is_none_or(|key| record.key.as_deref() == Some(key.as_bytes()));
    let value = record.value.as_deref().unwrap_or_default();
    is_of_key
        && match &question.what {
            What::Event(id) => has_id(record, id),
            What::Item(id) => {
                let event = || TypedEvent::read(Some(value)).ok();
                holds(value, id) && event().is_some_and(|event| is_about(event.data.get(), id))
            }
            What::Conversation => true,
            What::Delivery(_) => false,
        }
}

/// The raw record of a typed one: written at about the same time, however long the delivery waited on a disk; of a replay
/// the events are written long after.
fn raw_of(typed: &Record, search: &Search<'_>) -> Result<Option<Record>, ToolError> {
    let Ok(event) = TypedEvent::read(typed.value.as_deref()) else { return Ok(None) };
    let times = [Some(written(typed)), received(&event.deliveryid)];
    for period in times.into_iter().flatten().map(Period::about) {
        let scope = Scope { topic: Topic::Raw, key: None, period };
        if let Some(raw) = search.first(scope, |record| has_id(record, &event.deliveryid))? {
            return Ok(Some(raw));
        }
    }
    Ok(None)
}

/// Those of raw deliveries, each with its typed record; a delivery itself where it is meant and has none at all.
fn delivered(
    question: &Question,
    period: Period,
    settings: &TraceSettings,
    search: &Search<'_>,
) -> Result<Vec<Origin>, ToolError> {
    let fits = |record: &Record| match &question.what {
        What::Delivery(id) => has_id(record, id),
        _ => {
            !expected(question, record.value.as_deref().unwrap_or_default(), settings.max_events).0.is_empty()
        }
    };
    let most = if matches!(question.what, What::Conversation) { MOST } else { 1 };
    let mut origins = Vec::new();
    for raw in search.most(Scope { topic: Topic::Raw, key: None, period }, most, fits)? {
        let body = raw.value.as_deref().unwrap_or_default();
        let (events, is_refused) = expected(question, body, settings.max_events);
        for event in events {
            let scope =
                Scope { topic: event.topic, key: event.key.as_deref(), period: Period::since(written(&raw)) };
            let typed = search.first(scope, |record| has_id(record, &event.id))?;
            origins.push(Origin { event: Some(event), raw: Some(raw.clone()), typed, spooled: None });
        }
        if origins.is_empty() || is_refused {
            origins.push(Origin { raw: Some(raw), ..Origin::default() });
        }
    }
    Ok(origins)
}

/// The events of a body that are meant, and whether the whole body is meant and a part of it goes to the dead letters.
pub(super) fn expected(question: &Question, body: &[u8], max_events: usize) -> (Vec<Expected>, bool) {
    if let What::Item(id) = &question.what
        && !holds(body, id)
    {
        return (Vec::new(), false);
    }
    let split = schemas::split(body, max_events);
    let is_meant = |event: &&Event<'_>| {
        question.key.as_ref().is_none_or(|key| event.key.as_ref() == Some(key))
            && match &question.what {
                What::Event(id) => event.id.to_string() == *id,
                What::Item(id) => is_about(event.data, id),
                What::Conversation | What::Delivery(_) => true,
            }
    };
    let events = split.events.iter().filter(is_meant).take(MOST).map(Expected::of).collect();
    (events, split.refusal.is_some() && matches!(question.what, What::Delivery(_)))
}

impl Expected {
    fn of(event: &Event<'_>) -> Self {
        Self {
            id: event.id.to_string(),
            kind: event.kind.to_string(),
            key: event.key.clone(),
            topic: event.topic(),
            item: item(event.data),
        }
    }

    /// Of a record that is no event, as far as its headers tell.
    fn read(typed: &Record, topic: Topic) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let key = typed.key.as_deref().map(text);
        let Ok(event) = TypedEvent::read(typed.value.as_deref()) else {
            let id = typed.header("ce_id").map(text).unwrap_or_default();
            return Self { id, kind: "unreadable".to_owned(), key, topic, item: None };
        };
        let kind = event.kind().map_or_else(|| event.event_type.to_string(), |kind| kind.to_string());
        Self { item: item(event.data.get()), id: event.id.into_owned(), kind, key, topic }
    }
}

/// Whether an event is about this message or comment; another one may quote it. Of what has no id of its own nobody knows.
fn is_about(data: &str, id: &str) -> bool {
    holds(data.as_bytes(), id) && item(data).is_none_or(|item| item == id)
}

/// The message's or comment's id of an event's data.
fn item(data: &str) -> Option<String> {
    let data: Value = serde_json::from_str(data).ok()?;
    let of_member = data.as_object()?.values().find_map(|member| member.get("mid"));
    let id = of_member.or_else(|| data.get("comment_id")).or_else(|| data.get("id"))?;
    id.as_str().map(str::to_owned)
}
