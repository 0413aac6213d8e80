//! Whose hosts are reached, and since when those that are not are waited for.

use runtime::mutex::lock;
use std::sync::Mutex;
use std::time::Instant;
use weir_graph::{AccessToken, CallError, GraphUrl, SharedWaits};

/// By the app that asked, and its host; by the host alone where nobody's app asked.
#[derive(Debug, Default)]
pub(crate) struct Reached(Mutex<SharedWaits>);

impl Reached {
    /// A request with this token came to nothing for these errors, or else to something. Who is silent, or fails, is reached.
    pub(super) fn note<'a>(
        &self,
        token: &AccessToken,
        mut errors: impl Iterator<Item = Option<&'a CallError>>,
    ) {
        if errors.any(|error| !matches!(error, Some(CallError::Unreachable { .. }))) {
            lock(&self.0).reached(token.app(), Instant::now());
        } else {
            lock(&self.0).not_reached(token.app());
        }
    }

    /// The host of the token's app was not reached while that of another was; since when lookups wait for it.
    pub(crate) fn note_wait(&self, token: &AccessToken) -> Instant {
        lock(&self.0).note_wait_beside_reached(token.app(), Instant::now())
    }

    /// Hosts were asked for whether they are reached, which no app was.
    pub(super) fn asked(&self, hosts: &[(GraphUrl, bool)]) {
        lock(&self.0).asked(hosts, Instant::now());
    }

    /// Whether the host of another app than the token's, which is at `host`, is reached, and was after `then`.
    pub(super) fn others_since(&self, token: &AccessToken, host: &str, then: Instant) -> bool {
        lock(&self.0).reaches_another(&[token.app(), host], then)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_its_host_is_not_reached_again_ends_no_wait_before_others_were_asked() {
        let (reached, token) =
            (Reached::default(), AccessToken::parse("default", "EAAsecret", None).unwrap());
        let since = reached.note_wait(&token);
        // None that came to anything else.
        reached.note(&token, std::iter::empty());
        assert_eq!(reached.note_wait(&token), since);
        reached.note(&token, std::iter::once(None));
        assert_ne!(reached.note_wait(&token), since, "it is another wait");
    }

    #[test]
    fn that_its_own_host_was_reached_when_it_was_asked_for_others_is_not_that_another_is() {
        let (reached, then) = (Reached::default(), Instant::now());
        let token = AccessToken::parse("1784", "EAAsecret", None).unwrap();
        let [own, other] =
            ["https://own.example", "https://other.example"].map(|url| GraphUrl::parse(url).unwrap());
        reached.asked(&[(own.clone(), true), (other.clone(), false)]);
        assert!(!reached.others_since(&token, &own.origin(), then));
        reached.asked(&[(other, true)]);
        assert!(reached.others_since(&token, &own.origin(), then));
    }
}
