//! Reads one entry of an element: its carriers, in a fixed order, whatever the order of its members.

use crate::event::{Carrier, Event};
use crate::json::members::{self, members};
use crate::json::{Token, token};
use crate::kind::classify;
use crate::kind::{Item, Kind};
use crate::split::item::{ClassifiedItem, Entry};
use crate::split::{EventBuffer, Refusal};
use crate::time::Millis;
use std::borrow::Cow;

members! {
    /// An entry, with every carrier that is known.
    Members {
        id: "id",
        time: "time",
        uid: "uid",
        messaging: "messaging",
        standby: "standby",
        changes: "changes",
        changed_fields: "changed_fields",
        field: "field",
        value: "value",
    }
}

members! {
    /// One element of `changes`.
    Change {
        field: "field",
        value: "value",
    }
}

/// Adds the events of `raw`, an entry of an element of `object`, to `buffer`. Where a known name is given twice in the entry or in one
/// of its changes, so that items could be lost, none of the events of this element is published ([`Refusal::NotADelivery`]).
#[expect(clippy::ptr_arg, reason = "the object is cloned into each event, borrowed where it can be")]
pub(super) fn read<'a>(
    object: &Cow<'a, str>,
    raw: Token<'_, 'a>,
    buffer: &mut EventBuffer<'a>,
) -> Result<(), Refusal> {
    if raw.members().is_some_and(|mut members| members.next().is_none()) {
        return Ok(());
    }
    let readable = Members::of(raw);
    let members = readable.unwrap_or_default();
    let mut changes = members
        .changes
        .and_then(Token::elements)
        .into_iter()
        .flatten()
        .take(buffer.max_events.saturating_add(1));
    if members.is_ambiguous || changes.any(is_ambiguous) {
        return Err(Refusal::NotADelivery);
    }
    let entry = Entry {
        object,
        account: token::id(members.id),
        time: Millis::of_meta(members.time),
        time_as_sent: token::as_sent(members.time),
    };
    let unknown = |carrier, data| ClassifiedItem::unknown(carrier, false, data).into_event(&entry);
    let mut all_good =
        carrier(members.messaging, |item| buffer.push(read_item(&entry, Carrier::Messaging, item)))?;
    all_good &= carrier(members.standby, |item| buffer.push(read_item(&entry, Carrier::Standby, item)))?;
    all_good &= carrier(members.changes, |item| buffer.push(read_change(&entry, item)))?;
    all_good &= read_flat(&entry, &members, raw, buffer)?;
    all_good &= carrier(members.changed_fields, |item| buffer.push(unknown(Carrier::ChangedFields, item)))?;
    if readable.is_none() || !all_good || has_no_known_carrier(&members) {
        buffer.push(unknown(Carrier::Entry, raw))?;
    }
    Ok(())
}

fn is_ambiguous(change: Token<'_, '_>) -> bool {
    Change::of(change).is_some_and(|change| change.is_ambiguous)
}

/// The account of an entry: its `id`.
pub(super) fn account<'a>(raw: Token<'_, 'a>) -> Option<Cow<'a, str>> {
    let mut members = raw.members()?;
    token::id(members.find(|(name, _)| members::name(*name) == "id").map(|(_, id)| id))
}

/// Calls `read` for each item; false when the carrier is there but no array.
fn carrier<'t, 'a>(
    token: Option<Token<'t, 'a>>,
    read: impl FnMut(Token<'t, 'a>) -> Result<(), Refusal>,
) -> Result<bool, Refusal> {
    let Some(token) = token else { return Ok(true) };
    let Some(mut items) = token.elements() else { return Ok(false) };
    items.try_for_each(read)?;
    Ok(true)
}

/// An entry with members beside `id`, `time` and `uid`, none of which is a carrier.
fn has_no_known_carrier(members: &Members<'_, '_>) -> bool {
    let carriers =
        [members.messaging, members.standby, members.changes, members.changed_fields, members.field];
    carriers.iter().all(Option::is_none) && members.has_others
}

/// The flat form: `field` and `value` on the entry itself; false when half of it is there and cannot be read.
fn read_flat<'t, 'a>(
    entry: &Entry<'_, 'a>,
    members: &Members<'t, 'a>,
    raw: Token<'t, 'a>,
    buffer: &mut EventBuffer<'a>,
) -> Result<bool, Refusal> {
    let Some(field) = members.field else { return Ok(members.value.is_none()) };
    if field.quoted().is_none() {
        return Ok(false);
    }
    // A name that is no valid Unicode is still a string, though no field that is known.
    let name = token::string(Some(field));
    buffer.push(field_and_value(entry, Carrier::Entry, name, members.value, raw))?;
    Ok(true)
}

fn read_item<'a>(entry: &Entry<'_, 'a>, carrier: Carrier, raw: Token<'_, 'a>) -> Event<'a> {
    let item = Item::of(raw).unwrap_or_default();
    entry.classify(carrier, carrier == Carrier::Standby, &item, raw).into_event(entry)
}

fn read_change<'a>(entry: &Entry<'_, 'a>, raw: Token<'_, 'a>) -> Event<'a> {
    let change = Change::of(raw).unwrap_or_default();
    field_and_value(entry, Carrier::Changes, token::string(change.field), change.value, raw)
}

/// Reads a change: by its field, or, where that is not in the table, as the messaging item that the dashboard's test
/// button wraps in it.
fn field_and_value<'t, 'a>(
    entry: &Entry<'_, 'a>,
    carrier: Carrier,
    field: Option<Cow<'a, str>>,
    value: Option<Token<'t, 'a>>,
    whole: Token<'t, 'a>,
) -> Event<'a> {
    let standby = field.as_deref() == Some("standby");
    let mut classified = ClassifiedItem::unknown(carrier, standby, whole);
    if let Some((value, item)) = value.and_then(|value| Some((value, Item::of(value)?))) {
        let known = field.as_deref().filter(|_| entry.has_kinds());
        if let Some(kind) = known.and_then(|field| classify::change(field, &item)) {
            classified.kind.kind = kind;
            classified.data = value;
        } else if item.sender.is_some() || item.recipient.is_some() {
            classified = entry.classify(carrier, standby, &item, value);
        }
        classified.item = item;
    }
    if classified.kind.kind == Kind::Unknown {
        classified.data = whole;
    }
    classified.field = field.filter(|name| token::is_name(name));
    classified.into_event(entry)
}
