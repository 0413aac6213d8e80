//! How long a command has waited for its host or its conversation, together with those that waited for the same before it.

use super::Replies;
use crate::command::Command;
use crate::outcome::{CallOutcome, Cause};
use crate::pending::Pending;
use runtime::consumer::Record;
use runtime::mutex::lock;
use std::time::{Duration, Instant};
use weir_graph::{AccessToken, RefusalClass, SharedWaits};

/// How often other hosts are asked, at most, to see that they are reached: twice in the time for which that stands.
const ASK_OTHERS_EVERY: Duration = Duration::from_secs(30);

impl Replies {
    /// Why the host of the call before is not reached, where it is not yet: it is asked for that alone, so that a command which waits for
    /// it leaves no two records of an attempt for each time that it looks.
    pub(super) async fn why_still_unreached(&self, pending: &Pending, token: &AccessToken) -> Option<Cause> {
        let cause = pending.unreached.as_ref()?;
        let asked = self.graph.are_reached(vec![self.graph.host(token).clone()]).await;
        asked.iter().all(|(_, is_reached)| !is_reached).then(|| cause.clone())
    }

    /// Where a call did not reach its host, asks the others that there are tokens for whether they are reached, without a token: no call
    /// of this process may tell, as long as each of its partitions has a command to such a host at its head.
    pub(super) async fn look_at_other_hosts(&self, token: &AccessToken, outcome: &CallOutcome) {
        if unreached(outcome).is_none() {
            return;
        }
        let mut asked = self.others_asked.lock().await;
        if asked.is_some_and(|at| at.elapsed() < ASK_OTHERS_EVERY) {
            return;
        }
        let hosts = self.graph.are_reached(self.tokens.other_hosts(token)).await;
        lock(&self.shared_waits).asked(&hosts, Instant::now());
        *asked = Some(Instant::now());
    }

    /// Takes note of what a call came to; since when commands have waited for what this one has to wait for, where it has to.
    pub(super) fn waits_since(
        &self,
        command: &Command,
        token: &AccessToken,
        outcome: &CallOutcome,
    ) -> Option<Instant> {
        let (host, now) = (self.graph.host(token).origin(), Instant::now());
        let mut waits = lock(&self.shared_waits);
        match outcome {
            outcome if unreached(outcome).is_some() => Some(waits.note_wait(&host, now)),
            CallOutcome::TryLater(_) => {
                waits.reached(&host, now);
                Some(waits.note_wait(&command.key, now))
            }
            // Who is silent is reached.
            _ => {
                waits.reached(&host, now);
                waits.end_wait(&command.key);
                None
            }
        }
    }
}

/// Why a call came to nothing because its host was not reached: all else for which commands wait is what Meta says.
pub(super) fn unreached(outcome: &CallOutcome) -> Option<&Cause> {
    match outcome {
        CallOutcome::TryLater(cause) if cause.reason != RefusalClass::TryLater.as_str() => Some(cause),
        _ => None,
    }
}

impl Pending {
    /// How long the command has waited since its turn came, or before it, behind others that waited for the same: no longer than alone.
    pub(super) fn waited(&self, record: &Record) -> Duration {
        let together = self.waits_since.map(|since| SharedWaits::waited(since, record.timestamp));
        self.since.elapsed().max(together.unwrap_or_default())
    }
}
