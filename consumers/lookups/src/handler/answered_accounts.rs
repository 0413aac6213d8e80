//! The accounts that were answered lately, by which a dead letter is told to be of one account alone: it has no token, or none that Meta
//! lets do this.

use runtime::consumer::Failure;
use runtime::mutex::lock;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use weir_graph::{AccessTokens, GraphId, NoToken, RefusalClass};

/// What is kept from an account alone, where others are answered.
const OF_ACCOUNT: [&str; 3] = [NoToken::MISSING, NoToken::REFUSED, RefusalClass::Permission.as_str()];

/// How long an answer shows that a token is good for lookups.
const GOOD_FOR: Duration = Duration::from_hours(1);

/// The accounts of which Meta answered a lookup, with the name of the token and when; without those that failed since.
#[derive(Debug, Default)]
pub(crate) struct AnsweredAccounts(Mutex<HashMap<GraphId, (Arc<str>, Instant)>>);

impl AnsweredAccounts {
    /// A lookup of this account was asked of Meta, and answered.
    pub(crate) fn record(&self, tokens: &AccessTokens, account: &GraphId) {
        let Ok(token) = tokens.of(account) else { return };
        lock(&self.0).insert(account.clone(), (Arc::clone(token.name()), Instant::now()));
    }

    /// What a lookup of this account failed for. Where another account's was answered lately, the account's own token is no mistake of
    /// the handler's, and stops the consumer for nobody; where none was, everything would become a dead letter.
    pub(crate) fn classify(&self, failure: Failure, tokens: &AccessTokens, account: &GraphId) -> Failure {
        let Failure::Reject { reason, error } = failure else { return failure };
        if !OF_ACCOUNT.contains(&reason) {
            return Failure::Reject { reason, error };
        }
        let mut answered = lock(&self.0);
        answered.remove(account);
        // A token that is refused is so for all whom it serves.
        let refused = if reason == NoToken::REFUSED { tokens.name_of(account) } else { None };
        answered.retain(|_, (name, at)| at.elapsed() < GOOD_FOR && refused.as_ref() != Some(name));
        if answered.is_empty() {
            Failure::Reject { reason, error }
        } else {
            Failure::RejectUncounted { reason, error }
        }
    }
}
