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

/// CloudEvents source of a body that holds no delivery.
const NO_SOURCE: &str = "/meta";

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
    /// One element of a body, which is the body itself unless that is an array: what Meta calls a webhook.
    Element {
        object: "object",
        entry: "entry",
    }
}

/// How many events a body of so many bytes may hold: at most `max_events`, and beyond the first 10 one for each
/// `min_bytes_per_event`, since a few bytes must not become many records.
pub fn most_events(bytes: usize, max_events: usize, min_bytes_per_event: usize) -> usize {
    max_events.min(FREE_EVENTS + bytes / min_bytes_per_event.max(1))
}

/// Splits `body`, the bytes as received, into at most `max_events` events.
///
/// A body is one object with `object` and `entry`, or a non-empty array of these, each of which stands for itself: docs/meta.md
/// knows of no array of Meta's, but the events of one that came would be lost to every consumer. Nothing fails: what cannot be read is said in [`Split::refusal`].
pub fn split(body: &[u8], max_events: usize) -> Split<'_> {
    match parse(body) {
        Ok(text) => read(text.value(), max_events),
        Err(refusal) => Split { refusal: Some(refusal), source: NO_SOURCE.to_owned(), ..Split::default() },
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
    let mut buffer = EventBuffer { events: Vec::new(), max_events };
    let (mut source, mut refusal) = (None, None);
    for element in elements {
        let before = buffer.events.len();
        match read_element(element, &mut source, &mut buffer) {
            Ok(()) => {}
            Err(Refusal::TooManyEvents) => {
                buffer.events = Vec::new();
                refusal = Some(Refusal::TooManyEvents);
                break;
            }
            Err(error) => {
                buffer.events.truncate(before);
                refusal = Some(error);
            }
        }
    }
    Split {
        events: buffer.events,
        // Only a body without a single good element has no source: an empty array is one without a refusal yet.
        refusal: refusal.or_else(|| source.is_none().then_some(Refusal::NotADelivery)),
        source: source.unwrap_or_else(|| NO_SOURCE.to_owned()),
    }
}

/// Adds the events of an element, an object with a string `object` and an array `entry`, to `buffer`; the first good one tells the
/// source. Of one that is refused, some may have been added.
fn read_element<'a>(
    raw: Token<'_, 'a>,
    source: &mut Option<String>,
    buffer: &mut EventBuffer<'a>,
) -> Result<(), Refusal> {
    let element = Element::of(raw).filter(|element| !element.is_ambiguous).unwrap_or_default();
    let object = element.object.filter(|object| object.quoted().is_some());
    let (Some(_), Some(entries)) = (object, element.entry.and_then(Token::elements)) else {
        return Err(Refusal::NotADelivery);
    };
    let (object, mut entries) = (object_name(object), entries.peekable());
    if source.is_none() {
        let account = entries.peek().and_then(|first| entry::account(*first));
        let mut written = Vec::with_capacity(64);
        write_source(&object, account.as_deref(), &mut written);
        *source = Some(String::from_utf8_lossy(&written).into_owned());
    }
    entries.try_for_each(|entry| entry::read(&object, entry, buffer))
}

/// The events found so far: what would be one too many ends the reading.
struct EventBuffer<'a> {
    events: Vec<Event<'a>>,
    max_events: usize,
}

impl<'a> EventBuffer<'a> {
    fn push(&mut self, event: Event<'a>) -> Result<(), Refusal> {
        if self.events.len() == self.max_events {
            return Err(Refusal::TooManyEvents);
        }
        self.events.push(event);
        Ok(())
    }
}

/// `object` as an attribute: itself where it is `[a-z0-9_]{1,64}`, else `other`.
fn object_name<'a>(object: Option<Token<'_, 'a>>) -> Cow<'a, str> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    token::string(object)
        .filter(|name| (1..=64).contains(&name.len()) && name.bytes().all(allowed))
        .unwrap_or(Cow::Borrowed("other"))
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
