//! What a call needs before it is made: a token, and room below Meta's limits.

use super::Replies;
use super::attempt::Stop;
use crate::command::Command;
use crate::outcome::{CallOutcome, Cause};
use crate::pending::{LOOK_EVERY, Pending};
use runtime::consumer::{Failure, Wait};
use schemas::reply::{Action, Open};
use std::time::{Duration, Instant};
use weir_graph::{AccessToken, CallBudgets, GraphId, LimitWaits, RateLimited, RefusalClass, Scope};

/// Why a command waits for the limit of `--reply-likes`, which stays below Meta's.
const LIKE_LIMIT: &str = "--reply-likes is reached: the account liked as many comments in 5 seconds as one process may send, below Meta's 50";

impl Replies {
    /// The account's token, or why it has none that Meta takes: not that they were not read yet, before which nothing is handled.
    pub(super) fn token(&self, command: &Command) -> Result<AccessToken, Cause> {
        self.tokens.of(&command.account).map_err(|no_token| {
            self.tokens.say_missing(&command.account, &no_token, "its commands are refused");
            Cause { reason: no_token.reason(), error: no_token.to_string() }
        })
    }

    /// Whether the limits leave room for the command's call; it waits for them, unless that took longer than it may.
    pub(super) fn check_limits(
        &self,
        pending: &Pending,
        limit_waits: &mut LimitWaits,
        command: &Command,
        budgets: &CallBudgets,
    ) -> Result<(), Stop> {
        let Some((error, limited)) = self.limited(command, budgets) else { return Ok(()) };
        let waited = pending.since.elapsed();
        let left = limited.until.saturating_duration_since(Instant::now());
        let before =
            if limited.is_of_one_account() { limit_waits.waited(&command.account) } else { Duration::ZERO };
        if before + waited + left > self.settings.reply_patience {
            if limited.is_of_one_account() {
                limit_waits.add(&command.account, pending.since, waited);
            }
            return Err(Cause { reason: limited.limit.reason(), error }.into());
        }
        let on = match limited.scope {
            Scope::App => Wait::AppLimit,
            Scope::Token | Scope::Account => Wait::AccountLimit,
        };
        Err(Failure::Unavailable { error, wait: Some(left.min(LOOK_EVERY)), on }.into())
    }

    /// What leaves no room for the command's call, and until when; where there is room, it counts as made.
    fn limited(&self, command: &Command, budgets: &CallBudgets) -> Option<(String, RateLimited)> {
        let now = Instant::now();
        let by_calls = self.rate_limiter.admit(&[budgets], now).pop().flatten();
        let by_likes = || self.is_like(command).then(|| self.likes.admit(&command.account, now)).flatten();
        by_calls
            .map(|limited| (limited.limit.to_string(), limited))
            .or_else(|| by_likes().map(|limited| (LIKE_LIMIT.to_owned(), limited)))
    }

    /// Whether it is among what Instagram counts as likes; of pages Meta states no such limit.
    fn is_like(&self, command: &Command) -> bool {
        matches!(command.subject.action, Open::Known(Action::CommentLike | Action::CommentUnlike))
            && self.tokens.account(&command.account).is_instagram()
    }
}

/// Notes by the outcome of a call how long its command, which waited from `since` on, has waited for the limit of its account: one that
/// is blocked has.
pub(super) fn called(limit_waits: &mut LimitWaits, account: &GraphId, outcome: &CallOutcome, since: Instant) {
    match outcome {
        CallOutcome::Refused(cause) if cause.reason == RefusalClass::Blocked.as_str() => {
            limit_waits.add(account, since, since.elapsed());
        }
        // Commands are called one after the other, so that each wait is over when the next call is begun.
        CallOutcome::Done(_) | CallOutcome::Refused(_) => limit_waits.answered(account, Instant::now()),
        CallOutcome::TokenRefused(_)
        | CallOutcome::Throttled
        | CallOutcome::TryLater(_)
        | CallOutcome::Unknown(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn refused(reason: &'static str) -> CallOutcome {
        CallOutcome::Refused(Cause { reason, error: String::new() })
    }

    /// What is left of waits of two minutes, in minutes, after a call that came to this when it had waited for another one.
    fn left_after(outcome: &CallOutcome) -> u64 {
        let (mut limits, account) = (LimitWaits::default(), GraphId::parse("17").unwrap());
        let since = Instant::now().checked_sub(MINUTE).unwrap();
        limits.add(&account, since, MINUTE);
        limits.add(&account, since, MINUTE);
        called(&mut limits, &account, outcome, since);
        assert_eq!(limits.waited(&GraphId::parse("18").unwrap()), Duration::ZERO);
        limits.waited(&account).as_secs() / 60
    }

    #[test]
    fn waits_for_an_accounts_limit_are_summed_until_a_call_is_answered() {
        assert_eq!(left_after(&CallOutcome::Done(None)), 0);
        assert_eq!(left_after(&refused("invalid_call")), 0);
        assert_eq!(left_after(&CallOutcome::Throttled), 2);
        assert_eq!(left_after(&refused("blocked")), 3);
    }
}
