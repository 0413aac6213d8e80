//! Whether a dead letter says something of one account alone: it has no token, or none that Meta lets do this.

use runtime::consumer::Failure;
use runtime::mutex::lock;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use weir_graph::{AccessTokens, GraphId};

/// What is kept from an account alone, where others are answered.
const OF_ACCOUNT: [&str; 3] = ["no_token", TOKEN, "permission"];
/// Of a token that Meta refuses.
const TOKEN: &str = "token";

/// How long an answer shows that a token is good for lookups.
const GOOD_FOR: Duration = Duration::from_hours(1);

/// The accounts of which Meta answered a lookup, with the name of the token and when; without those that failed since.
#[derive(Debug, Default)]
pub(crate) struct Permissions(Mutex<HashMap<GraphId, (Arc<str>, Instant)>>);

impl Permissions {
    /// A lookup of this account was asked of Meta, and answered.
    pub(crate) fn granted(&self, tokens: &AccessTokens, account: &GraphId, now: Instant) {
        let Ok(token) = tokens.of(account) else { return };
        lock(&self.0).insert(account.clone(), (Arc::clone(token.name()), now));
    }

    /// What a lookup of this account failed for. Where another account's was answered lately, the account's own token is no mistake of
    /// the handler's, and stops the consumer for nobody; where none was, everything would become a dead letter.
    pub(crate) fn judge(
        &self,
        failure: Failure,
        tokens: &AccessTokens,
        account: &GraphId,
        now: Instant,
    ) -> Failure {
        let Failure::Reject { reason, error } = failure else { return failure };
        if !OF_ACCOUNT.contains(&reason) {
            return Failure::Reject { reason, error };
        }
        let mut answered = lock(&self.0);
        answered.remove(account);
        // A token that is refused is so for all whom it serves.
        let refused = if reason == TOKEN { tokens.name_of(account) } else { None };
        answered.retain(|_, (name, at)| {
            now.saturating_duration_since(*at) < GOOD_FOR && refused.as_ref() != Some(name)
        });
        if answered.is_empty() {
            Failure::Reject { reason, error }
        } else {
            Failure::RejectUncounted { reason, error }
        }
    }
}
