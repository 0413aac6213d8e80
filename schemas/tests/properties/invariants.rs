//! What holds for every body whatsoever, be it Meta's or rubbish.

use super::items::{self, Items};
use schemas::{Event, Reception, Refusal, Split, TypedEvent, split};
use serde_json::value::RawValue;

/// The default of the setting `--max-events`.
pub(crate) const MAX_EVENTS: usize = 10_000;

const RECEPTION: Reception<'_> =
    Reception { delivery_id: "0198f2c5-7a3e-7cc1-9c0b-1d2e3f405162", received: "2025-07-18T10:35:10.447Z" };

/// Panics, saying what, where something does not hold for `body`.
pub(crate) fn hold_for(body: &[u8]) {
    let once = split(body, MAX_EVENTS);
    there_are_as_many_events_as_items(&once, items::of(body));
    assert!(is_path(&once.source), "source {:?}", once.source);
    for event in &once.events {
        data_is_a_slice_of(body, event);
        attributes_are_of_allowed_characters(event);
        the_record_says_the_event(event);
    }
    let copy = body.to_vec();
    assert_eq!(format!("{once:?}"), format!("{:?}", split(&copy, MAX_EVENTS)), "the same bytes differ");
}

fn there_are_as_many_events_as_items(split: &Split<'_>, items: Result<Items, Refusal>) {
    let events = split.events.len();
    let (items, refusal) = match items {
        Ok(items) if items.certain <= MAX_EVENTS => (items, split.refusal),
        Ok(_) => return assert_eq!((split.refusal, events), (Some(Refusal::TooManyEvents), 0)),
        Err(refusal) => return assert_eq!((split.refusal, events), (Some(refusal), 0)),
    };
    let all = items.certain + items.doubtful;
    if !items.any_doubled {
        assert_eq!(events, items.certain, "{items:?}");
        assert_eq!(refusal, items.any_other.then_some(Refusal::NotADelivery), "{items:?}");
    } else if all > MAX_EVENTS {
        assert!(refusal.is_some(), "{items:?}");
    } else if events != all || items.any_other {
        assert_eq!(refusal, Some(Refusal::NotADelivery), "{items:?}");
        assert!((items.certain..=all).contains(&events), "{events} of {items:?}");
    }
}

fn data_is_a_slice_of(body: &[u8], event: &Event<'_>) {
    let (outer, inner) = (body.as_ptr_range(), event.data.as_bytes().as_ptr_range());
    assert!(outer.start <= inner.start && inner.end <= outer.end, "data is not of the body");
    let data: &RawValue = serde_json::from_str(event.data).expect("data is one JSON value");
    assert_eq!(data.get(), event.data, "data has space around it");
}

fn attributes_are_of_allowed_characters(event: &Event<'_>) {
    let account = event.account.as_deref();
    assert!(account.is_none_or(is_name), "account {account:?}");
    assert!(event.field.as_deref().is_none_or(is_name), "field {:?}", event.field);
    let of_object = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    assert!((1..=64).contains(&event.object.len()) && event.object.bytes().all(of_object));
    assert!(
        !event.kind.standby || event.kind.kind.comes_on_standby(),
        "{} is no kind of the channel",
        event.kind
    );
    assert_eq!(event.key.is_some(), account.is_some(), "an account makes a key, and nothing else does");
    if let (Some(key), Some(account)) = (event.key.as_deref(), account) {
        let rest = key.strip_prefix(account).expect("a key begins with the account");
        assert!(rest.is_empty() || rest.strip_prefix(':').is_some_and(is_name), "key {key:?}");
    }
}

fn the_record_says_the_event(event: &Event<'_>) {
    let (mut record, mut event_type) = (Vec::new(), Vec::new());
    event.write_json(RECEPTION, &mut record);
    event.write_type(&mut event_type);
    let read = TypedEvent::read(Some(&record)).expect("a record is a typed event");
    assert_eq!(read.data.get(), event.data);
    assert_eq!(read.id, event.id.to_string());
    assert_eq!(read.event_type.as_bytes(), event_type);
    assert_eq!(read.event_type, format!("com.meta.{}.{}.v1", event.object, event.kind));
    assert_eq!(read.kind(), Some(event.kind));
    assert_eq!(read.subject.as_deref(), event.key.as_deref());
    assert_eq!(read.time.as_deref(), event.time.map(|time| time.to_string()).as_deref());
    assert_eq!((&*read.metaobject, read.metaaccount.as_deref()), (&*event.object, event.account.as_deref()));
    assert_eq!(
        (&*read.metacarrier, read.metafield.as_deref()),
        (event.carrier.as_str(), event.field.as_deref())
    );
    assert_eq!(read.metatest, event.test);
    assert_eq!(
        (&*read.deliveryid, read.recordedtime.as_deref()),
        (RECEPTION.delivery_id, Some(RECEPTION.received))
    );
    assert!(is_path(&read.source), "source {:?}", read.source);
}

/// Whether a source is `/meta`, `/meta/{object}` or `/meta/{object}/{account}`.
fn is_path(source: &str) -> bool {
    let rest = source.strip_prefix("/meta").map(|rest| rest.split('/').collect::<Vec<_>>());
    rest.is_some_and(|rest| {
        rest[0].is_empty() && rest.len() <= 3 && rest[1..].iter().all(|part| is_name(part))
    })
}

/// Whether `text` is what ids and field names may be.
fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(allowed)
}
