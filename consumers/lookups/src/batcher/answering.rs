//! When the Graph API last gave an answer of sense, to whomever.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use weir_graph::AccessToken;

/// The latest answer by the app that asked, and its host.
#[derive(Debug, Default)]
pub(super) struct Answering(Mutex<BTreeMap<Arc<str>, Instant>>);

impl Answering {
    pub(super) fn now(&self, token: &AccessToken) {
        self.latest().insert(Arc::clone(token.app()), Instant::now());
    }

    pub(super) fn since(&self, token: &AccessToken, then: Instant) -> bool {
        self.latest().get(token.app()).is_some_and(|latest| *latest > then)
    }

    fn latest(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
