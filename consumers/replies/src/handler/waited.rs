//! How long a command has waited for its host or its conversation, together with those that waited for the same before it.

use super::Replies;
use crate::command::Command;
use crate::outcome::CallOutcome;
use crate::pending::Pending;
use runtime::consumer::Record;
use runtime::mutex::lock;
use std::time::{Duration, Instant};
use weir_graph::{AccessToken, RefusalClass, SharedWaits};

impl Replies {
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
            CallOutcome::TryLater(cause) if cause.reason != RefusalClass::TryLater.as_str() => {
                Some(waits.waits(&host, now))
            }
            CallOutcome::TryLater(_) => {
                waits.reached(&host, now);
                Some(waits.waits(&command.key, now))
            }
            // Who is silent is reached.
            _ => {
                waits.reached(&host, now);
                waits.over(&command.key);
                None
            }
        }
    }
}

impl Pending {
    /// How long the command has waited since its turn came, or before it, behind others that waited for the same: no longer than alone.
    pub(super) fn waited(&self, record: &Record) -> Duration {
        let together = self.waits_since.map(|since| SharedWaits::waited(since, record.timestamp));
        self.since.elapsed().max(together.unwrap_or_default())
    }
}
