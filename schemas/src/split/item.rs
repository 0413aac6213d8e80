//! Turns one item of an entry into an event: kind, key, time, id.

use super::key::record_key;
use crate::event::{Carrier, Event, EventId, event_id};
use crate::inbox::Platform;
use crate::json::{Token, token};
use crate::kind::classify::{self, Main};
use crate::kind::{EventKind, Item, Kind, NaturalKey};
use crate::participants::{Participants, customer};
use crate::time::Millis;
use std::borrow::Cow;

/// What the items of one entry share.
pub(super) struct Entry<'e, 'a> {
    /// The element's `object`, as an attribute.
    pub(super) object: &'e Cow<'a, str>,
    pub(super) account: Option<Cow<'a, str>>,
    pub(super) time: Option<Millis>,
    pub(super) time_as_sent: Option<&'a str>,
}

/// An item with its kind, before it has a record key and an id.
pub(super) struct ClassifiedItem<'t, 'a> {
    pub(super) carrier: Carrier,
    pub(super) kind: EventKind,
    pub(super) field: Option<Cow<'a, str>>,
    pub(super) item: Item<'t, 'a>,
    pub(super) main: Main<'t, 'a>,
    pub(super) data: Token<'t, 'a>,
}

impl<'t, 'a> ClassifiedItem<'t, 'a> {
    /// An item that has no kind.
    pub(super) fn unknown(carrier: Carrier, standby: bool, data: Token<'t, 'a>) -> Self {
        let kind = EventKind { kind: Kind::Unknown, standby };
        Self { carrier, kind, field: None, item: Item::default(), main: Main::default(), data }
    }

    /// Completes an event.
    pub(super) fn into_event(self, entry: &Entry<'_, 'a>) -> Event<'a> {
        let account = entry.account.as_deref();
        let participants = Participants::of(self.item.sender, self.item.recipient);
        let (sender, recipient) = (participants.sender.as_deref(), participants.recipient.as_deref());
        let customer = customer(sender, recipient, account, token::is_true(self.main.is_echo));
        Event {
            id: self.id(entry, customer),
            kind: self.kind,
            object: entry.object.clone(),
            key: record_key(self.kind, account, customer, &self.item),
            time: self.time(entry),
            test: account == Some("0") || participants.is_from_test_button(),
            account: entry.account.clone(),
            carrier: self.carrier,
            field: self.field,
            data: self.data.get(),
        }
    }

    /// The item's own time, else that of the entry.
    fn time(&self, entry: &Entry<'_, '_>) -> Option<Millis> {
        let is_change = matches!(self.carrier, Carrier::Changes | Carrier::Entry);
        Millis::of_meta(self.item.timestamp)
            .or_else(|| Millis::of_meta(self.item.created_time.filter(|_| is_change)))
            .or(entry.time)
    }

    /// The event's id, over its natural key where it has one, else over its bytes.
    fn id(&self, entry: &Entry<'_, '_>, customer: Option<&str>) -> EventId {
        let (main, item, sent) = (&self.main, &self.item, token::as_sent);
        let natural_key: &[Option<&str>] = match self.kind.kind.spec().natural_key {
            NaturalKey::Mid => &[sent(main.mid)],
            NaturalKey::Edit => &[sent(main.mid), sent(main.num_edit)],
            NaturalKey::Reaction => &[sent(main.mid), customer, sent(item.timestamp)],
            NaturalKey::Read if sent(main.mid).is_some() => &[sent(main.mid)],
            NaturalKey::Read | NaturalKey::Watermark => &[sent(main.watermark), customer],
            NaturalKey::Comment => &[sent(item.id).or(sent(item.comment_id))],
            NaturalKey::Mention => &[sent(item.media_id), sent(item.comment_id)],
            NaturalKey::Media => &[sent(item.media_id)],
            NaturalKey::Whole => &[None],
        };
        let whole = [Some(self.data.get()), entry.time_as_sent];
        let identity = if natural_key[0].is_some() { natural_key } else { &whole };
        event_id(entry.object, entry.account.as_deref(), self.kind, identity)
    }
}

impl<'a> Entry<'_, 'a> {
    /// Whether items of this object have kinds.
    pub(super) fn has_kinds(&self) -> bool {
        Platform::of_object(self.object).is_some()
    }

    /// Finds the kind of a messaging item.
    pub(super) fn classify<'t>(
        &self,
        carrier: Carrier,
        standby: bool,
        item: &Item<'t, 'a>,
        data: Token<'t, 'a>,
    ) -> ClassifiedItem<'t, 'a> {
        let (kind, main) = if self.has_kinds() {
            classify::messaging(item, self.account.as_deref())
        } else {
            (Kind::Unknown, Main::default())
        };
        ClassifiedItem { carrier, kind: EventKind { kind, standby }, field: None, item: *item, main, data }
    }
}
