//! Finds the events that are meant, each with what it came in.

use super::disks::{self, Spooled};
use super::expected::{Expected, expected, is_about};
use super::question::{EventSelector, Period, Question, received};
use super::search::{Scope, Search, has_id, holds, written};
use crate::tool::Result;
use runtime::consumer::Record;
use schemas::{Millis, Topic, TypedEvent};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;
use std::time::SystemTime;

/// How many events a question may mean; more are left out.
pub(super) const MAX_EVENTS: usize = 20;

/// An event, or a delivery of which there are no events, and where it was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    /// None of a body that is no webhook.
    pub(super) event: Option<Expected>,
    /// The delivery's record, one for all of its events: it may have thousands, and be large.
    pub(super) raw: Option<Rc<Record>>,
    /// The event's.
    pub(super) typed: Option<Record>,
    /// The delivery, where it waits on the disk.
    pub(super) spooled: Option<Spooled>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Origins {
    /// In the order of time.
    pub(super) origins: Vec<Origin>,
    /// What is meant too, beyond [`MAX_EVENTS`].
    pub(super) left_out: Vec<Expected>,
}

/// All that are meant: on the typed topics, among the deliveries and on the disk, each event once. The disk is looked at
/// first, so that what moves from there to Kafka is in one of them.
pub(super) fn find(question: &Question, spool_dir: Option<&Path>, search: &Search<'_>) -> Result<Origins> {
    let spooled = disks::find(question, spool_dir)?;
    let mut found = Vec::new();
    match question.what {
        EventSelector::Delivery(_) => {
            if spooled.is_empty() {
                found = delivered(question, question.period, search)?;
            }
        }
        EventSelector::Conversation => {
            merge(&mut found, published(question, question.late(), search)?);
            merge(&mut found, delivered(question, question.period, search)?);
            if found.is_empty() {
                merge(&mut found, delivered(question, question.late(), search)?);
            }
        }
        EventSelector::Event(_) | EventSelector::Item(_) => by_slices(question, search, &mut found)?,
    }
    add_spooled(&mut found, spooled);
    let mut found = Origins::of(found);
    for origin in &mut found.origins {
        complete(origin, search)?;
    }
    Ok(found)
}

/// Slice by slice until it is found: on the typed topics, then among the deliveries.
fn by_slices(question: &Question, search: &Search<'_>, found: &mut Vec<Origin>) -> Result<()> {
    let slices = question.slices(Millis::of(SystemTime::now()));
    for look_among in [published, delivered] {
        for period in &slices {
            merge(found, look_among(question, *period, search)?);
            if is_settled(question, found) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Whether no other record can be meant: a reaction to a message, or a receipt, is not the message.
fn is_settled(question: &Question, found: &[Origin]) -> bool {
    match question.what {
        EventSelector::Item(_) => {
            found.iter().filter_map(|origin| origin.event.as_ref()).any(Expected::is_the_item)
        }
        _ => !found.is_empty(),
    }
}

/// Adds those of events that are not there yet.
fn merge(found: &mut Vec<Origin>, more: Vec<Origin>) {
    let id = |origin: &Origin| origin.event.as_ref().map(|event| event.id.clone());
    // A delivery may have as many events as --max-events lets it.
    let mut known: HashSet<String> = found.iter().filter_map(id).collect();
    found.extend(more.into_iter().filter(|origin| id(origin).is_none_or(|id| known.insert(id))));
}

/// Adds what is on the disk, to what was found already where that is the same: a delivery of which Kafka took a part is on both.
fn add_spooled(found: &mut Vec<Origin>, spooled: Vec<Origin>) {
    let known = found.iter().enumerate().map(|(index, origin)| (identity(origin), index));
    let mut known: HashMap<String, usize> = known.collect();
    for one in spooled {
        match known.entry(identity(&one)) {
            Entry::Occupied(same) => {
                let same = &mut found[*same.get()];
                same.spooled = same.spooled.take().or(one.spooled);
            }
            Entry::Vacant(new) => {
                new.insert(found.len());
                found.push(one);
            }
        }
    }
}

/// The id of its event, or of a delivery without any.
fn identity(origin: &Origin) -> String {
    let of_raw = || origin.raw.as_ref().and_then(|raw| raw.header("ce_id"));
    match (&origin.event, &origin.spooled) {
        (Some(event), _) => event.id.clone(),
        (None, Some(spooled)) => spooled.id.clone(),
        (None, None) => of_raw().map(String::from_utf8_lossy).unwrap_or_default().into_owned(),
    }
}

/// Those on the typed topics.
fn published(question: &Question, period: Period, search: &Search<'_>) -> Result<Vec<Origin>> {
    let mut origins: Vec<Origin> = Vec::new();
    let is_one = matches!(question.what, EventSelector::Event(_));
    for topic in question.topics() {
        let scope = Scope { topic, key: question.key_on(topic), period };
        let most = if is_one { 1 } else { usize::MAX };
        let of = |typed: Record| {
            let event = Some(Expected::read(&typed, topic));
            Origin { event, typed: Some(typed), ..Origin::default() }
        };
        let found = search.most(scope, most, |record| is_meant(question, record))?;
        merge(&mut origins, found.into_iter().map(of).collect());
        if is_one && !origins.is_empty() {
            break;
        }
    }
    Ok(origins)
}

fn is_meant(question: &Question, record: &Record) -> bool {
    let value = record.value.as_deref().unwrap_or_default();
    let event = || TypedEvent::read(Some(value)).ok();
    match &question.what {
        EventSelector::Event(id) => has_id(record, id),
        EventSelector::Item(id) => {
            holds(value, id) && event().is_some_and(|event| is_about(event.data.get(), id))
        }
        EventSelector::Conversation => {
            let happened = |event: &TypedEvent<'_>| Millis::parse(event.time.as_deref()?);
            question.key.as_ref().is_some_and(|key| record.key.as_deref() == Some(key.as_bytes()))
                && event().is_none_or(|event| question.is_at(happened(&event), received(&event.deliveryid)))
        }
        EventSelector::Delivery(_) => false,
    }
}

/// Finds the raw record of a typed one, and the typed record of a raw one.
fn complete(origin: &mut Origin, search: &Search<'_>) -> Result<()> {
    match (&origin.typed, &origin.raw, &origin.event) {
        (Some(typed), None, _) => origin.raw = raw_of(typed, search)?.map(Rc::new),
        (None, Some(raw), Some(event)) => {
            let period = Period::since(written(raw));
            let scope = Scope { topic: event.topic, key: event.key.as_deref(), period };
            origin.typed = search.first(scope, |record| has_id(record, &event.id))?;
        }
        _ => {}
    }
    Ok(())
}

/// The raw record of a typed one: written at about the same time, however long the delivery waited on a disk; of a replay
/// the events are written long after.
fn raw_of(typed: &Record, search: &Search<'_>) -> Result<Option<Record>> {
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

/// Those of raw deliveries, and deliveries themselves that are meant.
fn delivered(question: &Question, period: Period, search: &Search<'_>) -> Result<Vec<Origin>> {
    let meant_of = |record: &Record| {
        let id = record.header("ce_id").map(String::from_utf8_lossy).unwrap_or_default();
        let body = record.value.as_deref().unwrap_or_default();
        expected(question, body, received(&id))
    };
    let fits = |record: &Record| match &question.what {
        EventSelector::Delivery(id) => has_id(record, id),
        _ => !meant_of(record).is_empty(),
    };
    let is_one = matches!(question.what, EventSelector::Delivery(_) | EventSelector::Event(_));
    let most = if is_one { 1 } else { usize::MAX };
    let mut origins = Vec::new();
    for raw in search.most(Scope { topic: Topic::Raw, key: None, period }, most, fits)? {
        let meant = meant_of(&raw);
        let raw = Rc::new(raw);
        let of = |event| Origin { event, raw: Some(Rc::clone(&raw)), ..Origin::default() };
        merge(&mut origins, meant.into_iter().map(of).collect());
    }
    Ok(origins)
}

impl Origins {
    /// The first ones, and what is left out.
    fn of(mut origins: Vec<Origin>) -> Self {
        // What has no record is on the disk, and came last.
        let at = |origin: &Origin| origin.typed.as_ref().or(origin.raw.as_deref()).map(written);
        origins.sort_by_key(|origin| (at(origin).is_none(), at(origin)));
        let left_out = origins.split_off(origins.len().min(MAX_EVENTS));
        Self { origins, left_out: left_out.into_iter().filter_map(|origin| origin.event).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::settings::EventLimits;
    use weir_ingest::spool::inspect::ParkReason;

    fn of(id: usize, kind: &str) -> Origin {
        let (id, kind) = (id.to_string(), kind.to_owned());
        let event = Some(Expected { id, kind, key: None, topic: Topic::Messages, item: None });
        Origin { event, ..Origin::default() }
    }

    #[test]
    fn a_reaction_or_a_receipt_does_not_settle_where_a_message_is() {
        let (period, event_limits) =
            (Period::since(Millis::since_epoch(0)), EventLimits { max_events: 10, min_bytes_per_event: 32 });
        let question = |what| Question { what, key: None, period, event_limits };
        let mid = question(EventSelector::Item("aWdf".to_owned()));
        for kind in ["reaction.added", "receipt.read", "message.deleted", "standby.reaction.added"] {
            assert!(!is_settled(&mid, &[of(1, kind)]), "{kind}");
            assert!(is_settled(&question(EventSelector::Event("1".to_owned())), &[of(1, kind)]));
        }
        assert!(is_settled(&mid, &[of(1, "reaction.added"), of(2, "standby.message")]));
    }

    #[test]
    fn what_is_on_the_disk_too_keeps_what_was_found_there() {
        let parked = |origin: Origin| {
            let (id, parked) = ("0198a5b0".to_owned(), Some(ParkReason::TooLarge));
            Origin { spooled: Some(Spooled { id, parked }), ..origin }
        };
        let headers = [("ce_id", Some("0198a5b0"))].into_iter().collect();
        let (key, value, timestamp) = (None, None, None);
        let raw = Record { topic: "raw".into(), partition: 0, offset: 0, timestamp, key, value, headers };
        let of_body = Origin { raw: Some(Rc::new(raw)), ..Origin::default() };
        let mut found = vec![of(1, "message"), of(2, "message"), of_body];
        let spooled = [of(2, "message"), of(3, "message"), Origin::default()].map(parked);
        add_spooled(&mut found, spooled.into());
        let seen =
            |origin: &Origin| (origin.event.as_ref().map(|event| event.id.clone()), origin.spooled.is_some());
        let event = |id: &str, spooled| (Some(id.to_owned()), spooled);
        let expected = [event("1", false), event("2", true), (None, true), event("3", true)];
        assert!(found.iter().map(seen).eq(expected));
    }

    #[test]
    fn an_event_of_several_deliveries_is_one_and_what_is_beyond_the_most_is_left_out() {
        let mut found = Vec::new();
        for _ in 0..2 {
            merge(&mut found, (0..MAX_EVENTS + 3).map(|id| of(id, "message")).collect());
        }
        let Origins { origins, left_out } = Origins::of(found);
        assert_eq!((origins.len(), left_out.len()), (MAX_EVENTS, 3));
    }
}
