//! Tokens that Meta refused. Nobody gets one until its file changes, but that it is tried again every few minutes: in trouble of
//! its own Meta may refuse what is valid, and nobody would change a file for that.

use crate::AccessToken;
use prometheus::{IntGaugeVec, Registry};
use runtime::metrics;
use runtime::mutex::lock;
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often a refused token is tried.
pub(super) const TRIED_EVERY: Duration = Duration::from_mins(5);

/// Them, each with when it was refused.
#[derive(Debug)]
pub(super) struct RefusedTokens {
    tokens: Mutex<HashMap<AccessToken, Instant>>,
    gauge: IntGaugeVec,
}

impl RefusedTokens {
    pub(super) fn new(registry: &Registry) -> Self {
        let gauge = metrics::gauges(
            registry,
            "weir_graph_token_refused",
            "1 while Meta refuses the access token of this file: put a new one into it",
            &["account"],
        );
        Self { tokens: Mutex::default(), gauge }
    }

    /// Whether this very token was refused.
    pub(super) fn has(&self, token: &AccessToken) -> bool {
        lock(&self.tokens).contains_key(token)
    }

    /// Whether nobody gets it now. Once it is due again everybody does, until Meta says something of it: a call may be held, or
    /// fail for something else.
    pub(super) fn withholds(&self, token: &AccessToken, now: Instant) -> bool {
        let tokens = lock(&self.tokens);
        tokens.get(token).is_some_and(|refused| now.saturating_duration_since(*refused) < TRIED_EVERY)
    }

    pub(super) fn refuse(&self, token: &AccessToken, now: Instant) {
        lock(&self.tokens).insert(token.clone(), now);
        self.gauge.with_label_values(&[token.name()]).set(1);
    }

    /// Forgets that it was refused; whether it was.
    pub(super) fn accept(&self, token: &AccessToken) -> bool {
        let was = lock(&self.tokens).remove(token).is_some();
        if was {
            self.gauge.with_label_values(&[token.name()]).set(0);
        }
        was
    }

    /// A token whose file changed may be used again; one whose file is gone is nobody's any more.
    pub(super) fn changed(&self, tokens: &BTreeMap<String, AccessToken>) {
        lock(&self.tokens).retain(|refused, _| {
            let (name, now) = (&**refused.name(), tokens.get(&**refused.name()));
            match now {
                None => self.gauge.remove_label_values(&[name]).unwrap_or_default(),
                Some(now) if now != refused => self.gauge.with_label_values(&[name]).set(0),
                Some(_) => {}
            }
            now == Some(refused)
        });
    }

    #[cfg(test)]
    pub(super) fn shown(&self, name: &str) -> i64 {
        self.gauge.with_label_values(&[name]).get()
    }
}
