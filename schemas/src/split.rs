//! Splits a body into its events: a pure function from the bytes of a webhook to what is published.

mod entry;
mod item;

use crate::event::{Event, write_source};
use crate::json::{self, Token};
use crate::members::members;
use crate::refusal::Refusal;
use crate::token;
use std::borrow::Cow;

/// The deepest nesting of arrays and objects that is read; Meta's own deliveries nest less than 20 deep.
const MAX_DEPTH: usize = 128;

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
struct Readable<'a> {
    object: Cow<'a, str>,
    entry: Token<'a>,
}

impl<'a> Readable<'a> {
    fn entries(&self) -> impl Iterator<Item = Token<'a>> + use<'a> {
        self.entry.elements().into_iter().flatten()
    }
}

/// How an entry was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    /// Every item of it gave an event.
    Whole,
    /// A member name that carries items is given twice, so that some of them would be lost: its delivery goes to the
    /// dead letters instead.
    Ambiguous,
}

/// Splits `body`, the bytes as received, into at most `max_events` events.
///
/// A body is one delivery, or a non-empty array whose elements stand each for itself. Nothing fails: what cannot be
/// read is said in [`Split::refusal`].
pub fn split(body: &[u8], max_events: usize) -> Split<'_> {
    match parse(body) {
        Ok(elements) => read(&elements, max_events),
        Err(refusal) => Split { refusal: Some(refusal), source: "/meta".to_owned(), ..Split::default() },
    }
}

/// The body's elements: the body itself, or those of its array.
fn parse(body: &[u8]) -> Result<Vec<Token<'_>>, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::NotJson)?;
    // Passing over a value needs no stack, however deep it nests.
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|_| Refusal::NotJson)?;
    if json::nests_deeper(text, MAX_DEPTH) {
        return Err(Refusal::TooDeep);
    }
    let whole = Token::of(text);
    Ok(whole.elements().map_or_else(|| vec![whole], Iterator::collect))
}

fn read<'a>(elements: &[Token<'a>], max_events: usize) -> Split<'a> {
    let deliveries: Vec<_> = elements.iter().filter_map(|element| readable(*element)).collect();
    let mut split = Split { source: source(&deliveries), ..Split::default() };
    if deliveries.is_empty() || deliveries.len() < elements.len() {
        split.refusal = Some(Refusal::NotADelivery);
    }
    for delivery in &deliveries {
        let before = split.events.len();
        for entry in delivery.entries() {
            if entry::read(&delivery.object, entry, &mut split.events) == Read::Ambiguous {
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

/// Reads a delivery: an object with a string `object` and an array `entry`.
fn readable(element: Token<'_>) -> Option<Readable<'_>> {
    let delivery = Delivery::of(element).filter(|delivery| !delivery.is_ambiguous)?;
    delivery.object?.quoted()?;
    let entry = delivery.entry.filter(|entry| entry.elements().is_some())?;
    Some(Readable { object: object_name(delivery.object), entry })
}

/// `object` as an attribute: itself where it is `[a-z0-9_]{1,64}`, else `other`.
fn object_name(object: Option<Token<'_>>) -> Cow<'_, str> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    token::string(object)
        .filter(|name| (1..=64).contains(&name.len()) && name.bytes().all(allowed))
        .unwrap_or(Cow::Borrowed("other"))
}

fn source(deliveries: &[Readable<'_>]) -> String {
    let Some(first) = deliveries.first() else { return "/meta".to_owned() };
    let account = first.entries().next().and_then(entry::account);
    let mut source = Vec::with_capacity(64);
    write_source(&first.object, account.as_deref(), &mut source);
    String::from_utf8_lossy(&source).into_owned()
}
