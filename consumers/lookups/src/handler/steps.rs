//! Awaits a lookup, step by step: what each waits for, and how long it may.

use super::{Found, Lookups};
use crate::ahead::Search;
use crate::lookup::Waiting;
use runtime::consumer::{Failure, Record, Wait, Waits};
use std::time::{Duration, Instant};

/// How much longer than is known a step of a lookup may take before it counts as one that hangs.
const SLACK: Duration = Duration::from_secs(30);

impl Lookups {
    /// What a lookup comes to. Each step of it may take as long as is known of it, which is no stall; one that takes longer
    /// hangs.
    pub(super) async fn found(
        &self,
        search: Option<&mut Search<Found>>,
        record: &Record,
        waits: &Waits,
    ) -> Result<Found, Failure> {
        let Some(Search { task, waiting }) = search else { return Err(without_result(&"it is lost")) };
        let mut ended = self.inquiry.resolver.batcher.ended();
        loop {
            let waits_for = waiting.borrow_and_update().clone();
            let (on, limit) = self.step(waits_for.as_ref());
            if let Some(Waiting { why, .. }) = waits_for {
                self.say(record, &why);
            }
            let step = async {
                tokio::select! {
                    biased;
                    found = &mut *task => Some(found),
                    // Without its sender the task is about to end.
                    changed = waiting.changed() => {
                        if changed.is_err() {
                            tokio::task::yield_now().await;
                        }
                        None
                    }
                    // The queue moves.
                    Ok(()) = ended.changed() => None,
                }
            };
            if let Some(found) = waits.on(on, limit, step).await {
                return found.unwrap_or_else(|error| Err(without_result(&error)));
            }
        }
    }

    /// What a step of a lookup waits for, and how long it may take.
    fn step(&self, waiting: Option<&Waiting>) -> (Wait, Duration) {
        match waiting {
            None => (Wait::ApiAnswer, self.inquiry.resolver.answer_within + SLACK),
            Some(Waiting { on, until: Some(until), .. }) => {
                (*on, until.saturating_duration_since(Instant::now()) + SLACK)
            }
            Some(Waiting { on, until: None, .. }) => (*on, Duration::MAX),
        }
    }

    fn say(&self, record: &Record, why: &str) {
        if let Some(suppressed) = self.said.pass(Instant::now()) {
            let (topic, partition, offset) = (&*record.topic, record.partition, record.offset);
            tracing::warn!(
                topic,
                partition,
                offset,
                why,
                suppressed,
                "a lookup waits, and its partition with it"
            );
        }
    }
}

fn without_result(error: &dyn std::fmt::Display) -> Failure {
    Failure::Reject { reason: "lookup_failed", error: format!("the lookup ended without a result: {error}") }
}
