//! Carries a command out: the intent first, acknowledged and read back, then the call, then what came of it.

use crate::follower::{FollowError, Follower};
use crate::ledger::{Ledger, Standing};
use crate::metrics::ReplyMetrics;
use crate::order::Order;
use crate::result::{Said, output};
use crate::settings::ReplySettings;
use crate::verdict::{Verdict, Why};
use crate::work::{Intent, LOOK_EVERY, Work};
use crate::{ABOUT, lateness};
use runtime::consumer::{Failure, Handler, Output, Record, Wait, Waits};
use runtime::producer::{Outgoing, Producer};
use runtime::settings::KafkaSettings;
use runtime::telemetry::{TRACEPARENT, TraceContext};
use schemas::Millis;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::OnceCell;
use tracing::{Instrument as _, Span};
use weir_graph::{AccessToken, AccessTokens, Graph, Hold, Pace, TokenState};

/// How long reading back may take until it is said that it does.
const READ_BACK: Duration = Duration::from_secs(10);
/// How long an intent may take to be acknowledged and read back: as the producer's longest delivery, and [`READ_BACK`].
const INTENDED_WITHIN: Duration = Duration::from_mins(3);
/// How much longer than its limit a call may take before it counts as one that hangs.
const SLACK: Duration = Duration::from_secs(30);
/// Commands are remembered for longer than they may be old, by what clocks differ.
const CLOCKS_DIFFER: Duration = Duration::from_hours(1);

/// Carries commands out.
#[derive(Debug)]
pub struct Replies {
    pub(crate) graph: Graph,
    pub(crate) pace: Pace,
    pub(crate) tokens: Arc<AccessTokens>,
    /// Of intents, which must be acknowledged in the middle of a command.
    pub(crate) producer: Producer,
    pub(crate) kafka: KafkaSettings,
    pub(crate) follower: OnceCell<Follower>,
    pub(crate) results: Arc<str>,
    pub(crate) settings: ReplySettings,
    pub(crate) metrics: ReplyMetrics,
}

/// A partition of commands.
#[derive(Debug, Default)]
pub struct Partition {
    /// Everything that its former owner said is read.
    is_caught_up: bool,
    /// The command in work, over the times that it is handled.
    work: Option<Work>,
}

impl Handler for Replies {
    type State = Partition;

    fn assigned(&self, _topic: &str, _partition: i32) -> Partition {
        Partition::default()
    }

    fn reasons(&self) -> &'static [&'static str] {
        &["unreadable", "unknown_action", "bad_command", "wrong_key"]
    }

    /// Reads the results topic to its end, which is after the former owner of the partition let go of it.
    async fn prepare(&self, state: &mut Partition, _: &Record, _: &Waits) -> Result<(), Failure> {
        if !state.is_caught_up {
            self.follower().await?.caught_up(READ_BACK).await.map_err(|error| behind(&error))?;
            state.is_caught_up = true;
        }
        Ok(())
    }

    async fn handle(
        &self,
        state: &mut Partition,
        record: &Record,
        waits: &Waits,
    ) -> Result<Vec<Output>, Failure> {
        let order = Order::read(record)
            .map_err(|error| Failure::Reject { reason: error.reason(), error: error.to_string() })?;
        let follower = self.follower().await?;
        let mut work = match state.work.take().filter(|work| work.offset == record.offset) {
            Some(work) => work,
            None => match self.begin(follower, record, &order)? {
                Ok(work) => work,
                Err(outputs) => return Ok(outputs),
            },
        };
        let ended = self.carry_out(&mut work, follower, record, &order, waits).await;
        if ended.is_err() {
            state.work = Some(work);
        }
        ended
    }
}

impl Replies {
    async fn follower(&self) -> Result<&Follower, Failure> {
        let start = || {
            let window = self.settings.max_age + CLOCKS_DIFFER;
            let ledger = Ledger::new(window, self.settings.remembered);
            Follower::start(&self.kafka, ABOUT.name, self.results.to_string(), window, ledger)
        };
        self.follower.get_or_try_init(start).await.map_err(|error| behind(&error))
    }

    /// A command to carry out, or all there is to say of it.
    fn begin(
        &self,
        follower: &Follower,
        record: &Record,
        order: &Order,
    ) -> Result<Result<Work, Vec<Output>>, Failure> {
        let (standing, is_full, known) = {
            let mut ledger = follower.ledger();
            ledger.forget(Millis::of(SystemTime::now()).as_millis());
            (ledger.standing(&order.id), ledger.is_full(), ledger.len())
        };
        self.metrics.remembered(known);
        let work = |attempt, said| Work::new(record.offset, attempt, said);
        match standing {
            Standing::New if is_full => Err(Failure::Unavailable {
                error: format!(
                    "{known} commands are remembered, which --remembered-commands allows; raise it"
                ),
                wait: Some(LOOK_EVERY),
                on: Wait::Kafka,
            }),
            Standing::New => Ok(Ok(work(1, Vec::new()))),
            Standing::Intended { attempt, place, .. } if place == (record.partition, record.offset) => {
                // Whoever intended it did not live to say what came of it.
                let error = String::from("whoever carried it out ended before the outcome was known");
                let why = Why { reason: "cut_off", error };
                let unknown = self.say(record, order, attempt, &Said::Unknown(&why));
                if attempt > self.settings.resend_unknown {
                    return Ok(Err(vec![unknown]));
                }
                Ok(Ok(work(attempt + 1, vec![unknown])))
            }
            Standing::Intended { .. } | Standing::Ended => {
                self.metrics.duplicate();
                Ok(Err(Vec::new()))
            }
        }
    }

    /// What there is to say in the end; an error where the command waits.
    async fn carry_out(
        &self,
        work: &mut Work,
        follower: &Follower,
        record: &Record,
        order: &Order,
        waits: &Waits,
    ) -> Result<Vec<Output>, Failure> {
        let refused = |work: &mut Work, why: &Why| Ok(self.end(work, record, order, &Said::Refused(why)));
        loop {
            if let Some(why) = lateness::of(order, record, &self.settings, SystemTime::now()) {
                return refused(work, &why);
            }
            let token = match self.token(order) {
                Ok(token) => token,
                Err(why) => return refused(work, &why),
            };
            if let Some(hold) = self.held(&token) {
                match work.wait(hold, &self.settings) {
                    Ok(wait) => return Err(wait),
                    Err(why) => return refused(work, &why),
                }
            }
            let intended = async {
                Ok(work.intent == Intent::First || self.intend(work, follower, record, order).await?)
            };
            if !waits.on(Wait::Kafka, INTENDED_WITHIN, intended).await? {
                self.metrics.duplicate();
                return Ok(std::mem::take(&mut work.said));
            }
            let answered_within = self.settings.graph.graph.timeout + SLACK;
            match waits.on(Wait::ApiAnswer, answered_within, self.call(order, &token)).await {
                Verdict::Done(answer) => return Ok(self.end(work, record, order, &Said::Done(&answer))),
                Verdict::Refused(why) => return refused(work, &why),
                Verdict::NewToken(why) => {
                    if self.tokens.renewed(&token, &order.account).await.is_none() {
                        return refused(work, &why);
                    }
                }
                // The pace knows by now, and holds the next round.
                Verdict::WhenAllowed => {}
                Verdict::WhenReachable(why) => {
                    if work.since.elapsed() >= self.settings.patience {
                        return refused(work, &why);
                    }
                    return Err(Failure::Unavailable { error: why.error, wait: None, on: Wait::ApiAnswer });
                }
                Verdict::Unknown(why) => {
                    let unknown = self.say(record, order, work.attempt, &Said::Unknown(&why));
                    work.said.push(unknown);
                    if work.attempt > self.settings.resend_unknown {
                        return Ok(std::mem::take(&mut work.said));
                    }
                    *work = Work::new(work.offset, work.attempt + 1, std::mem::take(&mut work.said));
                }
            }
        }
    }

    /// Writes the intent and reads it back; whether the attempt is ours.
    async fn intend(
        &self,
        work: &mut Work,
        follower: &Follower,
        record: &Record,
        order: &Order,
    ) -> Result<bool, Failure> {
        if work.intent == Intent::None {
            let intent = self.say(record, order, work.attempt, &Said::Intended { claim: &work.claim });
            self.publish(&intent, record).await?;
            work.intent = Intent::Written;
        }
        let owner = follower.owner(&order.id, work.attempt, READ_BACK).await.map_err(|error| {
            // Should it be lost, it is written again; a second one of the same claim changes nothing.
            work.intent = Intent::None;
            behind(&error)
        })?;
        if *owner == *work.claim {
            work.intent = Intent::First;
        }
        Ok(work.intent == Intent::First)
    }

    async fn publish(&self, intent: &Output, record: &Record) -> Result<(), Failure> {
        let unavailable = |error: String| Failure::Unavailable { error, wait: None, on: Wait::Kafka };
        let trace = TraceContext::of(&Span::current()).or_else(|| record.trace());
        let trace = trace.map(|trace| trace.header());
        let mut headers: Vec<(&str, &[u8])> =
            intent.headers.iter().map(|(name, value)| (name.as_ref(), value.as_slice())).collect();
        headers.extend(trace.as_ref().map(|trace| (TRACEPARENT, trace.as_bytes())));
        let mut batch = self.producer.batch();
        batch
            .send(Outgoing {
                topic: &intent.topic,
                key: intent.key.as_deref(),
                value: &intent.value,
                headers: &headers,
            })
            .map_err(|error| unavailable(error.to_string()))?;
        batch.finish().await.map_err(|error| unavailable(error.to_string()))
    }

    async fn call(&self, order: &Order, token: &AccessToken) -> Verdict {
        let (relative_url, body) = order.call(self.graph.version());
        let started = Instant::now();
        let reply = self.graph.post(&relative_url, body, token).instrument(self.graph.span("POST")).await;
        self.metrics.called(started.elapsed());
        self.pace.learn(token, reply.result.as_ref().map(|_| ()), &reply.usage, Instant::now());
        Verdict::of(reply.result)
    }

    fn token(&self, order: &Order) -> Result<AccessToken, Why> {
        match self.tokens.of(&order.account) {
            TokenState::Ready(token) => Ok(token),
            TokenState::Refused => {
                let error =
                    String::from("Meta refuses the account's access token: put a new one into its file");
                Err(Why { reason: "token", error })
            }
            TokenState::Missing => {
                self.tokens.say_missing(&order.account, "its commands are refused");
                Err(Why { reason: "no_token", error: self.tokens.advice(&order.account) })
            }
        }
    }

    fn held(&self, token: &AccessToken) -> Option<Hold> {
        let call = BTreeMap::from([(Arc::clone(token.name()), 1)]);
        self.pace.admit(&call, Instant::now()).remove(token.name())
    }

    fn end(&self, work: &mut Work, record: &Record, order: &Order, said: &Said<'_>) -> Vec<Output> {
        let last = self.say(record, order, work.attempt, said);
        work.said.push(last);
        std::mem::take(&mut work.said)
    }

    fn say(&self, record: &Record, order: &Order, attempt: u32, said: &Said<'_>) -> Output {
        self.metrics.result(order.action(), said.status());
        output(&self.results, record, order, attempt, said)
    }
}

fn behind(error: &FollowError) -> Failure {
    Failure::Unavailable { error: error.to_string(), wait: None, on: Wait::Kafka }
}

#[cfg(test)]
mod tests;
