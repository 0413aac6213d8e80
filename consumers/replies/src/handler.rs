//! Carries a command out: the intent first, acknowledged and read back, then the call, then what came of it.
//!
//! ```text
//!            no command                            known by the results topic
//! record ──► `reject`: refused      ┌─► `begin`: `abandoned`: nothing was done ─► once more
//!    │                              │                         its end is known ─► that result
//!    └► restored, read to the end ──┤                         nobody knows ─────► unknown
//!                                   │            has an end, or is another record's: passed over
//!                                   └─► new, or `pending` from the former time
//!                                            │
//!         ┌──────────────────────────────────┘
//!         ▼
//! `attempt`: in time? a token? below the limits? ── no ─► `Stop::Refused` ─► refused
//!    │                                     └─ not now ──► `Stop::Waits` ───► `pending`
//!    │  its host, where that was not reached before? ─ no ► `pending`, or refused behind `--reply-patience`
//!    ▼
//! `intend`: written, acknowledged, read back as the first ── no ─► `Stop::Overtaken` ─► `begin` anew
//!    ▼
//! `may_call`, then the call ─► done, refused, unknown: a result, which but for `done` only its owner writes
//!                          └─► nothing was done and another call may help: given back, `pending`
//! ```

mod abandoned;
mod allowed;
mod attempt;
mod former;
mod intent;
mod partition;
mod reject;
mod waited;

use attempt::Stop;
use partition::Partition;

use crate::claims::Claims;
use crate::command::{Command, Subject};
use crate::lateness;
use crate::ledger::{CommandState, Ledger};
use crate::likes::Likes;
use crate::outcome::CallOutcome;
use crate::pending::{Intent, LOOK_EVERY, Pending};
use crate::result::AttemptResult;
use crate::results_reader::history::History;
use crate::results_reader::{ResultsReader, Source};
use crate::settings::ReplySettings;
use runtime::consumer::{Failure, Handler, Output, Record, SessionBounds, StallExemption, Wait};
use runtime::producer::Producer;
use runtime::throttle::Throttle;
use std::ops::ControlFlow::{Break, Continue};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;
use weir_graph::{AccessTokens, Graph, NoToken, RateLimiter, SharedWaits};

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
    pub(crate) results_reader: OnceCell<ResultsReader>,
    /// What the results topic says of older commands, once there is one.
    pub(crate) history: tokio::sync::Mutex<Option<History>>,
    /// Those under which this process intended commands that are under way.
    pub(crate) claims: Mutex<Claims>,
    /// Whether a record was taken for a command: one that is none is hardly a mistake of the handler's then, but of who wrote it.
    pub(crate) reads_commands: AtomicBool,
    /// Lets it be said now and then that a command is passed over.
    pub(crate) log: Throttle,
    /// The same of clocks that differ.
    pub(crate) clock_log: Throttle,
    pub(crate) settings: ReplySettings,
}

impl Handler for Replies {
    type State = Partition;
    type Prefetched = ();

    fn reasons(&self) -> &'static [&'static str] {
        &["unreadable", "unknown_action", "bad_command", "wrong_key"]
    }

    /// Reads the results topic to its end, which is after the former owner of the partition let go of it.
    async fn restore(&self, first: &Record) -> Result<Partition, Failure> {
        self.catch_up().await?;
        let kafka = self.source.process.credentials.latest(&self.source.kafka);
        let mut partition = Partition::new(SessionBounds::of(&kafka));
        partition.caught_up(first.offset);
        Ok(partition)
    }

    async fn handle(
        &self,
        state: &mut Partition,
        record: &Record,
        _: &mut Option<()>,
        waits: &StallExemption,
    ) -> Result<Vec<Output>, Failure> {
        state.is_handled();
        if state.caught_up_at.is_none() {
            self.read_on(state, record, waits).await?;
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
        let ended = self.carry_out(&mut pending, state, record, &command, waits).await;
        if ended.is_err() {
            self.give_back(&mut pending, record, &command.subject, waits).await;
            if pending.intent == Intent::Overtaken {
                state.overtaken();
            }
            state.pending = Some(pending);
        }
        ended
    }
}

impl Replies {
    async fn results_reader(&self) -> Result<&ResultsReader, Failure> {
        let start = || {
            // For longer than they may be old, by what the time of a record may lie ahead.
            let window = self.settings.reply_max_age + lateness::MAX_CLOCK_SKEW;
            let ledger = Ledger::new(window, self.settings.remembered_commands);
            ResultsReader::start(self.source.clone(), window, ledger)
        };
        self.results_reader.get_or_try_init(start).await.map_err(|error| Failure::of_kafka(&error))
    }

    async fn catch_up(&self) -> Result<(), Failure> {
        self.results_reader()
            .await?
            .wait_until_caught_up(READ_BACK)
            .await
            .map_err(|error| Failure::of_kafka(&error))
    }

    /// Reads the results to their end for this record.
    async fn read_on(
        &self,
        partition: &mut Partition,
        record: &Record,
        waits: &StallExemption,
    ) -> Result<(), Failure> {
        waits.on(Wait::Kafka, INTENDED_WITHIN, self.catch_up()).await?;
        partition.caught_up(record.offset);
        Ok(())
    }

    /// Whether nobody has intended the attempt, nor said what became of it: it may be refused without an intent then. The results were read
    /// lately for that, or a process that was stopped with records in its queues would refuse what another has done.
    async fn is_nobodys(
        &self,
        partition: &mut Partition,
        record: &Record,
        subject: &Subject,
        attempt: u32,
        waits: &StallExemption,
    ) -> Result<bool, Failure> {
        if !partition.is_read_of_late() {
            self.read_on(partition, record, waits).await?;
        }
        Ok(self.results_reader().await?.ledger().owner(&subject.name(), attempt).is_none())
    }

    /// What is known of a command; an error where it is new and no more can be remembered.
    fn known(&self, reader: &ResultsReader, subject: &Subject) -> Result<CommandState, Failure> {
        let (state, is_full, known) = {
            let ledger = reader.ledger();
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
        partition: &mut Partition,
        record: &Record,
        command: &Command,
        waits: &StallExemption,
    ) -> Result<Vec<Output>, Failure> {
        loop {
            let outcome = match self.attempt(pending, partition, record, command, waits).await {
                Ok(outcome) => outcome,
                Err(Stop::Refused(cause)) => CallOutcome::Refused(cause),
                Err(Stop::Waits(failure)) => return Err(failure),
                Err(Stop::Overtaken) => return Err(Self::overtaken(pending)),
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
                self.is_nobodys(partition, record, &command.subject, pending.attempt, waits).await?
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

    /// The record of a result, counted.
    fn result(&self, record: &Record, subject: &Subject, attempt: u32, result: &AttemptResult<'_>) -> Output {
        self.source.metrics.result(&subject.action, result.status());
        self.record_of(record, subject, attempt, result)
    }
}

#[cfg(test)]
mod tests;
