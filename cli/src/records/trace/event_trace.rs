//! Follows one event to where it ends: every place that has something of it, in the order of the pipeline.

use super::end::{self, Consumer, End};
use super::expected::Expected;
use super::origin::Origin;
use super::place::Place;
use super::question::Period;
use super::replies;
use super::search::{Scope, Search, has_id, lag, written};
use crate::tool::Result;
use runtime::consumer::Record;
use schemas::Topic;
use std::time::Duration;

/// Meta redelivers for this long (docs/meta.md), so the output of the first delivery may be this much older.
const DELIVERED_AGAIN: Duration = Duration::from_hours(36);

/// All that is known of one event.
#[derive(Clone, Debug)]
pub(super) struct EventTrace {
    pub(super) event: Option<Expected>,
    pub(super) places: Vec<Place>,
    pub(super) end: End,
}

/// `unseen` is what of the disks of ingest was not looked at.
pub(super) fn follow(origin: &Origin, search: &Search<'_>, unseen: &str) -> Result<EventTrace> {
    let mut places: Vec<_> = origin.spooled.iter().map(Place::on_disk).collect();
    places.extend(origin.raw.as_ref().map(|raw| Place::of("raw", raw, search)));
    let (Some(event), Some(typed)) = (&origin.event, &origin.typed) else {
        let dead_letter = origin.raw.as_ref().map(|raw| refused(raw, search)).transpose()?.flatten();
        places.extend(dead_letter.as_ref().map(|dead_letter| Place::of("dead letter", dead_letter, search)));
        let end = end::before_the_topic(origin, dead_letter.as_ref(), unseen);
        return Ok(EventTrace { event: origin.event.clone(), places, end });
    };
    places.push(Place::of("typed", typed, search));
    let mut end = Ok(());
    for consumer in end::consumers_of(event, typed) {
        let handled = handled(&consumer, event, typed, search)?;
        places.extend(handled.0);
        end = end.and(handled.1);
    }
    let (commands, end_of_commands) = replies::find(event, typed, search)?;
    places.extend(commands);
    Ok(EventTrace { event: Some(event.clone()), places, end: end.and(end_of_commands) })
}

/// What a consumer made of it.
fn handled(
    consumer: &Consumer,
    event: &Expected,
    typed: &Record,
    search: &Search<'_>,
) -> Result<(Vec<Place>, End)> {
    let after = Period::since(written(typed));
    // The record of the same event on another topic, where it has the same key.
    let find = |topics: &[Topic], period| {
        let scope = |topic| Scope { topic, key: event.key.as_deref(), period };
        let first = |topic: &Topic| search.first(scope(*topic), |record| has_id(record, &event.id));
        topics.iter().find_map(|topic| first(topic).transpose()).transpose()
    };
    let mut output = find(consumer.outputs, after)?;
    let mut dead_letter = find(&[consumer.dead_letters], after)?;
    let mut end = Ok(());
    if output.is_none() {
        let lag = lag(search.committed_offset(consumer.name, typed)?, typed);
        if lag.is_none() && dead_letter.is_none() {
            // It may have handled it since its topics were read.
            (output, dead_letter) = (find(consumer.outputs, after)?, find(&[consumer.dead_letters], after)?);
        }
        if lag.is_none() && output.is_none() && dead_letter.is_none() {
            let earlier = written(typed).before(DELIVERED_AGAIN);
            output = find(consumer.outputs, Period { since: earlier, until: Some(after.since) })?;
        }
        if output.is_none() {
            if consumer.is_optional && dead_letter.is_none() && !search.has_ever_read(consumer.name, typed)? {
                return Ok((Vec::new(), Ok(())));
            }
            end = end::without_output(consumer, dead_letter.as_ref(), lag);
        }
    }
    let place = |what, record: Option<Record>| record.map(|record| Place::of(what, &record, search));
    Ok((place(consumer.what, output).into_iter().chain(place("dead letter", dead_letter)).collect(), end))
}

/// The dead letter of a body that could not be read, which is written beside it.
fn refused(raw: &Record, search: &Search<'_>) -> Result<Option<Record>> {
    let id = raw.header("ce_id").unwrap_or_default();
    let scope = Scope { topic: Topic::IngestDlq, key: None, period: Period::about(written(raw)) };
    search.first(scope, |record| record.header("ce_id") == Some(id))
}
