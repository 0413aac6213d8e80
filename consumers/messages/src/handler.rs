//! Handles one typed record: read, normalise, publish once.

use crate::dedupe::{Bounds, RecentEvents, Seen};
use crate::metrics::Metrics;
use crate::normalise::{NormaliseError, normalise};
use crate::restore::{InputPartition, restore};
use crate::route::Routes;
use runtime::consumer::{Failure, Handler, Output, Record, StallExemption, Tail};
use runtime::kafka::dead_letter::header;
use schemas::{EventId, Millis, TypedEvent, inbox, raw};
use std::borrow::Cow;
use std::future::{Future, ready};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// `weir_dlq_reason` of a value that is no typed event.
const NOT_AN_EVENT: &str = "not_an_event";

/// Capacity of the buffer that an inbox record is written into; most fit.
const INITIAL_CAPACITY: usize = 1024;

/// Makes inbox records of typed events.
#[derive(Debug)]
pub struct InboxHandler {
    routes: Routes,
    bounds: Bounds,
    tail: Tail,
    metrics: Metrics,
}

impl InboxHandler {
    /// Publishes along `routes`, reads the outputs back through `tail`, and remembers events within `bounds`.
    pub(crate) fn new(routes: Routes, bounds: Bounds, tail: Tail, metrics: Metrics) -> Self {
        Self { routes, bounds, tail, metrics }
    }

    fn handle_event(&self, recent: &mut RecentEvents, record: &Record) -> Result<Vec<Output>, Failure> {
        let event = TypedEvent::read(record.value.as_deref()).map_err(|error| reject(&error.into()))?;
        let id = EventId::parse(&event.id).ok_or_else(no_id)?;
        let Some((name, inbox)) = normalise(&event).map_err(|error| reject(&error))? else {
            self.metrics.skipped(event.kind().map_or("other", |kind| kind.kind.as_str()));
            return Ok(Vec::new());
        };
        if !event.metatest && self.is_duplicate(recent, id, record) {
            self.metrics.duplicates.inc();
            return Ok(Vec::new());
        }
        self.metrics.published(name.as_str());
        Ok(vec![self.output(record, name, &inbox)])
    }

    /// Whether the event was published already. Not to be asked of the dashboard's test button: each press sends the same
    /// message id. An event that this group gave up and that was put back was noted without being published: for it only
    /// [`Seen::Published`] is a duplicate.
    fn is_duplicate(&self, recent: &mut RecentEvents, id: EventId, record: &Record) -> bool {
        let seen = recent.note(id, record.offset, Millis::of(SystemTime::now()).as_secs());
        self.metrics.recent_full.inc_by(recent.take_forgotten_early());
        match seen {
            Seen::New => false,
            Seen::Again => !was_dead_letter_of(self.routes.group(), record),
            Seen::Published => true,
        }
    }

    fn output(&self, record: &Record, name: inbox::EventName, inbox: &inbox::Record) -> Output {
        let headers =
            [("content-type", raw::CONTENT_TYPE), ("ce_id", &inbox.id), ("weir_event", name.as_str())];
        let headers = headers.map(|(name, value)| (Cow::Borrowed(name), value.as_bytes().to_vec()));
        let headers = headers.into_iter().chain(record.marks()).collect();
        Output {
            topic: Arc::clone(self.routes.name(name.topic())),
            key: record.key.clone(),
            value: json(inbox),
            headers,
        }
    }
}

fn json(inbox: &inbox::Record) -> Vec<u8> {
    let mut json = Vec::with_capacity(INITIAL_CAPACITY);
    serde_json::to_writer(&mut json, inbox)
        .expect("an inbox record has string keys and finite numbers alone");
    json
}

impl Handler for InboxHandler {
    type State = RecentEvents;
    type Prefetched = ();

    /// Reads the outputs back, which is after the former owner of the partition let go of it.
    async fn restore(&self, first: &Record) -> Result<RecentEvents, Failure> {
        let began = Instant::now();
        let outputs = self.routes.outputs_of(&first.topic).cloned().collect();
        let input = InputPartition { topic: Arc::clone(&first.topic), partition: first.partition };
        let recent = restore(&self.tail, outputs, input, self.bounds).await;
        let mut recent = recent.map_err(|error| Failure::of_kafka(&error))?;
        self.metrics.recent_full.inc_by(recent.take_forgotten_early());
        self.metrics.rebuild_seconds.observe(began.elapsed().as_secs_f64());
        Ok(recent)
    }

    fn reasons(&self) -> &'static [&'static str] {
        &[NOT_AN_EVENT, "not_of_its_kind"]
    }

    fn handle(
        &self,
        recent: &mut RecentEvents,
        record: &Record,
        _: &mut Option<()>,
        _: &StallExemption,
    ) -> impl Future<Output = Result<Vec<Output>, Failure>> + Send {
        ready(self.handle_event(recent, record))
    }
}

/// Whether the record was put back from the dead letters of this group: what another one could not handle was published
/// here all the same. One that was put back by a version that kept no name may be either's.
fn was_dead_letter_of(group: &str, record: &Record) -> bool {
    let is_ours = |consumer: &[u8]| consumer == group.as_bytes();
    record.header(header::ATTEMPTS).is_some() && record.header(header::CONSUMER).is_none_or(is_ours)
}

fn reject(error: &NormaliseError) -> Failure {
    Failure::reject(error.reason(), error)
}

fn no_id() -> Failure {
    Failure::reject(NOT_AN_EVENT, &"`id` is not 32 hex digits")
}

#[cfg(test)]
mod tests;
