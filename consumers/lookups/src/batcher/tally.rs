//! How many calls the Graph API has answered, and how many it has not, by the app that asked and its host.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use weir_graph::AccessToken;

/// Of so many calls of others that are answered, one may fail, and the Graph API counts as well.
const ANSWERED_FOR_ONE_FAILED: u64 = 9;

/// Calls of one app so far: those that got an answer of sense, and the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    answered: u64,
    failed: u64,
}

impl Tally {
    /// Whether any call was answered since then.
    pub(crate) const fn is_answered_since(self, then: Self) -> bool {
        self.answered > then.answered
    }

    /// Whether the calls of others were answered since then, where so many that failed are one's own.
    pub(crate) const fn others_are_answered_since(self, then: Self, own: u64) -> bool {
        let failed = self.failed.saturating_sub(then.failed).saturating_sub(own);
        self.answered.saturating_sub(then.answered) > failed * ANSWERED_FOR_ONE_FAILED
    }
}

/// The tally of each app.
#[derive(Debug, Default)]
pub(super) struct Tallies(Mutex<BTreeMap<Arc<str>, Tally>>);

impl Tallies {
    pub(super) fn answered(&self, token: &AccessToken) {
        self.lock().entry(Arc::clone(token.app())).or_default().answered += 1;
    }

    pub(super) fn failed(&self, token: &AccessToken) {
        self.lock().entry(Arc::clone(token.app())).or_default().failed += 1;
    }

    pub(super) fn of(&self, token: &AccessToken) -> Tally {
        self.lock().get(token.app()).copied().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Tally>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_answered_where_nine_of_ten_of_their_calls_are() {
        let then = Tally { answered: 100, failed: 100 };
        for (answered, failed, are) in
            [(0, 1, false), (1, 1, true), (9, 2, false), (10, 2, true), (50, 50, false)]
        {
            let now = Tally { answered: 100 + answered, failed: 100 + failed };
            assert_eq!(now.others_are_answered_since(then, 1), are, "{answered} answered, {failed} failed");
        }
    }
}
