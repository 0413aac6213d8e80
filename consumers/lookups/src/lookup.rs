//! One lookup from the first call to its end: an answer, or the reason why there will never be one.

mod evidence;
mod patience;
mod steps;

use crate::batcher::{Asked, Batcher, SendOutcome};
use crate::call::Wanted;
use crate::metrics::LookupMetrics;
use crate::policy::{self, Next};
use crate::settings::RetrySettings;
use evidence::FailureEvidence;
use patience::{FailedCall, Patience};
use runtime::backoff::{self, Backoff};
use runtime::consumer::{Failure, Wait};
use runtime::process::chain;
use runtime::throttle::Throttle;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;
use weir_graph::{
    AccessToken, AccessTokens, CallBudgets, CallError, GraphId, NoToken, Outcome, REFUSED_TRIED_AFTER,
    RateLimited, Scope, SharedWaits,
};

/// A batch that failed as a whole is sent again in parts of this part of its size, down to single calls.
const SMALLER: usize = 4;

/// How often it is asked whether the Graph API still answers, at most.
pub(crate) const PROBE_EVERY: Duration = Duration::from_secs(1);

/// How often another app's host is asked, at most, to see that it is reached.
pub(crate) const PROBE_OTHERS_EVERY: Duration = Duration::from_secs(30);

/// What becomes of events whose account has no token that Meta accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithoutToken {
    /// They become dead letters.
    DeadLetter,
    /// They wait for a token, and what is behind them in their partitions with them.
    Wait,
}

/// Makes lookups: with the tokens there are, in batches, tried again.
#[derive(Debug)]
pub(crate) struct LookupClient {
    pub(crate) tokens: Arc<AccessTokens>,
    pub(crate) batcher: Batcher,
    /// Calls of one batch, at most.
    pub(crate) batch_size: usize,
    /// The version of the Graph API.
    pub(crate) version: String,
    pub(crate) settings: RetrySettings,
    pub(crate) metrics: LookupMetrics,
    /// How long a call may take.
    pub(crate) answer_within: Duration,
    /// Lets what lookups wait for be said now and then.
    pub(crate) log: Throttle,
    /// Lets a question through now and then that the Graph API could answer before.
    pub(crate) probe: Throttle,
    /// Lets other hosts be asked now and then whether they are reached.
    pub(crate) probe_of_others: Throttle,
}

/// What a lookup waits for while it makes no call; without one, its call is in the queue or under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WaitReason {
    pub(crate) on: Wait,
    /// One line.
    pub(crate) why: String,
    /// Until when, where that is known.
    pub(crate) until: Option<Instant>,
    /// Whether it is the limit of calls of this account alone, which other accounts in its partition wait behind.
    pub(crate) is_account_limit: bool,
}

/// Where a lookup says what it waits for.
#[derive(Debug)]
pub(crate) struct WaitReporter {
    pub(crate) reasons: watch::Sender<Option<WaitReason>>,
    /// When the record was written that is looked up.
    pub(crate) written: Option<SystemTime>,
}

/// The course of one lookup.
struct LookupRun<'a> {
    client: &'a LookupClient,
    account: &'a GraphId,
    status: &'a WaitReporter,
    without_token: WithoutToken,
    batch_size: usize,
    evidence: FailureEvidence,
    patience: Patience,
    failures: u32,
    /// Or when the lookup began.
    last_back_off: Instant,
    backoff: Backoff,
}

impl LookupClient {
    /// Looks one thing up, and says when the call that was answered was begun. There is no limit of time, except `--lookup-patience`
    /// for calls that keep failing, as those do whose answer is none.
    pub(crate) async fn look_up(
        &self,
        account: &GraphId,
        relative_url: &str,
        status: &WaitReporter,
        without_token: WithoutToken,
        wanted: Wanted,
    ) -> Result<(Outcome, Instant), Failure> {
        let RetrySettings { backoff_base, backoff_max, .. } = self.settings;
        let mut run = LookupRun {
            client: self,
            account,
            status,
            without_token,
            batch_size: self.batch_size,
            evidence: FailureEvidence::new(),
            patience: Patience::new(&self.settings),
            failures: 0,
            last_back_off: Instant::now(),
            backoff: Backoff::new(backoff_base, backoff_max),
        };
        loop {
            let (token, begun) = (run.token().await?, Instant::now());
            let account = self.tokens.account(account);
            let budgets = CallBudgets::new(&account, &token);
            let batch_size = if account.has_batches() { run.batch_size } else { 1 };
            let relative_url = relative_url.to_owned();
            let asked = Asked { relative_url, token: token.clone(), budgets, wanted: wanted.clone() };
            match self.batcher.send(asked, batch_size).await {
                SendOutcome::Answered(result) => {
                    if CallError::accepts_token(&result) {
                        run.evidence.answered(self, &token);
                        self.tokens.accepted(&token);
                    }
                    match result {
                        Ok(outcome) => return Ok((outcome, begun)),
                        Err(error) => run.failed(&error, &token).await?,
                    }
                }
                SendOutcome::RateLimited(limited) => run.rate_limited(&limited).await,
                SendOutcome::BatchFailed(error) => run.failed_together(&error, &token).await?,
                SendOutcome::OtherTokenRefused => {}
            }
        }
    }
}

impl LookupRun<'_> {
    /// The account's token, once there is one that Meta has not refused.
    async fn token(&mut self) -> Result<AccessToken, Failure> {
        let LookupClient { tokens, .. } = self.client;
        let mut changes = tokens.changes();
        loop {
            let no_token = match tokens.of(self.account) {
                Ok(token) => return Ok(token),
                Err(no_token) => no_token,
            };
            let waits = self.without_token == WithoutToken::Wait || no_token == NoToken::Unread;
            let meanwhile = if waits { "its events wait" } else { "its events become dead letters" };
            tokens.say_missing(self.account, &no_token, meanwhile);
            if !waits {
                return Err(Failure::reject(no_token.reason(), &no_token));
            }
            let (on, why) = (Wait::Credential, no_token.to_string());
            let reason = WaitReason { on, why, until: None, is_account_limit: false };
            // A refused one is tried again without a change.
            let change = tokio::time::timeout(REFUSED_TRIED_AFTER, changes.changed());
            self.wait_without_calls(reason, async { drop(change.await) }).await;
        }
    }

    async fn failed(&mut self, error: &CallError, token: &AccessToken) -> Result<(), Failure> {
        match policy::next(error) {
            Next::GiveUp(reason) => return Err(Failure::Reject { reason, error: self.describe(error) }),
            Next::NewToken => {
                // Without another one `token` waits or gives up in the next round, by `--without-token`.
                let renewed =
                    self.client.tokens.refuse_and_reread(token, self.account, &error.to_string()).await;
                tracing::debug!(account = %self.account, renewed = renewed.is_some(), "a token was refused");
            }
            Next::WhenAllowed => {}
            Next::Again => self.again(error, token).await?,
            Next::WhenReachable => self.unreachable(error, token).await?,
            Next::Alone => {
                self.failures += 1;
                self.batch_size = 1;
            }
        }
        Ok(())
    }

    /// The call failed: tried again, alone in its batch where others are answered meanwhile.
    async fn again(&mut self, error: &CallError, token: &AccessToken) -> Result<(), Failure> {
        let (client, failed_at) = (self.client, Instant::now());
        let others_are_answered = self.evidence.failed(client, token).await;
        self.batch_size = if others_are_answered { 1 } else { client.batch_size };
        let is_own_fault = self.evidence.is_certain(client, token);
        self.back_off(FailedCall::Alone { is_own_fault }, failed_at, error).await
    }

    /// Its host is not reached. Where that of another app is, those behind it in its partition need not wait for this one without end, and
    /// it waits together with those before it.
    async fn unreachable(&mut self, error: &CallError, token: &AccessToken) -> Result<(), Failure> {
        let failed = if self.client.reaches_others(token, self.last_back_off).await {
            let since = self.client.batcher.reached().note_wait(token);
            FailedCall::HostUnreached { together: SharedWaits::waited(since, self.status.written) }
        } else {
            FailedCall::NoneReached { paused: self.last_back_off.elapsed() }
        };
        self.back_off(failed, Instant::now(), error).await
    }

    /// Its batch failed as a whole: it goes into a smaller one, and in the end alone, which is no batch.
    async fn failed_together(&mut self, error: &CallError, token: &AccessToken) -> Result<(), Failure> {
        if let CallError::Unreachable { .. } = error {
            return self.unreachable(error, token).await;
        }
        self.batch_size = (self.batch_size / SMALLER).max(1);
        self.back_off(FailedCall::Batch, Instant::now(), error).await
    }

    /// Waits for a limit of calls. One of the account alone blocks others only while calls have stopped.
    async fn rate_limited(&mut self, limited: &RateLimited) {
        let on = match limited.scope {
            Scope::App => Wait::AppLimit,
            Scope::Token | Scope::Account => Wait::AccountLimit,
        };
        let _held = self.client.metrics.held();
        let (until, is_account_limit) = (Some(limited.until), limited.is_of_one_account());
        let reason = WaitReason { on, why: limited.limit.to_string(), until, is_account_limit };
        self.wait_without_calls(reason, tokio::time::sleep_until(limited.until.into())).await;
    }

    /// Waits for what calls cannot be made without: none could fail meanwhile.
    async fn wait_without_calls(&mut self, reason: WaitReason, end: impl Future<Output = ()>) {
        let began = Instant::now();
        self.wait(reason, end).await;
        self.patience.pause(began.elapsed());
    }

    /// Waits before the call after a failed one, or gives the lookup up where its patience is over.
    async fn back_off(&mut self, failed: FailedCall, at: Instant, error: &CallError) -> Result<(), Failure> {
        if self.patience.ends_with(failed, at) {
            let error = self.describe(error);
            return Err(Failure::RejectUncounted { reason: "retries_exhausted", error });
        }
        self.failures += 1;
        self.last_back_off = Instant::now();
        let delay = self.backoff.next_delay(backoff::random());
        let until = Some(Instant::now() + delay);
        let reason = WaitReason { on: Wait::ApiAnswer, why: chain(error), until, is_account_limit: false };
        self.wait(reason, tokio::time::sleep(delay)).await;
        Ok(())
    }

    async fn wait(&self, reason: WaitReason, end: impl Future<Output = ()>) {
        self.status.reasons.send_replace(Some(reason));
        end.await;
        self.status.reasons.send_replace(None);
    }

    /// Why it is given up, with this error of its last call.
    fn describe(&self, error: &CallError) -> String {
        match self.failures {
            0 => chain(error),
            failures => format!("after {} failed calls: {}", failures + 1, chain(error)),
        }
    }
}
