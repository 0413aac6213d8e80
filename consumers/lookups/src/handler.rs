//! Handles one event: reads it, looks it up, gives the enriched event.
//!
//! Lookups begin when a record is heard of, long before its turn, so that many of a partition are under way and fit
//! into batches; events are published in their order.

use crate::ahead::{Assigned, Places, Search};
use crate::call::{Call, Detail};
use crate::enriched;
use crate::media::{Known, Learned, MediaCache};
use crate::metrics::LookupMetrics;
use crate::question::{Plan, Question, SkipReason, Unaskable};
use crate::seek::{Lost, Seeker, Waiting};
use runtime::consumer::{Failure, Handler, Output, Record};
use runtime::telemetry::spans;
use schemas::lookup::{KnownMedia, Lookup, Status};
use schemas::{Millis, Topic, TypedEvent, raw};
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;
use weir_graph::{GraphId, Outcome};

/// While a lookup waits, its partition can be given back at once; it is looked at again this often.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Looks comments and mentions up.
#[derive(Debug)]
pub struct Lookups {
    inquiry: Arc<Inquiry>,
    places: Places<Found>,
    comments: Arc<str>,
    mentions: Arc<str>,
}

/// What every lookup needs.
#[derive(Debug)]
pub(crate) struct Inquiry {
    pub(crate) seeker: Seeker,
    pub(crate) media: MediaCache,
    pub(crate) metrics: LookupMetrics,
}

/// What a question came to, before it is put beside the event.
#[derive(Debug)]
pub struct Found {
    asked: Option<String>,
    answer: Option<Arc<RawValue>>,
    at: Arc<str>,
    status: Status,
    reason: Option<&'static str>,
    cached: bool,
    media: Option<Known>,
}

impl Lookups {
    /// A handler whose outputs go to the enriched topics of `topic_prefix`.
    pub(crate) fn new(inquiry: Inquiry, topic_prefix: &str) -> Self {
        let [comments, mentions] = [Topic::CommentsEnriched, Topic::MentionsEnriched]
            .map(|topic| Arc::from(topic.name(topic_prefix)));
        Self { inquiry: Arc::new(inquiry), places: Places::default(), comments, mentions }
    }

    async fn look_up(&self, assigned: &Assigned<Found>, record: &Record) -> Result<Output, Failure> {
        let value = record.value.as_deref();
        let event = TypedEvent::read(value).map_err(|error| reject(&error.into()))?;
        let plan = Plan::of(&event).map_err(|error| reject(&error))?;
        let found = match plan.question {
            Question::Skip(reason) => Found::nothing(reason),
            Question::Ask { account, call, media } => {
                let ahead = assigned.ahead();
                let begin = || self.begin(account, call, media, record);
                let search = ahead.take(record.offset).unwrap_or_else(begin);
                match awaited(search).await {
                    Ok(result) => {
                        result.map_err(|lost| Failure::Reject { reason: lost.reason, error: lost.error })?
                    }
                    Err((search, waiting)) => {
                        ahead.put(record.offset, search);
                        return Err(unavailable(waiting));
                    }
                }
            }
        };
        let value = value.and_then(|value| enriched::append(value, &found.lookup()));
        let value = value.ok_or_else(|| reject(&Unaskable::NoObject))?;
        self.inquiry.metrics.enriched(found.status);
        let topic = Arc::clone(self.topic(plan.topic));
        Ok(Output { topic, key: record.key.clone(), value, headers: headers(&event) })
    }

    fn begin(&self, account: GraphId, call: Call, media: Option<GraphId>, record: &Record) -> Search<Found> {
        let (board, waiting) = watch::channel(None);
        let inquiry = Arc::clone(&self.inquiry);
        let span = spans::ahead("look up", record.trace());
        let found = async move { inquiry.find(&account, &call, media.as_ref(), &board).await };
        let task = tokio::spawn(found.instrument(span));
        Search { task: AbortOnDropHandle::new(task), waiting }
    }

    fn topic(&self, topic: Topic) -> &Arc<str> {
        if topic == Topic::CommentsEnriched { &self.comments } else { &self.mentions }
    }
}

impl Handler for Lookups {
    type State = Assigned<Found>;

    fn reasons(&self) -> &'static [&'static str] {
        &[
            "unreadable",
            "unexpected_kind",
            "bad_id",
            "no_token",
            "token",
            "permission",
            "invalid_call",
            "window_closed",
            "not_reachable",
            "answer_too_large",
            "lookup_failed",
        ]
    }

    fn assigned(&self, topic: &str, partition: i32) -> Assigned<Found> {
        self.places.assign(topic, partition)
    }

    fn expect(&self, record: &Record) {
        let Some(ahead) = self.places.of(&record.topic, record.partition) else { return };
        // What cannot be asked is said when its turn comes.
        let Ok(event) = TypedEvent::read(record.value.as_deref()) else { return };
        if let Ok(Plan { question: Question::Ask { account, call, media }, .. }) = Plan::of(&event) {
            ahead.put(record.offset, self.begin(account, call, media, record));
        }
    }

    async fn handle(&self, state: &mut Assigned<Found>, record: &Record) -> Result<Vec<Output>, Failure> {
        Ok(vec![self.look_up(state, record).await?])
    }
}

impl Inquiry {
    async fn find(
        &self,
        account: &GraphId,
        call: &Call,
        media: Option<&GraphId>,
        board: &watch::Sender<Option<Waiting>>,
    ) -> Result<Found, Lost> {
        let learned =
            if matches!(call, Call::MentionedMedia { .. }) { Learned::OfCaption } else { Learned::OfComment };
        let known = media.and_then(|media| self.media.get(account, media, learned, Instant::now()));
        if known.is_some() {
            self.metrics.media_was_known();
        }
        let detail = if known.is_some() { Detail::Id } else { Detail::Whole };
        let asked = call.relative_url(&self.seeker.version, detail);
        if let (Some(known), Learned::OfCaption) = (&known, learned) {
            return Ok(Found::known(asked, known));
        }
        let (status, answer) = match self.seeker.seek(account, &asked, board).await? {
            Outcome::Found(answer) => (Status::Found, Some(Arc::<RawValue>::from(answer))),
            Outcome::Gone(answer) => (Status::Gone, answer.map(Arc::from)),
        };
        if let (Status::Found, Some(answer), Some(media), None) = (status, &answer, media, &known) {
            let part = if learned == Learned::OfCaption { Some(&**answer) } else { call.media_of(answer) };
            if let Some(part) = part {
                self.media.put(account, media, learned, part, Instant::now());
            }
        }
        let media = known.filter(|_| status == Status::Found);
        Ok(Found { asked: Some(asked), answer, at: now(), status, reason: None, cached: false, media })
    }
}

impl Found {
    fn nothing(reason: SkipReason) -> Self {
        let reason = Some(reason.as_str());
        Self {
            asked: None,
            answer: None,
            at: now(),
            status: Status::Skipped,
            reason,
            cached: false,
            media: None,
        }
    }

    /// The answer of an earlier lookup of the same thing.
    fn known(asked: String, known: &Known) -> Self {
        let Known { answer, at } = known.clone();
        let (asked, answer) = (Some(asked), Some(answer));
        Self { asked, answer, at, status: Status::Found, reason: None, cached: true, media: None }
    }

    fn lookup(&self) -> Lookup<'_> {
        let media =
            self.media.as_ref().map(|known| KnownMedia { answer: &known.answer, at: (&*known.at).into() });
        Lookup {
            asked: self.asked.as_deref().map(Into::into),
            answer: self.answer.as_deref(),
            at: (&*self.at).into(),
            status: self.status.into(),
            reason: self.reason.map(Into::into),
            cached: self.cached,
            media,
        }
    }
}

/// What the lookup came to, or the lookup again where it waits for something.
async fn awaited(mut search: Search<Found>) -> Result<Result<Found, Lost>, (Search<Found>, Waiting)> {
    loop {
        let waiting = search.waiting.borrow_and_update().clone();
        if let Some(waiting) = waiting
            && !search.task.is_finished()
        {
            return Err((search, waiting));
        }
        tokio::select! {
            biased;
            found = &mut search.task => {
                return Ok(found.unwrap_or_else(|error| {
                    let error = format!("the lookup ended without a result: {error}");
                    Err(Lost { reason: "lookup_failed", error })
                }));
            }
            // Without its sender the task is about to end.
            changed = search.waiting.changed() => if changed.is_err() {
                tokio::task::yield_now().await;
            },
        }
    }
}

/// The partition waits, and may be taken away meanwhile.
fn unavailable(waiting: Waiting) -> Failure {
    let left = waiting.until.map_or(LOOK_EVERY, |until| until.saturating_duration_since(Instant::now()));
    Failure::Unavailable { error: waiting.why, wait: Some(left.min(LOOK_EVERY)) }
}

fn now() -> Arc<str> {
    Arc::from(Millis::of(SystemTime::now()).to_string())
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
