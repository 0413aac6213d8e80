//! What the Graph API gave an answer of sense to last, and when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use weir_graph::{AccessToken, Payer};

/// The latest by the app that asked, and its host.
#[derive(Debug, Default)]
pub(super) struct Answering(Mutex<BTreeMap<Arc<str>, Answered>>);

/// A call that was answered.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    at: Instant,
    pub(super) relative_url: String,
    pub(super) token: AccessToken,
    pub(super) payer: Payer,
}

impl Answering {
    pub(super) fn now(&self, relative_url: String, token: AccessToken, payer: Payer) {
        let app = Arc::clone(token.app());
        self.latest().insert(app, Answered { at: Instant::now(), relative_url, token, payer });
    }

    pub(super) fn since(&self, token: &AccessToken, then: Instant) -> bool {
        self.latest().get(token.app()).is_some_and(|latest| latest.at > then)
    }

    pub(super) fn last(&self, token: &AccessToken) -> Option<Answered> {
        self.latest().get(token.app()).cloned()
    }

    fn latest(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Answered>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
