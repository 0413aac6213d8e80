//! Whether a lookup whose calls fail, or may not be made, is given up: pure.
//!
//! | its call | its patience | it is given up |
//! |---|---|---|
//! | failed, or was answered without sense | runs | after `--lookup-patience`, or after 5 minutes where it is [certain](super::evidence) that the lookup itself is why |
//! | did not reach its host, while others are reached | runs | after `--lookup-patience`, of its own or of all that wait for the host |
//! | did not reach its host, nor is any other reached | stands still | not for that |
//! | failed with its batch as a whole | runs | not for that: it goes into a smaller one |
//! | was not made, for want of a token | stands still | at once or never, by `--without-token`: see `token` in `lookup.rs` |
//! | was not made, for a limit of its account alone | stands still | once what its partition has waited for that since the account's last answer, with what is left of it, exceeds `--lookup-limit-patience`: it blocks the other accounts of its partition |
//! | was not made, for another limit of calls | stands still | not for that: it stops others as well |

use super::WaitReason;
use crate::settings::RetrySettings;
use runtime::consumer::Failure;
use std::time::{Duration, Instant};
use weir_graph::{GraphId, LimitWaits, RefusalClass};

/// How a call failed.
#[derive(Clone, Copy, Debug)]
pub(super) enum FailedCall {
    /// By itself, and whether it is certain that the lookup is why.
    Alone { is_own_fault: bool },
    /// Its host was not reached while others are; for how long it has waited with all that wait for the host.
    HostUnreached { together: Duration },
    /// No host is reached, so that the time since the former failure does not count. What counted before stays: that no other is seen to be
    /// reached may be for want of somebody who asks.
    NoneReached { paused: Duration },
    /// With its batch as a whole.
    Batch,
}

/// The time for which calls fail.
#[derive(Debug)]
pub(super) struct Patience {
    limit: Duration,
    /// Where the lookup itself is why.
    own_fault_limit: Duration,
    /// When calls began to fail, later by the time that does not count.
    failing: Option<Instant>,
}

impl Patience {
    pub(super) const fn new(settings: &RetrySettings) -> Self {
        Self { limit: settings.lookup_patience, own_fault_limit: settings.hopeless_after, failing: None }
    }

    /// No call could fail for so long.
    pub(super) fn pause(&mut self, time: Duration) {
        self.failing = self.failing.map(|since| since + time);
    }

    /// A call failed; whether the lookup is given up.
    pub(super) fn ends_with(&mut self, failed: FailedCall, now: Instant) -> bool {
        if let FailedCall::NoneReached { paused } = failed {
            self.pause(paused);
            return false;
        }
        let failing = now.saturating_duration_since(*self.failing.get_or_insert(now));
        match failed {
            FailedCall::Alone { is_own_fault } => {
                failing >= self.limit || is_own_fault && failing >= self.own_fault_limit
            }
            FailedCall::HostUnreached { together } => failing.max(together) >= self.limit,
            FailedCall::NoneReached { .. } | FailedCall::Batch => false,
        }
    }
}

/// Gives a lookup up (`throttled`) that waits for a limit of its account alone, where its partition has waited for that too long, with what
/// is left of it.
pub(super) fn check_account_limit(
    reason: &WaitReason,
    account: &GraphId,
    limit_waits: &LimitWaits,
    patience: Duration,
    now: Instant,
) -> Result<(), Failure> {
    let WaitReason { why, until: Some(until), is_account_limit: true, .. } = reason else {
        return Ok(());
    };
    let left = until.saturating_duration_since(now);
    if limit_waits.waited(account) + left <= patience {
        return Ok(());
    }
    let error = format!("{why}: another {} s for account {account}", left.as_secs());
    Err(Failure::RejectUncounted { reason: RefusalClass::Throttled.as_str(), error })
}

#[cfg(test)]
mod tests {
    use super::FailedCall::{Alone, Batch, HostUnreached, NoneReached};
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);
    const FAILED: FailedCall = Alone { is_own_fault: false };
    const NONE_REACHED: FailedCall = NoneReached { paused: MINUTE };

    /// In which minute a lookup ends of which a call fails in each.
    fn ends(calls: impl IntoIterator<Item = FailedCall>) -> Option<usize> {
        let start = Instant::now();
        let mut patience = Patience { limit: 15 * MINUTE, own_fault_limit: 5 * MINUTE, failing: None };
        let mut now = start;
        calls.into_iter().position(|call| {
            let is_over = patience.ends_with(call, now);
            now += MINUTE;
            is_over
        })
    }

    #[test]
    fn each_failure_ends_a_lookup_in_its_own_time() {
        assert_eq!(ends([FAILED; 20]), Some(15));
        assert_eq!(ends([Alone { is_own_fault: true }; 20]), Some(5));
        assert_eq!(ends([HostUnreached { together: Duration::ZERO }; 20]), Some(15));
        assert_eq!(ends([FAILED, HostUnreached { together: 15 * MINUTE }]), Some(1));
        assert_eq!(ends([NONE_REACHED; 100]), None);
        assert_eq!(ends([Batch; 100]), None);
    }

    #[test]
    fn an_outage_of_all_stops_the_time_and_a_batch_that_fails_does_not() {
        assert_eq!(ends([Batch; 14].into_iter().chain([FAILED; 20])), Some(15));
        let outage = [FAILED; 10].into_iter().chain([NONE_REACHED; 30]).chain([FAILED; 20]);
        assert_eq!(ends(outage), Some(10 + 30 + 5));
    }
}
