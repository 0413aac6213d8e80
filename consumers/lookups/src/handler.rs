//! Handles one event: reads it, looks it up, gives the enriched event.
//!
//! Lookups begin when a record is heard of, long before its turn, so that many of a partition are under way and fit
//! into batches; events are published in their order. No answer about a comment is remembered: the same event in another record is
//! asked about again; only what is known of posts is, by [`crate::media`].

mod answered_accounts;

pub(crate) use answered_accounts::AnsweredAccounts;

use crate::call::{Call, Detail, Wanted};
use crate::enriched;
use crate::lookup::{LookupClient, WaitReporter};
use crate::media::{CachedMedia, MediaCache};
use crate::pending_lookup::PendingLookup;
use crate::question::{Ask, Plan, Question};
use runtime::consumer::{Failure, Output, Record, StallExemption};
use schemas::lookup::{KnownMedia, Lookup, Status};
use schemas::{Millis, Topic, TypedEvent, raw};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Instant, SystemTime};
use weir_graph::{LimitWaits, Outcome};

/// Looks comments and mentions up.
#[derive(Debug)]
pub(crate) struct Lookups {
    context: Arc<LookupContext>,
    comments: Arc<str>,
    mentions: Arc<str>,
}

/// What every lookup needs.
#[derive(Debug)]
pub(crate) struct LookupContext {
    pub(crate) client: LookupClient,
    pub(crate) media: MediaCache,
    pub(crate) answered: AnsweredAccounts,
}

/// What a question came to.
#[derive(Debug)]
pub(crate) struct LookupAnswer {
    status: Status,
    /// What is put beside the event, in JSON.
    lookup: Vec<u8>,
}

impl Lookups {
    /// A handler whose outputs go to the enriched topics of `topic_prefix`.
    pub(crate) fn new(context: Arc<LookupContext>, topic_prefix: &str) -> Self {
        let [comments, mentions] = [Topic::CommentsEnriched, Topic::MentionsEnriched]
            .map(|topic| Arc::from(topic.name(topic_prefix)));
        Self { context, comments, mentions }
    }

    /// What a record is to be published as.
    pub(crate) async fn look_up(
        &self,
        limit_waits: &mut LimitWaits,
        record: &Record,
        prefetched: &mut Option<PendingLookup<LookupAnswer>>,
        waits: &StallExemption,
    ) -> Result<Output, Failure> {
        let value = record.value.as_deref();
        let event = TypedEvent::read(value).map_err(|error| Failure::reject("unreadable", &error))?;
        let plan = Plan::of(&event)?;
        let found = match plan.question {
            Question::Skip(reason) => {
                let skipped = Lookup { reason: Some(reason.into()), ..blank(Status::Skipped) };
                LookupAnswer::of(Status::Skipped, &skipped)
            }
            Question::Ask(ask) => {
                // It stays where it was begun, so that it can be awaited again where this is dropped.
                let pending = prefetched.get_or_insert_with(|| self.begin(ask.clone(), record));
                let LookupContext { client, answered, .. } = &*self.context;
                let found = client.await_lookup(pending, &ask.account, limit_waits, record, waits).await;
                *prefetched = None;
                found.map_err(|error| answered.classify(error, &client.tokens, &ask.account))?
            }
        };
        let value = value.and_then(|value| enriched::append(value, &found.lookup));
        let value = value.ok_or_else(|| Failure::reject("unreadable", &"the value is no JSON object"))?;
        self.context.client.metrics.enriched.with_label_values(&[found.status.as_str()]).inc();
        let topic = Arc::clone(self.topic(plan.topic));
        Ok(Output { topic, key: record.key.clone(), value, headers: headers(&event, record) })
    }

    fn begin(&self, ask: Ask, record: &Record) -> PendingLookup<LookupAnswer> {
        let context = Arc::clone(&self.context);
        PendingLookup::begin(record, async move |status| context.find(&ask, &status).await)
    }

    fn topic(&self, topic: Topic) -> &Arc<str> {
        if topic == Topic::CommentsEnriched { &self.comments } else { &self.mentions }
    }

    pub(crate) fn prefetch(&self, record: &Record) -> Option<PendingLookup<LookupAnswer>> {
        // What cannot be asked is said when its turn comes.
        let event = TypedEvent::read(record.value.as_deref()).ok()?;
        let Plan { question: Question::Ask(ask), .. } = Plan::of(&event).ok()? else { return None };
        Some(self.begin(ask, record))
    }
}

impl LookupContext {
    async fn find(
        &self,
        ask: &Ask,
        status: &WaitReporter,
    ) -> Result<(LookupAnswer, Option<Instant>), Failure> {
        let Ask { account, call, media } = ask;
        let is_caption = matches!(call, Call::MentionedMedia(_));
        let key = media.clone().map(|media| (account.clone(), media, is_caption));
        let known = key.as_ref().and_then(|key| self.media.get(key, Instant::now()));
        if known.is_some() {
            self.client.metrics.from_cache.inc();
        }
        let detail = if known.is_some() { Detail::Id } else { Detail::Whole };
        let asked = call.relative_url(account, &self.client.version, detail);
        if let (Some(CachedMedia { answer, at }), true) = (&known, is_caption) {
            // The answer of an earlier lookup of the same thing.
            let (asked, answer, at) = (Some(asked.into()), Some(&**answer), (&**at).into());
            let found = Lookup { asked, answer, at, cached: true, ..blank(Status::Found) };
            return Ok((LookupAnswer::of(Status::Found, &found), None));
        }
        let without_token = self.client.settings.without_token;
        let (outcome, begun) =
            self.client.look_up(account, &asked, status, without_token, Wanted::Call(call.clone())).await?;
        self.answered.record(&self.client.tokens, account);
        let (status, answer) = match &outcome {
            Outcome::Found(answer) if call.is_found_in(answer) => (Status::Found, Some(&**answer)),
            Outcome::Found(answer) => (Status::Gone, Some(&**answer)),
            Outcome::Gone(answer) => (Status::Gone, answer.as_deref()),
        };
        if let (Status::Found, Some(answer), Some(key), None) = (status, answer, key, &known)
            && let Some(media) = call.media_of(answer)
        {
            let media = CachedMedia { answer: Arc::from(media.to_owned()), at: now().into() };
            self.media.put(key, media, Instant::now());
        }
        let known = known.as_ref().filter(|_| status == Status::Found);
        let media = known.map(|known| KnownMedia { answer: &known.answer, at: (&*known.at).into() });
        let found = Lookup { asked: Some(asked.into()), answer, media, ..blank(status) };
        Ok((LookupAnswer::of(status, &found), Some(begun)))
    }
}

impl LookupAnswer {
    /// # Panics
    ///
    /// Never: a lookup is made of what JSON can say.
    fn of(status: Status, lookup: &Lookup<'_>) -> Self {
        let lookup = serde_json::to_vec(lookup).expect("a lookup is made of strings, a flag and JSON");
        Self { status, lookup }
    }
}

/// A lookup as of now, without anything that was asked or answered.
fn blank(status: Status) -> Lookup<'static> {
    let (at, status) = (now().into(), status.into());
    Lookup { asked: None, answer: None, at, status, reason: None, cached: false, media: None }
}

/// RFC 3339 with milliseconds.
pub(crate) fn now() -> String {
    Millis::of(SystemTime::now()).to_string()
}

/// An enriched event is the same `CloudEvent` as the one that came in, so its headers say the same: what the event itself says, and
/// what else the record came with, such as that it is a replay; each name once.
fn headers(event: &TypedEvent<'_>, record: &Record) -> Vec<(Cow<'static, str>, Vec<u8>)> {
    let own = raw::typed_headers(event.id.as_bytes(), event.event_type.as_bytes());
    let mut headers: Vec<_> = own.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    for (name, _) in record.headers.iter() {
        if headers.iter().all(|(there, _): &(Cow<'_, str>, _)| there != name) {
            headers.push((name.to_owned().into(), record.header(name).unwrap_or_default().into()));
        }
    }
    headers
}

#[cfg(test)]
pub(crate) mod tests;
