//! Tokens that Meta refused. Nobody gets one until its file changes, but that it is tried again, soon and then less and less often: in
//! trouble of its own Meta may refuse what is valid, and nobody would change a file for that.

use crate::AccessToken;
use prometheus::{IntGaugeVec, Registry};
use runtime::metrics;
use runtime::mutex::lock;
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How soon a token is tried that was refused once: what an account is asked for meanwhile is refused for good.
pub(super) const TRIED_AFTER: Duration = Duration::from_secs(5);
/// How often one is tried that is refused each time.
const TRIED_EVERY_AT_MOST: Duration = Duration::from_mins(5);

/// Them, by what is to be done with each.
#[derive(Debug)]
pub(super) struct RefusedTokens {
    tokens: Mutex<HashMap<AccessToken, Refusal>>,
    gauge: IntGaugeVec,
}

#[derive(Clone, Copy, Debug)]
struct Refusal {
    at: Instant,
    withheld_for: Duration,
}

impl Refusal {
    fn withholds(self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) < self.withheld_for
    }

    /// After it was tried. A call that was under way when it was refused has tried nothing.
    fn again(self, now: Instant) -> Self {
        if self.withholds(now) {
            return self;
        }
        Self { at: now, withheld_for: (self.withheld_for * 2).min(TRIED_EVERY_AT_MOST) }
    }
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
        tokens.get(token).is_some_and(|refusal| refusal.withholds(now))
    }

    pub(super) fn refuse(&self, token: &AccessToken, now: Instant) {
        let first = Refusal { at: now, withheld_for: TRIED_AFTER };
        let mut tokens = lock(&self.tokens);
        tokens.entry(token.clone()).and_modify(|refusal| *refusal = refusal.again(now)).or_insert(first);
        drop(tokens);
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
