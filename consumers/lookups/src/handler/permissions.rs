//! Whether a dead letter says something of one account alone: it has no token, or none that Meta lets do this.

use runtime::consumer::Failure;
use runtime::mutex::lock;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use weir_graph::{AccessTokens, GraphId};

/// What the token of an account may come to.
const OF_TOKEN: [&str; 2] = ["no_token", "token"];
const PERMISSION: &str = "permission";

/// The names of tokens that lacked a permission when they were used last: as many as there are tokens, at most.
#[derive(Debug, Default)]
pub(crate) struct Permissions(Mutex<BTreeSet<Arc<str>>>);

impl Permissions {
    /// A lookup of this account was answered.
    pub(crate) fn granted(&self, tokens: &AccessTokens, account: &GraphId) {
        let mut lacking = lock(&self.0);
        if !lacking.is_empty()
            && let Ok(token) = tokens.of(account)
        {
            lacking.remove(token.name());
        }
    }

    /// What a lookup of this account failed for. Where another account has a token that may be used, the account's own token is no
    /// mistake of the handler's, and stops the consumer for nobody; where none has, everything would become a dead letter.
    pub(crate) fn judge(&self, failure: Failure, tokens: &AccessTokens, account: &GraphId) -> Failure {
        let Failure::Reject { reason, error } = failure else { return failure };
        let mut lacking = lock(&self.0);
        if reason == PERMISSION
            && let Ok(token) = tokens.of(account)
        {
            lacking.insert(Arc::clone(token.name()));
        }
        let is_of_account = reason == PERMISSION || OF_TOKEN.contains(&reason);
        if is_of_account && tokens.is_any_usable(|token| !lacking.contains(token.name())) {
            return Failure::Expired { reason, error };
        }
        Failure::Reject { reason, error }
    }
}
