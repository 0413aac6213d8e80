//! Awaits a lookup, reports what it waits for, and gives it up where the limit of one account lasts too long.

use super::{LookupClient, WaitReason};
use crate::pending_lookup::PendingLookup;
use runtime::consumer::{Failure, Record, StallExemption, Wait};
use std::time::{Duration, Instant};
use weir_graph::{GraphId, LimitWaits, RefusalClass};

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
                self.check_limit_patience(reason, account, limit_waits)?;
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

    /// Gives the lookup up (`throttled`) where what this partition has waited for the account's limit since its last answer, with what
    /// is left of the current stop, exceeds `--lookup-limit-patience`: it blocks the other accounts of its partition.
    fn check_limit_patience(
        &self,
        reason: &WaitReason,
        account: &GraphId,
        limit_waits: &LimitWaits,
    ) -> Result<(), Failure> {
        let WaitReason { why, until: Some(until), is_account_limit: true, .. } = reason else {
            return Ok(());
        };
        let left = until.saturating_duration_since(Instant::now());
        if limit_waits.waited(account) + left <= self.settings.lookup_limit_patience {
            return Ok(());
        }
        let error = format!("{why}: another {} s for account {account}", left.as_secs());
        Err(Failure::RejectUncounted { reason: RefusalClass::Throttled.as_str(), error })
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
