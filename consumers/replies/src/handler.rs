//! Carries a command out: the intent first, acknowledged and read back, then the call, then what came of it.

mod abandoned;
mod allowed;
mod former;
mod intent;
mod reject;
mod waited;

use crate::claims::Claims;
use crate::command::{Command, Method, Subject};
use crate::follower::history::History;
use crate::follower::{Follower, Source};
use crate::lateness;
use crate::ledger::{CommandState, Ledger};
use crate::likes::Likes;
use crate::outcome::{self, CallOutcome};
use crate::pending::{Intent, LOOK_EVERY, Pending};
use crate::result::AttemptResult;
use crate::settings::ReplySettings;
use runtime::consumer::{Failure, Handler, Output, Record, Wait, Waits};
use runtime::producer::Producer;
use runtime::throttle::Throttle;
use std::ops::ControlFlow::{Break, Continue};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::OnceCell;
use tracing::Instrument as _;
use weir_graph::{
    AccessToken, AccessTokens, CallBudgets, CallError, Graph, LimitWaits, NoToken, RateLimiter, SharedWaits,
};

/// How long reading back may take until it is reported that it does.
const READ_BACK: Duration = Duration::from_secs(10);
/// How long an intent, or another result, may take to be acknowledged and read back: as the producer's longest delivery, and [`READ_BACK`].
const INTENDED_WITHIN: Duration = Duration::from_mins(3);
/// How much longer than its limit a call may take before it counts as one that hangs.
const SLACK: Duration = Duration::from_secs(30);

/// Carries commands out.
#[derive(Debug)]
pub(crate) struct Replies {
    pub(crate) graph: Graph,
    pub(crate) rate_limiter: RateLimiter,
    pub(crate) likes: Likes,
    pub(crate) shared_waits: Mutex<SharedWaits>,
    /// When other hosts were asked last whether they are reached; held while they are.
    pub(crate) others_asked: tokio::sync::Mutex<Option<Instant>>,
    pub(crate) tokens: Arc<AccessTokens>,
    /// Of what must be acknowledged in the middle of a command.
    pub(crate) producer: Producer,
    /// The results topic.
    pub(crate) source: Source,
    pub(crate) follower: OnceCell<Follower>,
    /// What the results topic says of older commands, once there is one.
    pub(crate) history: tokio::sync::Mutex<Option<History>>,
    /// Those under which this process intended commands that are under way.
    pub(crate) claims: Mutex<Claims>,
    /// Whether a record was taken for a command: one that is none is hardly a mistake of the handler's then, but of who wrote it.
    pub(crate) reads_commands: AtomicBool,
    /// Lets it be said now and then that a command is passed over.
    pub(crate) log: Throttle,
    pub(crate) settings: ReplySettings,
}

/// A partition of commands.
#[derive(Debug, Default)]
pub(crate) struct Partition {
    /// Offset of the record for which the results topic was last read to its end.
    caught_up_at: Option<i64>,
    /// Offset of the record for which that was behind a record of our own, so that nothing before it is unread.
    fenced_at: Option<i64>,
    /// When a record was handled last, by the clock, which goes on while a process is stopped.
    handled_at: Option<SystemTime>,
    /// The command under way, over the times that it is handled.
    pending: Option<Pending>,
    limit_waits: LimitWaits,
}

impl Handler for Replies {
    type State = Partition;
    type Begun = ();

    fn reasons(&self) -> &'static [&'static str] {
        &["unreadable", "unknown_action", "bad_command", "wrong_key"]
    }

    /// Reads the results topic to its end, which is after the former owner of the partition let go of it.
    async fn restore(&self, first: &Record) -> Result<Partition, Failure> {
        self.catch_up().await?;
        Ok(Partition { caught_up_at: Some(first.offset), ..Partition::default() })
    }

    async fn handle(
        &self,
        state: &mut Partition,
        record: &Record,
        _: &mut Option<()>,
        waits: &Waits,
    ) -> Result<Vec<Output>, Failure> {
        // Taking an attempt for abandoned clears it, as does being overtaken, so that the results are read to their end again before the next try.
        // So does having been stopped: what is known is as old as that, and the partition may be another's by now.
        let was_stopped = |at: SystemTime| at.elapsed().map_or(true, |since| since > READ_BACK);
        if state.handled_at.replace(SystemTime::now()).is_some_and(was_stopped) && state.pending.is_some() {
            state.caught_up_at = None;
        }
        if state.caught_up_at.is_none() {
            waits.on(Wait::Kafka, INTENDED_WITHIN, self.catch_up()).await?;
            state.caught_up_at = Some(record.offset);
        }
        // What a command may be goes by its account, too.
        if !self.tokens.is_read() {
            let error = NoToken::Unread.to_string();
            return Err(Failure::Unavailable { error, wait: Some(LOOK_EVERY), on: Wait::Credential });
        }
        let command = match Command::read(record, |id| self.tokens.account(id)) {
            Ok(command) => command,
            Err(unusable) => return Err(self.reject(state, record, unusable, waits).await?),
        };
        self.reads_commands.store(true, Ordering::Relaxed);
        let mut pending = match state.pending.take().filter(|pending| pending.offset == record.offset) {
            Some(pending) if pending.intent != Intent::Overtaken => pending,
            overtaken => match self.begin(state, record, &command, overtaken, waits).await? {
                Continue(pending) => pending,
                Break(results) => return Ok(results),
            },
        };
        let ended = self.carry_out(&mut pending, &mut state.limit_waits, record, &command, waits).await;
        if ended.is_err() {
            self.give_back(&mut pending, record, &command.subject, waits).await;
            // Whoever overtook it may have a result by now, which is read before anything is said of the attempt.
            if pending.intent == Intent::Overtaken {
                (state.caught_up_at, state.fenced_at) = (None, None);
            }
            state.pending = Some(pending);
        }
        ended
    }
}

impl Replies {
    async fn follower(&self) -> Result<&Follower, Failure> {
        let start = || {
            // For longer than they may be old, by what the time of a record may lie ahead.
            let window = self.settings.reply_max_age + lateness::MAX_CLOCK_SKEW;
            let ledger = Ledger::new(window, self.settings.remembered_commands);
            Follower::start(self.source.clone(), window, ledger)
        };
        self.follower.get_or_try_init(start).await.map_err(|error| Failure::of_kafka(&error))
    }

    async fn catch_up(&self) -> Result<(), Failure> {
        self.follower()
            .await?
            .wait_until_caught_up(READ_BACK)
            .await
            .map_err(|error| Failure::of_kafka(&error))
    }

    /// What is known of a command; an error where it is new and no more can be remembered.
    fn known(&self, follower: &Follower, subject: &Subject) -> Result<CommandState, Failure> {
        let (state, is_full, known) = {
            let ledger = follower.ledger();
            (ledger.state(&subject.name()), ledger.is_full(), ledger.len())
        };
        self.source.metrics.remembered(known);
        if state == CommandState::New && is_full {
            let error =
                format!("{known} commands are remembered, which --remembered-commands allows; raise it");
            return Err(Failure::Unavailable { error, wait: Some(LOOK_EVERY), on: Wait::Memory });
        }
        Ok(state)
    }

    /// The results in the end; an error where the command waits.
    async fn carry_out(
        &self,
        pending: &mut Pending,
        limit_waits: &mut LimitWaits,
        record: &Record,
        command: &Command,
        waits: &Waits,
    ) -> Result<Vec<Output>, Failure> {
        loop {
            let Some(outcome) = self.attempt(pending, limit_waits, record, command, waits).await? else {
                return Err(Self::overtaken(pending));
            };
            let result = match &outcome {
                CallOutcome::TryLater(cause) if pending.waited(record) < self.settings.reply_patience => {
                    let error = cause.error.clone();
                    return Err(Failure::Unavailable { error, wait: None, on: Wait::ApiAnswer });
                }
                CallOutcome::TryLater(cause) => AttemptResult::refused(pending.attempt, cause),
                outcome => match AttemptResult::of(outcome, pending.attempt) {
                    Some(result) => result,
                    // The next round has another token, or waits for the limit, which the rate limiter knows by now.
                    None => continue,
                },
            };
            // Who has it now may be carrying it out, or have done so: what was intended is only its owner's to end, all else anyone's.
            let is_ours = if pending.intent == Intent::None {
                let (follower, name) = (self.follower().await?, command.subject.name());
                follower.ledger().owner(&name, pending.attempt).is_none()
            } else {
                let intended = self.intend(pending, record, &command.subject);
                waits.on(Wait::Kafka, INTENDED_WITHIN, intended).await?
                    && self.end(pending, record, &command.subject, &result)
            };
            if !is_ours && !matches!(result, AttemptResult::Done(_)) {
                return Err(Self::overtaken(pending));
            }
            pending.results.push(self.result(record, &command.subject, pending.attempt, &result));
            let results = std::mem::take(&mut pending.results);
            let is_unknown = matches!(outcome, CallOutcome::Unknown(_));
            if !is_unknown || pending.attempt > self.settings.resend_unknown {
                return Ok(results);
            }
            *pending = Pending::new(pending.offset, pending.attempt + 1, results);
        }
    }

    /// One attempt: what is needed before the call, the intent, the call. `None` where another claim owns the attempt.
    async fn attempt(
        &self,
        pending: &mut Pending,
        limit_waits: &mut LimitWaits,
        record: &Record,
        command: &Command,
        waits: &Waits,
    ) -> Result<Option<CallOutcome>, Failure> {
        let refused = |cause| Ok(Some(CallOutcome::Refused(cause)));
        let in_time = || lateness::check(command, record, &self.settings, SystemTime::now());
        let token = match in_time().and_then(|()| self.token(command)) {
            Ok(token) => token,
            Err(cause) => return refused(cause),
        };
        let budgets = CallBudgets::new(&self.tokens.account(&command.account), &token);
        if let Err(cause) = self.check_limits(pending, limit_waits, command, &budgets)? {
            return refused(cause);
        }
        if !waits.on(Wait::Kafka, INTENDED_WITHIN, self.intend(pending, record, &command.subject)).await? {
            return Ok(None);
        }
        // Kafka may have taken its time for the intent.
        if let Err(cause) = in_time() {
            return refused(cause);
        }
        if !self.may_call(pending, &command.subject).await? {
            return Ok(None);
        }
        let answered_within = self.settings.graph.graph.graph_timeout + SLACK;
        let call = async {
            let outcome = self.call(command, &token, &budgets).await;
            // Before anything else is awaited, where all but what is remembered here may be dropped.
            self.remember(pending, record, &command.subject, &outcome);
            outcome
        };
        let outcome = waits.on(Wait::ApiAnswer, answered_within, call).await;
        allowed::called(limit_waits, &command.account, &outcome, pending.since);
        waits.on(Wait::ApiAnswer, answered_within, self.look_at_other_hosts(&token, &outcome)).await;
        pending.waits_since = self.waits_since(command, &token, &outcome);
        if let CallOutcome::TokenRefused(cause) = &outcome
            && self.tokens.refuse_and_reread(&token, &command.account, &cause.error).await.is_none()
        {
            return refused(cause.clone());
        }
        Ok(Some(outcome))
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

    /// The record of a result, counted.
    fn result(&self, record: &Record, subject: &Subject, attempt: u32, result: &AttemptResult<'_>) -> Output {
        self.source.metrics.result(&subject.action, result.status());
        self.record_of(record, subject, attempt, result)
    }
}

#[cfg(test)]
mod tests;
