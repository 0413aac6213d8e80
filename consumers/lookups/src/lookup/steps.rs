//! Awaits a lookup, and reports what it waits for.

use super::patience::check_account_limit;
use super::{LookupClient, WaitReason};
use crate::pending_lookup::PendingLookup;
use runtime::consumer::{Failure, Record, StallExemption, Wait};
use std::time::{Duration, Instant};
use weir_graph::{GraphId, LimitWaits};

/// How much longer than is known a lookup may wait before it counts as one that hangs.
const SLACK: Duration = Duration::from_secs(30);

impl LookupClient {
    /// Waits for the result of a lookup. Each wait of it is reported to the loop with the longest time it may take, so that it counts
    /// as a stall after that and not before.
    pub(crate) async fn await_lookup<T>(
        &self,
        pending: &mut PendingLookup<T>,
        account: &GraphId,
        limit_waits: &mut LimitWaits,
        record: &Record,
        waits: &StallExemption,
    ) -> Result<T, Failure> {
        let PendingLookup { task, reasons } = pending;
        let mut ended = self.batcher.ended();
        loop {
            // Before the reason is read: what comes between counts for that.
            let began = Instant::now();
            let reason = reasons.borrow_and_update().clone();
            let (on, limit) = self.wait_and_limit(reason.as_ref());
            if let Some(reason) = &reason {
                self.log_wait(record, &reason.why);
                let patience = self.settings.lookup_limit_patience;
                check_account_limit(reason, account, limit_waits, patience, began)?;
            }
            let next_event = async {
                tokio::select! {
                    biased;
                    found = &mut *task => Some(found),
                    // Without its sender the task is about to end.
                    changed = reasons.changed() => {
                        if changed.is_err() {
                            tokio::task::yield_now().await;
                        }
                        None
                    }
                    // The queue moves.
                    Ok(()) = ended.changed() => None,
                }
            };
            let found = waits.on(on, limit, next_event).await;
            if reason.is_some_and(|reason| reason.is_account_limit) {
                limit_waits.add(account, began, began.elapsed());
            }
            if let Some(found) = found {
                let (found, asked_at) = found.unwrap_or_else(|error| {
                    let error = format!("the lookup ended without a result: {error}");
                    Err(Failure::Reject { reason: "lookup_failed", error })
                })?;
                if let Some(asked_at) = asked_at {
                    limit_waits.answered(account, asked_at);
                }
                return Ok(found);
            }
        }
    }

    /// What the loop is told that a lookup waits for, and how long it may.
    fn wait_and_limit(&self, reason: Option<&WaitReason>) -> (Wait, Duration) {
        match reason {
            None => (Wait::ApiAnswer, self.answer_within + SLACK),
            Some(WaitReason { on, until: Some(until), .. }) => {
                (*on, until.saturating_duration_since(Instant::now()) + SLACK)
            }
            Some(WaitReason { on, until: None, .. }) => (*on, Duration::MAX),
        }
    }

    fn log_wait(&self, record: &Record, why: &str) {
        if let Some(suppressed) = self.log.pass(Instant::now()) {
            let (topic, partition, offset) = (&*record.topic, record.partition, record.offset);
            tracing::warn!(
                topic,
                partition,
                offset,
                why,
                suppressed,
                "a lookup is waiting and blocks its partition"
            );
        }
    }
}
