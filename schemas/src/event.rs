//! One typed event, and its layout as a structured CloudEvent.

mod id;
mod typed;

pub(crate) use id::event_id;
pub use typed::{TypedEvent, Unreadable};

use crate::kind::EventKind;
use crate::time::Millis;
use crate::topic::Topic;
use crate::word::words;
use std::borrow::Cow;
use std::fmt;
use std::io::Write as _;

words! {
    /// Where in an entry an item stood, as `metacarrier` says it; in the order in which an entry's are read.
    pub enum Carrier {
        /// `messaging[]`.
        Messaging = "messaging",
        /// `standby[]`.
        Standby = "standby",
        /// `changes[]`.
        Changes = "changes",
        /// `field` and `value` on the entry itself, or the entry as a whole.
        Entry = "entry",
        /// `changed_fields[]`.
        ChangedFields = "changed_fields",
    }
}

/// An event's id: 16 bytes, displayed as 32 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub [u8; 16]);

impl EventId {
    /// Reads 32 hex digits, of either case.
    pub fn parse(hex: &str) -> Option<Self> {
        let digits: &[u8; 32] = hex.as_bytes().try_into().ok()?;
        let mut id = [0; 16];
        for (byte, [high, low]) in id.iter_mut().zip(digits.as_chunks().0) {
            *byte = value(*high)? << 4 | value(*low)?;
        }
        Some(Self(id))
    }

    /// The id as hex digits, in ASCII.
    pub fn to_hex(self) -> [u8; 32] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0; 32];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 0xf)];
        }
        hex
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_hex().iter().try_for_each(|digit| write!(formatter, "{}", char::from(*digit)))
    }
}

/// One item of a delivery, identified and typed. Borrows from the body wherever it can.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// Stays the same over Meta's retries, the spool and replays.
    pub id: EventId,
    /// What the item is.
    pub kind: EventKind,
    /// `object` of the delivery where it is `[a-z0-9_]{1,64}`, else `other`.
    pub object: Cow<'a, str>,
    /// The account or page it concerns: the entry's id.
    pub account: Option<Cow<'a, str>>,
    /// Where in the entry it stood.
    pub carrier: Carrier,
    /// The field of a change.
    pub field: Option<Cow<'a, str>>,
    /// The record's key, which is the event's subject too.
    pub key: Option<String>,
    /// When it happened, as Meta says.
    pub time: Option<Millis>,
    /// Whether the dashboard's test button sent it.
    pub test: bool,
    /// Meta's own item: a slice of the body.
    pub data: &'a str,
}

/// What all events of one delivery share.
#[derive(Clone, Copy, Debug)]
pub struct Reception<'a> {
    /// The delivery's id: `ce_id` of the raw record, a UUID of version 7.
    pub delivery_id: &'a str,
    /// When ingest received it, RFC 3339.
    pub received: &'a str,
}

impl Event<'_> {
    /// The topic that carries the event.
    pub const fn topic(&self) -> Topic {
        self.kind.topic()
    }

    /// Appends the event's CloudEvents `type`, for instance `com.meta.instagram.message.v1`.
    pub fn write_type(&self, out: &mut Vec<u8>) {
        append(out, &["com.meta.", &self.object, ".", self.kind.prefix(), self.kind.kind.as_str(), ".v1"]);
    }

    /// Appends the event as one structured-mode CloudEvent: the value of its record.
    ///
    /// Every value but `data` is of characters that JSON does not escape, by construction; `data` is JSON already.
    pub fn write_json(&self, reception: Reception<'_>, out: &mut Vec<u8>) {
        out.reserve(self.data.len() + 640);
        append(out, &[r#"{"specversion":"1.0","id":""#]);
        out.extend_from_slice(&self.id.to_hex());
        append(out, &[r#"","source":""#]);
        write_source(&self.object, self.account.as_deref(), out);
        append(out, &[r#"","type":""#]);
        self.write_type(out);
        append(out, &["\""]);
        member(out, "subject", self.key.as_deref());
        if let Some(time) = self.time {
            // Writing into a Vec cannot fail.
            write!(out, r#","time":"{time}""#).unwrap_or_default();
        }
        append(out, &[r#","datacontenttype":"application/json""#]);
        member(out, "recordedtime", Some(reception.received));
        member(out, "metaobject", Some(&self.object));
        member(out, "metaaccount", self.account.as_deref());
        member(out, "metacarrier", Some(self.carrier.as_str()));
        member(out, "metafield", self.field.as_deref());
        append(out, &[if self.test { r#","metatest":true"# } else { r#","metatest":false"# }]);
        member(out, "deliveryid", Some(reception.delivery_id));
        append(out, &[r#","data":"#, self.data, "}"]);
    }
}

/// Appends the CloudEvents `source`: `/meta/{object}/{account}` as far as it is known.
pub(crate) fn write_source(object: &str, account: Option<&str>, out: &mut Vec<u8>) {
    append(out, &["/meta/", object]);
    if let Some(account) = account {
        append(out, &["/", account]);
    }
}

/// What a hex digit stands for.
fn value(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn member(out: &mut Vec<u8>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        append(out, &[",\"", name, "\":\"", value, "\""]);
    }
}

fn append(out: &mut Vec<u8>, pieces: &[&str]) {
    for piece in pieces {
        out.extend_from_slice(piece.as_bytes());
    }
}
