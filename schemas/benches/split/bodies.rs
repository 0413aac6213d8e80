//! Deliveries of as many items as one likes, and the work that ingest does on them.

use schemas::{Reception, split};

const RECEPTION: Reception<'static> =
    Reception { delivery_id: "01890a5d-ac96-774b-bcce-b302099a8057", received: "2025-07-18T10:35:10.447Z" };
const MAX_EVENTS: usize = 10_000;

/// Splits a body and writes value, type and id of every record; returns how many bytes that are.
///
/// Never inlined, so that a profiler can be told to count here alone.
#[inline(never)]
pub(crate) fn records(body: &[u8]) -> usize {
    let mut bytes = 0;
    for event in split(body, MAX_EVENTS).events {
        let (mut value, mut event_type) = (Vec::new(), Vec::with_capacity(64));
        event.write_json(RECEPTION, &mut value);
        event.write_type(&mut event_type);
        bytes += value.len() + event_type.len() + event.id.to_hex().len();
    }
    bytes
}

/// Where the items of a delivery stand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Messages in one entry.
    Messages,
    /// Messages, each in an entry of its own.
    Entries,
    /// Comments in one entry.
    Comments,
    /// Messages in an array of deliveries of one each.
    Deliveries,
    /// Items of no kind.
    Unknown,
}

/// Every shape.
pub(crate) const SHAPES: &[Shape] =
    &[Shape::Messages, Shape::Entries, Shape::Comments, Shape::Deliveries, Shape::Unknown];

impl Shape {
    /// The shape in a few words.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages of one entry",
            Self::Entries => "entries of one message",
            Self::Comments => "comments of one entry",
            Self::Deliveries => "deliveries of one message",
            Self::Unknown => "items of no kind",
        }
    }

    /// A body of so many items.
    pub(crate) fn body(self, items: usize) -> String {
        let of = |each: fn(usize) -> String| (0..items).map(each).collect::<Vec<_>>().join(",");
        match self {
            Self::Messages => delivery(&entry("messaging", &of(message))),
            Self::Entries => delivery(&of(|number| entry("messaging", &message(number)))),
            Self::Comments => delivery(&entry("changes", &of(comment))),
            Self::Deliveries => format!("[{}]", of(|number| delivery(&entry("messaging", &message(number))))),
            Self::Unknown => {
                delivery(&entry("messaging", &of(|number| format!(r#"{{"poll_vote":{number}}}"#))))
            }
        }
    }
}

fn delivery(entries: &str) -> String {
    format!(r#"{{"object":"instagram","entry":[{entries}]}}"#)
}

fn entry(carrier: &str, items: &str) -> String {
    format!(r#"{{"id":"17841405726653026","time":1752834911447,"{carrier}":[{items}]}}"#)
}

/// The numbers are of one length, so that all items are.
fn message(number: usize) -> String {
    let user = 6_837_251_906_000_000 + number;
    format!(
        r#"{{"sender":{{"id":"{user}"}},"recipient":{{"id":"17841405726653026"}},"timestamp":1752834910447,"message":{{"mid":"mid.{user}","text":"Hello"}}}}"#
    )
}

fn comment(number: usize) -> String {
    let id = 17_865_799_348_000_000 + number;
    format!(
        r#"{{"field":"comments","value":{{"from":{{"id":"6837251906428371","username":"a.customer"}},"media":{{"id":"17918195224117851","media_product_type":"FEED"}},"id":"{id}","text":"Love it"}}}}"#
    )
}
