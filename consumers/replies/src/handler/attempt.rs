//! One attempt: what is needed before the call, the intent, the call.

use super::waited::unreached;
use super::{INTENDED_WITHIN, Partition, Replies, SLACK, allowed};
use crate::command::{Command, Method};
use crate::lateness;
use crate::outcome::{self, CallOutcome, Cause};
use crate::pending::Pending;
use runtime::consumer::{Failure, Record, StallExemption, Wait};
use std::time::{Instant, SystemTime};
use tracing::Instrument as _;
use weir_graph::{AccessToken, CallBudgets, CallError};

/// Why an attempt comes to no call.
pub(super) enum Stop {
    /// The command is not to be carried out.
    Refused(Cause),
    /// It waits.
    Waits(Failure),
    /// Another claim owns the attempt, or another one of this process goes on with it.
    Overtaken,
}

impl From<Cause> for Stop {
    fn from(cause: Cause) -> Self {
        Self::Refused(cause)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Waits(failure)
    }
}

impl Replies {
    /// What the call of the attempt came to.
    pub(super) async fn attempt(
        &self,
        pending: &mut Pending,
        partition: &mut Partition,
        record: &Record,
        command: &Command,
        waits: &StallExemption,
    ) -> Result<CallOutcome, Stop> {
        let in_time = || self.in_time(command, record);
        in_time()?;
        let token = self.token(command)?;
        let budgets = CallBudgets::new(&self.tokens.account(&command.account), &token);
        self.check_limits(pending, &mut partition.limit_waits, command, &budgets)?;
        let answered_within = self.settings.graph.graph.graph_timeout + SLACK;
        let still = waits.on(Wait::ApiAnswer, answered_within, self.why_still_unreached(pending, &token));
        let outcome = if let Some(cause) = still.await {
            CallOutcome::TryLater(cause)
        } else {
            if !waits.on(Wait::Kafka, INTENDED_WITHIN, self.intend(pending, record, &command.subject)).await?
            {
                return Err(Stop::Overtaken);
            }
            // Kafka may have taken its time for the intent.
            in_time()?;
            if !self.may_call(pending, &command.subject).await? {
                return Err(Stop::Overtaken);
            }
            let call = async {
                let outcome = self.call(command, &token, &budgets).await;
                // Before anything else is awaited, where all but what is remembered here may be dropped.
                self.remember(pending, record, &command.subject, &outcome);
                outcome
            };
            waits.on(Wait::ApiAnswer, answered_within, call).await
        };
        allowed::called(&mut partition.limit_waits, &command.account, &outcome, pending.since);
        waits.on(Wait::ApiAnswer, answered_within, self.look_at_other_hosts(&token, &outcome)).await;
        pending.waits_since = self.waits_since(command, &token, &outcome);
        pending.unreached = unreached(&outcome).cloned();
        if let CallOutcome::TokenRefused(cause) = &outcome
            && self.tokens.refuse_and_reread(&token, &command.account, &cause.error).await.is_none()
        {
            return Err(Stop::Refused(cause.clone()));
        }
        Ok(outcome)
    }

    /// Refuses a command that comes too late. Where it seems to come too early the log says so, too: this host's clock may be the wrong one,
    /// and then it is so of each command.
    fn in_time(&self, command: &Command, record: &Record) -> Result<(), Cause> {
        let now = SystemTime::now();
        let in_time = lateness::check(command, record, &self.settings, now);
        if in_time.is_err()
            && let Some(ahead) = lateness::ahead(record, now)
            && let Some(suppressed) = self.clock_log.pass(Instant::now())
        {
            tracing::error!(
                partition = record.partition,
                offset = record.offset,
                suppressed,
                "a command is refused: {ahead}; look at NTP of this host first, which refuses every command where its clock is behind"
            );
        }
        in_time
    }

    async fn call(&self, command: &Command, token: &AccessToken, budgets: &CallBudgets) -> CallOutcome {
        let relative_url = command.call.relative_url(self.graph.version());
        let started = Instant::now();
        let mut reply = match &command.call.method {
            Method::Post(body) => {
                let call = self.graph.post(&relative_url, body.clone(), token);
                call.instrument(self.graph.span("POST", token)).await
            }
            Method::Delete => {
                self.graph.delete(&relative_url, token).instrument(self.graph.span("DELETE", token)).await
            }
        };
        self.source.metrics.call_seconds.observe(started.elapsed().as_secs_f64());
        reply.result = outcome::documented(reply.result, &command.subject.action, &command.key);
        self.rate_limiter.observe_response(&[budgets], &reply, Instant::now());
        if CallError::accepts_token(&reply.result) {
            self.tokens.accepted(token);
        }
        CallOutcome::of(reply.result)
    }
}
