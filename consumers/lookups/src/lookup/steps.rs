//! Awaits a lookup, step by step: what each waits for, and how long it may.

use super::{Resolver, WaitReason};
use crate::pending_lookup::PendingLookup;
use runtime::consumer::{Failure, Record, Wait, Waits};
use std::time::{Duration, Instant};
use weir_graph::{GraphId, OwnLimits};

/// How much longer than is known a step of a lookup may take before it counts as one that hangs.
const SLACK: Duration = Duration::from_secs(30);

impl Resolver {
    /// What a lookup comes to. Each step of it may take as long as is known of it, which is no stall; one that takes longer
    /// hangs.
    pub(crate) async fn await_lookup<T>(
        &self,
        pending: &mut PendingLookup<T>,
        account: &GraphId,
        own_limits: &mut OwnLimits,
        record: &Record,
        waits: &Waits,
    ) -> Result<T, Failure> {
        let PendingLookup { task, waiting } = pending;
        let mut ended = self.batcher.ended();
        loop {
            // Before what it waits for is read: what comes between counts for that.
            let began = Instant::now();
            let waits_for = waiting.borrow_and_update().clone();
            let (on, limit) = self.step(waits_for.as_ref());
            if let Some(waiting) = &waits_for {
                self.log_wait(record, &waiting.why);
                self.check_patience(waiting, account, own_limits)?;
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
            let found = waits.on(on, limit, step).await;
            if waits_for.is_some_and(|waiting| waiting.is_own_limit) {
                own_limits.add(account, began, began.elapsed());
            }
            if let Some(found) = found {
                let (found, asked_at) = found.unwrap_or_else(|error| {
                    let error = format!("the lookup ended without a result: {error}");
                    Err(Failure::Reject { reason: "lookup_failed", error })
                })?;
                if let Some(asked_at) = asked_at {
                    own_limits.answered(account, asked_at);
                }
                return Ok(found);
            }
        }
    }

    /// The limit of a single account holds the others of its partition for so long and no longer, and not at all where it is
    /// known to last longer.
    fn check_patience(
        &self,
        waiting: &WaitReason,
        account: &GraphId,
        own_limits: &OwnLimits,
    ) -> Result<(), Failure> {
        let WaitReason { why, until: Some(until), is_own_limit: true, .. } = waiting else { return Ok(()) };
        let left = until.saturating_duration_since(Instant::now());
        if own_limits.waited(account) + left <= self.settings.lookup_limit_patience {
            return Ok(());
        }
        let error = format!("{why}: another {} s for account {account}", left.as_secs());
        Err(Failure::Expired { reason: "throttled", error })
    }

    /// What a step of a lookup waits for, and how long it may take.
    fn step(&self, waiting: Option<&WaitReason>) -> (Wait, Duration) {
        match waiting {
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
