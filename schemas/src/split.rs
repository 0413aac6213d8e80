//! Splits a body into its events: a pure function from the bytes of a webhook to what is published.

mod entry;
mod item;
mod key;
mod refusal;

pub use refusal::Refusal;

use crate::event::{Event, write_source};
use crate::json::members::members;
use crate::json::{Text, Token, token};
use std::borrow::Cow;

/// The deepest nesting of arrays and objects that is read; Meta's own deliveries nest less than 20 deep.
const MAX_DEPTH: usize = 128;

/// A body may hold this many events whatever its size.
const FREE_EVENTS: usize = 10;

/// What a body comes to.
#[derive(Clone, Debug, Default)]
pub struct Split<'a> {
    /// The events, in the order of the body.
    pub events: Vec<Event<'a>>,
    /// Why the body goes to the dead letters too; `None` where everything was read.
    pub refusal: Option<Refusal>,
    /// CloudEvents source of the raw record: `/meta/{metaobject}/{account}` of the first entry, as far as it can be
    /// read.
    pub source: String,
}

members! {
    /// A delivery: what Meta sends in one request.
    Delivery {
        object: "object",
        entry: "entry",
    }
}

/// A delivery's `object` and entries, once it is known to be one.
struct Readable<'t, 'a> {
    object: Cow<'a, str>,
    entry: Token<'t, 'a>,
}

impl<'t, 'a> Readable<'t, 'a> {
    fn entries(&self) -> impl Iterator<Item = Token<'t, 'a>> + use<'t, 'a> {
        self.entry.elements().into_iter().flatten()
    }
}

/// A name that is read (`object`, `entry`, `id`, `time`, a carrier and so on) is given twice, so that a value would be lost: the
/// delivery goes to the dead letters instead.
struct Ambiguous;

/// How many events a body of so many bytes may hold: at most `max_events`, and beyond the first 10 one for each
/// `min_bytes_per_event`, since a few bytes must not become many records.
pub fn most_events(bytes: usize, max_events: usize, min_bytes_per_event: usize) -> usize {
    max_events.min(FREE_EVENTS + bytes / min_bytes_per_event.max(1))
}

/// Splits `body`, the bytes as received, into at most `max_events` events.
///
/// A body is one delivery, or a non-empty array whose elements stand each for itself. Nothing fails: what cannot be
/// read is said in [`Split::refusal`].
pub fn split(body: &[u8], max_events: usize) -> Split<'_> {
    match parse(body) {
        Ok(text) => read(text.value(), max_events),
        Err(refusal) => Split { refusal: Some(refusal), source: "/meta".to_owned(), ..Split::default() },
    }
}

/// Proves that the body is JSON in UTF-8 and not too deep.
fn parse(body: &[u8]) -> Result<Text<'_>, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::NotJson)?;
    // Passing over a value needs no stack, however deep it nests.
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|_| Refusal::NotJson)?;
    Text::indexed(text, MAX_DEPTH).ok_or(Refusal::TooDeep)
}

/// Reads the body's elements: the body itself, or those of its array.
fn read<'a>(body: Token<'_, 'a>, max_events: usize) -> Split<'a> {
    let alone = body.elements().is_none().then_some(body);
    let elements = body.elements().into_iter().flatten().chain(alone);
    let (mut deliveries, mut has_others) = (Vec::new(), false);
    for element in elements {
        match readable(element) {
            Some(delivery) => deliveries.push(delivery),
            None => has_others = true,
        }
    }
    let is_refused = has_others || deliveries.is_empty();
    let split = Split {
        source: source(&deliveries),
        refusal: is_refused.then_some(Refusal::NotADelivery),
        ..Split::default()
    };
    read_deliveries(&deliveries, max_events, split)
}

fn read_deliveries<'a>(
    deliveries: &[Readable<'_, 'a>],
    max_events: usize,
    mut split: Split<'a>,
) -> Split<'a> {
    for delivery in deliveries {
        let before = split.events.len();
        for entry in delivery.entries() {
            let mut room = Room { events: &mut split.events, max_events };
            if entry::read(&delivery.object, entry, &mut room).is_err() {
                split.events.truncate(before);
                split.refusal = Some(Refusal::NotADelivery);
                break;
            }
            if split.events.len() > max_events {
                return Split { events: Vec::new(), refusal: Some(Refusal::TooManyEvents), ..split };
            }
        }
    }
    split
}

/// The events found so far, up to one more than are allowed: what comes after that is not even looked at.
struct Room<'e, 'a> {
    events: &'e mut Vec<Event<'a>>,
    max_events: usize,
}

impl<'a> Room<'_, 'a> {
    fn add(&mut self, event: impl FnOnce() -> Event<'a>) {
        if self.events.len() <= self.max_events {
            self.events.push(event());
        }
    }
}

/// Reads a delivery: an object with a string `object` and an array `entry`.
fn readable<'t, 'a>(element: Token<'t, 'a>) -> Option<Readable<'t, 'a>> {
    let delivery = Delivery::of(element).filter(|delivery| !delivery.is_ambiguous)?;
    delivery.object?.quoted()?;
    let entry = delivery.entry.filter(|entry| entry.elements().is_some())?;
    Some(Readable { object: object_name(delivery.object), entry })
}

/// `object` as an attribute: itself where it is `[a-z0-9_]{1,64}`, else `other`.
fn object_name<'a>(object: Option<Token<'_, 'a>>) -> Cow<'a, str> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    token::string(object)
        .filter(|name| (1..=64).contains(&name.len()) && name.bytes().all(allowed))
        .unwrap_or(Cow::Borrowed("other"))
}

fn source(deliveries: &[Readable<'_, '_>]) -> String {
    let Some(first) = deliveries.first() else { return "/meta".to_owned() };
    let account = first.entries().next().and_then(entry::account);
    let mut source = Vec::with_capacity(64);
    write_source(&first.object, account.as_deref(), &mut source);
    String::from_utf8_lossy(&source).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_may_hold_ten_events_and_beyond_them_what_its_size_allows() {
        assert_eq!(most_events(31, 10_000, 32), 10);
        assert_eq!(most_events(320, 10_000, 32), 20);
        assert_eq!(most_events(320, 15, 32), 15);
        assert_eq!(most_events(320, 5, 32), 5);
        assert_eq!(most_events(320, 10_000, 0), 330, "no number makes it panic");
    }
}
