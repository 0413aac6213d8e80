//! Whose hosts were reached, and when.

use runtime::mutex::lock;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use weir_graph::{AccessToken, CallError};

/// By the app that asked, and its host.
#[derive(Debug, Default)]
pub(crate) struct Reached(Mutex<BTreeMap<Arc<str>, Instant>>);

impl Reached {
    /// A request with this token came to nothing for these errors, or else to something. Who is silent, or fails, is reached.
    pub(super) fn note<'a>(
        &self,
        token: &AccessToken,
        mut errors: impl Iterator<Item = Option<&'a CallError>>,
    ) {
        if errors.any(|error| !matches!(error, Some(CallError::Unreachable { .. }))) {
            lock(&self.0).insert(Arc::clone(token.app()), Instant::now());
        }
    }

    /// Whether the host of another app than the token's was reached after `then`.
    pub(crate) fn others_since(&self, token: &AccessToken, then: Instant) -> bool {
        lock(&self.0).iter().any(|(app, at)| app != token.app() && *at > then)
    }
}
