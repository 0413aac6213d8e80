//! For how long the commands of a partition, one after the other, have waited for the limit of one account: pure.

use crate::outcome::CallOutcome;
use std::collections::HashMap;
use std::time::Duration;
use weir_graph::{GraphId, Hold, RefusalClass, Scope};

/// By account, how long commands waited that its limit refused in the end; forgotten with the next call that is answered.
#[derive(Debug, Default)]
pub(crate) struct OwnLimits(HashMap<GraphId, Duration>);

impl OwnLimits {
    /// How much was waited for what holds a call now. What accounts share holds all of them, so that it counts for none.
    pub(crate) fn waited(&self, account: &GraphId, hold: &Hold) -> Duration {
        if is_own(hold) { self.0.get(account).copied().unwrap_or_default() } else { Duration::ZERO }
    }

    /// A command is refused that has waited for so long.
    pub(crate) fn refused(&mut self, account: &GraphId, hold: &Hold, waited: Duration) {
        if is_own(hold) {
            self.add(account, waited);
        }
    }

    /// A command that has waited for so long was called.
    pub(crate) fn called(&mut self, account: &GraphId, outcome: &CallOutcome, waited: Duration) {
        match outcome {
            CallOutcome::Refused(cause) if cause.reason == RefusalClass::Blocked.as_str() => {
                self.add(account, waited);
            }
            CallOutcome::Done(_) | CallOutcome::Refused(_) => {
                self.0.remove(account);
            }
            CallOutcome::TokenRefused(_)
            | CallOutcome::Throttled
            | CallOutcome::TryLater(_)
            | CallOutcome::Unknown(_) => {}
        }
    }

    fn add(&mut self, account: &GraphId, waited: Duration) {
        *self.0.entry(account.clone()).or_default() += waited;
    }
}

fn is_own(hold: &Hold) -> bool {
    hold.stopped && hold.scope == Scope::Account
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Cause;
    use std::time::Instant;

    const MINUTE: Duration = Duration::from_mins(1);

    fn account() -> GraphId {
        GraphId::parse("17").unwrap()
    }

    fn hold(scope: Scope) -> Hold {
        Hold { until: Instant::now(), stopped: true, scope }
    }

    fn refused(reason: &'static str) -> CallOutcome {
        CallOutcome::Refused(Cause { reason, error: String::new() })
    }

    /// What is left of waits of two minutes after a call that came to this.
    fn left_after(outcome: &CallOutcome) -> Duration {
        let mut limits = OwnLimits::default();
        limits.refused(&account(), &hold(Scope::Account), MINUTE);
        limits.refused(&account(), &hold(Scope::Account), MINUTE);
        limits.called(&account(), outcome, MINUTE);
        limits.waited(&account(), &hold(Scope::Account))
    }

    #[test]
    fn waits_for_an_accounts_limit_are_summed_until_a_call_is_answered() {
        assert_eq!(left_after(&CallOutcome::Done(None)), Duration::ZERO);
        assert_eq!(left_after(&refused("invalid_call")), Duration::ZERO);
        assert_eq!(left_after(&CallOutcome::Throttled), 2 * MINUTE);
        assert_eq!(left_after(&refused("blocked")), 3 * MINUTE);
    }

    #[test]
    fn a_limit_that_accounts_share_is_nobodys_own() {
        let mut limits = OwnLimits::default();
        for scope in [Scope::App, Scope::Token] {
            limits.refused(&account(), &hold(scope), MINUTE);
            assert_eq!(limits.waited(&account(), &hold(Scope::Account)), Duration::ZERO);
        }
        limits.refused(&account(), &hold(Scope::Account), MINUTE);
        assert_eq!(limits.waited(&account(), &hold(Scope::App)), Duration::ZERO);
        assert_eq!(limits.waited(&GraphId::parse("18").unwrap(), &hold(Scope::Account)), Duration::ZERO);
    }
}
