//! Whether a lookup itself is why its calls fail: they fail far more often in a row than those that can be answered.

use super::{LookupClient, PROBE_OTHERS_EVERY};
use crate::batcher::SendOutcome;
use crate::policy::{self, Next};
use std::time::Instant;
use weir_graph::AccessToken;

/// The failures of one lookup in a row, without those of batches as a whole, which may be anybody's.
#[derive(Debug)]
pub(super) struct FailureEvidence {
    began: Instant,
    /// Or when the first call was made.
    last_failure: Instant,
    failures: u32,
    /// Those before which others were answered since the failure before.
    failures_while_others_answered: u32,
}

impl FailureEvidence {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { began: now, last_failure: now, failures: 0, failures_while_others_answered: 0 }
    }

    /// Its call failed; whether others were answered since the former one.
    pub(super) async fn failed(&mut self, client: &LookupClient, token: &AccessToken) -> bool {
        self.failures += 1;
        let former = std::mem::replace(&mut self.last_failure, Instant::now());
        let others_are_answered = client.answers_others(token, former).await;
        self.failures_while_others_answered += u32::from(others_are_answered);
        others_are_answered
    }

    /// The Graph API had something to say to its call.
    pub(super) fn answered(&mut self, client: &LookupClient, token: &AccessToken) {
        if self.failures > 0 {
            client.batcher.last_answers().recovered(token, self.failures);
        }
        *self = Self::new();
    }

    /// True once it failed `--lookup-attempts` × (1 + N) times while other calls were answered; N is the longest run of failures
    /// from which a call recovered since this lookup began.
    pub(super) fn is_certain(&self, client: &LookupClient, token: &AccessToken) -> bool {
        let of_others = client.batcher.last_answers().most_failures_since(token, self.began);
        self.failures_while_others_answered
            >= client.settings.lookup_attempts.saturating_mul(of_others.saturating_add(1))
    }
}

impl LookupClient {
    /// Whether the Graph API gave anybody an answer of sense after `then`; where it did not, it is asked again for what it
    /// answered last, since there may be nobody else.
    async fn answers_others(&self, token: &AccessToken, then: Instant) -> bool {
        let last_answers = self.batcher.last_answers();
        // Of an answer the batcher takes note.
        if !last_answers.since(token, then)
            && self.probe.pass(Instant::now()).is_some()
            && let Some(SendOutcome::Answered(Err(error))) = self.batcher.probe_app(token).await
            && policy::next(&error) == Next::Again
        {
            last_answers.failed_again(token);
        }
        last_answers.since(token, then)
    }

    /// Whether the host of another app was reached after `then`, or within the last minute; where none was, the other hosts are asked
    /// whether they are, without a token, since there may be nobody else.
    pub(super) async fn reaches_others(&self, token: &AccessToken, then: Instant) -> bool {
        let now = Instant::now();
        // A minute stands for now, so that others need not be asked for each failure.
        let then = now.checked_sub(2 * PROBE_OTHERS_EVERY).map_or(then, |lately| then.min(lately));
        if !self.batcher.reaches_others_since(token, then) && self.probe_of_others.pass(now).is_some() {
            self.batcher.probe_hosts(self.tokens.other_hosts(token)).await;
        }
        self.batcher.reaches_others_since(token, then)
    }
}
