//! What a record on a topic says, in the few words by which it is shown and compared. Pure.

use runtime::consumer::Record;
use runtime::hex;
use runtime::kafka::dead_letter::header;
use schemas::{Holds, Topic, TypedEvent};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// A record, as far as it can be foretold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fact {
    /// Where it is.
    pub(crate) topic: Topic,
    pub(crate) key: Option<String>,
    /// What it is: the kind of an event, the event of an inbox record, the reason of a dead letter.
    pub(crate) what: String,
    /// The event's id, empty where nothing tells it; of bytes that are kept as they came, their SHA-256.
    pub(crate) id: String,
}

/// A record as read from a topic.
#[derive(Clone, Debug)]
pub(crate) struct DescribedRecord {
    /// What it says.
    pub(crate) fact: Fact,
    /// The text of an inbox message, to recognise it by.
    pub(crate) text: Option<String>,
}

/// What is shown of an enriched event, beside what it has in common with every event.
#[derive(Deserialize)]
struct Enriched {
    lookup: Lookup,
}

#[derive(Deserialize)]
struct Lookup {
    status: String,
}

/// What is shown of a reply command, and of its results.
#[derive(Deserialize)]
struct Answer {
    id: String,
    action: String,
    status: Option<String>,
}

/// What is shown of a customer's profile: not the name.
#[derive(Deserialize)]
struct Profile {
    user: String,
    status: String,
}

/// What is shown of what became of a link.
#[derive(Deserialize)]
struct Media {
    id: String,
    status: String,
}

/// What is shown of an inbox record.
#[derive(Deserialize)]
struct Inbox {
    id: String,
    event: String,
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: Option<String>,
    body: Option<String>,
}

impl DescribedRecord {
    /// What a record of one of the pipeline's topics says, if only that it cannot be read; `None` of any other topic.
    pub(crate) fn of(record: &Record, topic_prefix: &str) -> Option<Self> {
        Some(Self::on(Topic::named(&record.topic, topic_prefix)?, record))
    }

    /// The same of a record whose topic is known.
    pub(crate) fn on(topic: Topic, record: &Record) -> Self {
        let key = record.key.as_deref().map(|key| String::from_utf8_lossy(key).into_owned());
        let unreadable = || ("unreadable".to_owned(), id_in_headers(record), None);
        let (what, id, text) = described(topic, record).unwrap_or_else(unreadable);
        Self { fact: Fact { topic, key, what, id }, text }
    }
}

impl Fact {
    /// The raw record of a body.
    pub(crate) fn raw(body: &[u8]) -> Self {
        Self { topic: Topic::Raw, key: None, what: bytes(body), id: sha256(body) }
    }

    /// The dead letter of a body.
    pub(crate) fn dead_letter(body: &[u8], reason: &str) -> Self {
        Self { topic: Topic::IngestDlq, key: None, what: reason.to_owned(), id: sha256(body) }
    }

    /// Whether ingest writes it, rather than a consumer.
    pub(crate) fn is_of_ingest(&self) -> bool {
        Topic::OF_INGEST.contains(&self.topic)
    }

    /// As many digits of an event's id as tell it from others at a glance; nothing for bytes that are kept.
    pub(crate) fn short_id(&self) -> &str {
        let is_event = self.topic != Topic::Raw && self.topic != Topic::IngestDlq;
        if is_event { self.id.get(..8).unwrap_or(&self.id) } else { "" }
    }

    /// The end of each part of the key, which tells one conversation from another; whole it is wider than all the rest.
    pub(crate) fn short_key(&self) -> String {
        let short = |part: &str| match part.char_indices().rev().nth(2) {
            Some((start, _)) if part.chars().count() > 4 => format!("…{}", part.split_at(start).1),
            _ => part.to_owned(),
        };
        let key = self.key.as_deref().map(|key| key.split(':').map(short).collect::<Vec<_>>().join(":"));
        key.unwrap_or_else(|| "no key".to_owned())
    }
}

fn bytes(body: &[u8]) -> String {
    format!("{} bytes, as posted", body.len())
}

/// SHA-256 in hex digits, which tells whether bytes are the same.
fn sha256(bytes: &[u8]) -> String {
    hex::digits(&Sha256::digest(bytes))
}

/// What a record is, its id, and the text of an inbox message.
fn described(topic: Topic, record: &Record) -> Option<(String, String, Option<String>)> {
    let value = record.value.as_deref().unwrap_or_default();
    let reason = record.header(header::REASON).map(|reason| String::from_utf8_lossy(reason).into_owned());
    let (what, id) = match (topic.spec().holds, reason) {
        (Holds::Bodies, _) => (bytes(value), sha256(value)),
        (Holds::RefusedBodies, Some(reason)) => (reason, sha256(value)),
        (Holds::DeadLetters, Some(reason)) => (reason, id_in_headers(record)),
        (Holds::Inbox, _) => return inbox(value),
        (Holds::Profiles, _) => profile(value)?,
        (Holds::Media, _) => media(value)?,
        (Holds::Commands | Holds::Results, _) => answer(value)?,
        (holds @ (Holds::RefusedBodies | Holds::DeadLetters | Holds::Events | Holds::Enriched), _) => {
            event(holds, value)?
        }
    };
    Some((what, id, None))
}

/// The id of an event whose record cannot be read, or could not be handled; empty where its headers have none.
fn id_in_headers(record: &Record) -> String {
    record.header("ce_id").map(String::from_utf8_lossy).unwrap_or_default().into_owned()
}

/// A typed event, with the outcome of its lookup where it had one.
fn event(holds: Holds, value: &[u8]) -> Option<(String, String)> {
    let event = TypedEvent::read(Some(value)).ok()?;
    let kind = event.kind().map_or_else(|| event.event_type.to_string(), |kind| kind.to_string());
    let what = if holds == Holds::Enriched {
        let Enriched { lookup: Lookup { status } } = serde_json::from_slice(value).ok()?;
        format!("{kind}, {status}")
    } else {
        kind
    };
    Some((what, event.id.into_owned()))
}

/// A reply command, or what became of it.
fn answer(value: &[u8]) -> Option<(String, String)> {
    let Answer { id, action, status } = serde_json::from_slice(value).ok()?;
    Some((format!("{action}, {}", status.as_deref().unwrap_or("commanded")), id))
}

/// Who a customer is.
fn profile(value: &[u8]) -> Option<(String, String)> {
    let Profile { user, status } = serde_json::from_slice(value).ok()?;
    Some((format!("profile, {status}"), user))
}

/// What became of a link.
fn media(value: &[u8]) -> Option<(String, String)> {
    let Media { id, status } = serde_json::from_slice(value).ok()?;
    Some((format!("media, {status}"), id))
}

fn inbox(value: &[u8]) -> Option<(String, String, Option<String>)> {
    let Inbox { id, event, message } = serde_json::from_slice(value).ok()?;
    let (kind, text) = message.map_or((None, None), |message| (message.kind, message.body));
    let what = kind.map_or_else(|| event.clone(), |kind| format!("{event}, {kind}"));
    Some((what, id, text))
}

#[cfg(test)]
mod tests;
