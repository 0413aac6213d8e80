//! Handles one record: reads the event and adds it to the metrics.

use crate::metrics::EventMetrics;
use crate::observe::Observation;
use runtime::consumer::{Failure, Handler, Output, Record};
use schemas::{Millis, TypedEvent};
use std::time::SystemTime;

/// `weir_dlq_reason` of a value that is no typed event.
const NOT_AN_EVENT: &str = "not_an_event";

/// Counts events; it has no outputs.
#[derive(Clone, Debug)]
pub struct Counting {
    metrics: EventMetrics,
}

impl Counting {
    /// A handler that adds to `metrics`.
    pub const fn new(metrics: EventMetrics) -> Self {
        Self { metrics }
    }
}

impl Handler for Counting {
    type State = ();

    fn assigned(&self, _topic: &str, _partition: i32) {}

    fn reasons(&self) -> &'static [&'static str] {
        &[NOT_AN_EVENT]
    }

    async fn handle(&self, _state: &mut (), record: &Record) -> Result<Vec<Output>, Failure> {
        let event = TypedEvent::read(record.value.as_deref())
            .map_err(|error| Failure::Reject { reason: NOT_AN_EVENT, error: error.to_string() })?;
        self.metrics.add(&Observation::of(&event, Millis::of(SystemTime::now())));
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests;
