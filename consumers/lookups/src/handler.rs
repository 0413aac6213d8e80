//! Handles one event: reads it, asks the Graph API, gives the enriched event.

use crate::enriched;
use crate::graph::{Call, Graph, GraphId, Outcome};
use crate::metrics::LookupMetrics;
use crate::policy;
use crate::question::{Plan, Question, Unaskable};
use crate::tokens::AccessTokens;
use runtime::consumer::{Failure, Handler, Output, Record};
use schemas::lookup::{Lookup, Status};
use schemas::{Millis, Topic, TypedEvent, raw};
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// Looks comments and mentions up.
#[derive(Debug)]
pub struct Lookups {
    graph: Graph,
    tokens: Arc<AccessTokens>,
    comments: Arc<str>,
    mentions: Arc<str>,
    metrics: LookupMetrics,
}

/// What a question came to, before it is put beside the event.
struct Found {
    asked: Option<String>,
    answer: Option<Box<RawValue>>,
    status: Status,
    reason: Option<&'static str>,
}

impl Lookups {
    /// A handler whose outputs go to the enriched topics of `topic_prefix`.
    pub fn new(graph: Graph, tokens: Arc<AccessTokens>, topic_prefix: &str, metrics: LookupMetrics) -> Self {
        let [comments, mentions] = [Topic::CommentsEnriched, Topic::MentionsEnriched]
            .map(|topic| Arc::from(topic.name(topic_prefix)));
        Self { graph, tokens, comments, mentions, metrics }
    }

    async fn look_up(&self, record: &Record) -> Result<Output, Failure> {
        let value = record.value.as_deref();
        let event = TypedEvent::read(value).map_err(|error| reject(&error.into()))?;
        let plan = Plan::of(&event).map_err(|error| reject(&error))?;
        let found = self.answer(plan.question).await?;
        let lookup = Lookup {
            asked: found.asked.map(Into::into),
            answer: found.answer.as_deref(),
            at: Millis::of(SystemTime::now()).to_string().into(),
            status: found.status.into(),
            reason: found.reason.map(Into::into),
            cached: false,
        };
        let value = value.and_then(|value| enriched::append(value, &lookup));
        let value = value.ok_or_else(|| reject(&Unaskable::NoObject))?;
        self.metrics.enriched(found.status);
        let topic = Arc::clone(self.topic(plan.topic));
        Ok(Output { topic, key: record.key.clone(), value, headers: headers(&event) })
    }

    async fn answer(&self, question: Question) -> Result<Found, Failure> {
        match question {
            Question::Skip(reason) => Ok(Found {
                asked: None,
                answer: None,
                status: Status::Skipped,
                reason: Some(reason.as_str()),
            }),
            Question::Ask { account, call } => self.ask(&account, &call).await,
        }
    }

    async fn ask(&self, account: &GraphId, call: &Call) -> Result<Found, Failure> {
        let no_token = || Failure::Reject { reason: "no_token", error: self.tokens.advice(account) };
        let token = self.tokens.of(account).ok_or_else(no_token)?;
        let started = Instant::now();
        let outcome = self.graph.ask(call, &token).await;
        self.metrics.called(&outcome, started.elapsed());
        let (status, answer) = match outcome.map_err(|error| policy::failure(&error))? {
            Outcome::Found(answer) => (Status::Found, Some(answer)),
            Outcome::Gone(answer) => (Status::Gone, answer),
        };
        Ok(Found { asked: Some(self.graph.relative_url(call)), answer, status, reason: None })
    }

    fn topic(&self, topic: Topic) -> &Arc<str> {
        if topic == Topic::CommentsEnriched { &self.comments } else { &self.mentions }
    }
}

impl Handler for Lookups {
    type State = ();

    fn assigned(&self, _topic: &str, _partition: i32) {}

    fn reasons(&self) -> &'static [&'static str] {
        &[
            "unreadable",
            "unexpected_kind",
            "bad_id",
            "no_token",
            "token",
            "permission",
            "invalid_call",
            "answer_too_large",
        ]
    }

    async fn handle(&self, _state: &mut (), record: &Record) -> Result<Vec<Output>, Failure> {
        Ok(vec![self.look_up(record).await?])
    }
}

/// An enriched event is the same CloudEvent as the one that came in, so its headers say the same.
fn headers(event: &TypedEvent<'_>) -> Vec<(std::borrow::Cow<'static, str>, Vec<u8>)> {
    vec![
        ("content-type".into(), raw::TYPED_CONTENT_TYPE.into()),
        ("ce_id".into(), event.id.as_bytes().into()),
        ("ce_type".into(), event.event_type.as_bytes().into()),
    ]
}

fn reject(error: &Unaskable) -> Failure {
    let reason = match error {
        Unaskable::Unreadable(_) | Unaskable::NoObject => "unreadable",
        Unaskable::Kind => "unexpected_kind",
        Unaskable::Id(_) => "bad_id",
    };
    Failure::Reject { reason, error: error.to_string() }
}

#[cfg(test)]
mod tests;
