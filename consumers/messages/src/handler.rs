//! Handles one typed record: read, normalise, publish once.

use crate::metrics::Metrics;
use crate::normalise::{Unfit, normalise};
use crate::recent::RecentEvents;
use runtime::consumer::{Failure, Handler, Output, Record};
use runtime::dead_letter::header;
use schemas::TypedEvent;
use schemas::inbox;
use std::borrow::Cow;
use std::future::{Future, ready};
use std::sync::Arc;

/// `weir_dlq_reason` of a value that is no typed event.
const NOT_AN_EVENT: &str = "not_an_event";

/// Makes inbox records of typed events.
#[derive(Debug)]
pub struct InboxHandler {
    topic: Arc<str>,
    dedupe_events: usize,
    metrics: Metrics,
}

impl InboxHandler {
    /// Publishes to `topic`, and remembers the latest `dedupe_events` of every partition.
    pub(crate) fn new(topic: Arc<str>, dedupe_events: usize, metrics: Metrics) -> Self {
        Self { topic, dedupe_events, metrics }
    }

    fn inbox(&self, recent: &mut RecentEvents, record: &Record) -> Result<Vec<Output>, Failure> {
        let event = TypedEvent::read(record.value.as_deref()).map_err(|error| reject(&error.into()))?;
        let id = event_number(&event.id).ok_or_else(no_id)?;
        let Some((name, inbox)) = normalise(&event).map_err(|error| reject(&error))? else {
            self.metrics.skipped(event.kind().map_or("other", |kind| kind.kind.as_str()));
            return Ok(Vec::new());
        };
        // Every press of the dashboard's test button sends the same message id; a record that was a dead letter and
        // was put back may be remembered from the time when its output could not be published.
        let was_put_back = record.header(header::ATTEMPTS).is_some();
        if !event.metatest && !recent.is_new(id, record.offset) && !was_put_back {
            self.metrics.duplicates.inc();
            return Ok(Vec::new());
        }
        self.metrics.published(name.as_str());
        Ok(vec![self.output(record, name, &inbox)])
    }

    fn output(&self, record: &Record, name: inbox::EventName, inbox: &inbox::Record) -> Output {
        let header = |name: &'static str, value: &[u8]| (Cow::Borrowed(name), value.to_vec());
        let mut headers = vec![
            header("content-type", b"application/json"),
            header("ce_id", inbox.id.as_bytes()),
            header("weir_event", name.as_str().as_bytes()),
        ];
        headers.extend(record.header("traceparent").map(|parent| header("traceparent", parent)));
        Output {
            topic: Arc::clone(&self.topic),
            key: record.key.clone(),
            value: serde_json::to_vec(inbox)
                .expect("an inbox record has string keys and finite numbers alone"),
            headers,
        }
    }
}

impl Handler for InboxHandler {
    type State = RecentEvents;

    fn assigned(&self, _topic: &str, _partition: i32) -> RecentEvents {
        RecentEvents::new(self.dedupe_events)
    }

    fn reasons(&self) -> &'static [&'static str] {
        &[NOT_AN_EVENT, "not_of_its_kind"]
    }

    fn handle(
        &self,
        recent: &mut RecentEvents,
        record: &Record,
    ) -> impl Future<Output = Result<Vec<Output>, Failure>> + Send {
        ready(self.inbox(recent, record))
    }
}

/// An event id, 32 hex digits, as a number.
fn event_number(id: &str) -> Option<u128> {
    let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| u128::from_str_radix(id, 16).ok()).flatten()
}

fn reject(error: &Unfit) -> Failure {
    Failure::Reject { reason: error.reason(), error: error.to_string() }
}

fn no_id() -> Failure {
    Failure::Reject { reason: NOT_AN_EVENT, error: "`id` is not 32 hex digits".to_owned() }
}

#[cfg(test)]
mod tests;
