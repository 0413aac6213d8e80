//! Handles one record: reads the event and adds it to the metrics.

use crate::conversation_message::ConversationMessage;
use crate::conversations::{Conversations, GivenUp};
use crate::duplicates::RecentIds;
use crate::metrics::{EventMetrics, Series};
use crate::observe::Observation;
use crate::seen_accounts::SeenAccounts;
use crate::settings::MetricsSettings;
use crate::silence::Silence;
use crate::stories::Stories;
use prometheus::Registry;
use runtime::consumer::{Failure, Handler, OffsetRange, Output, Record, StallExemption, Tail};
use schemas::data::story_insights::StoryInsights;
use schemas::{Kind, Millis, TypedEvent};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// `weir_dlq_reason` of a value that is no typed event.
const NOT_AN_EVENT: &str = "not_an_event";

/// Counts events; it has no outputs.
#[derive(Clone, Debug)]
pub(crate) struct MetricsHandler {
    metrics: EventMetrics,
    accounts: SeenAccounts,
    account_state: AccountState,
    tail: Tail,
    settings: Arc<MetricsSettings>,
}

/// What configured accounts are known by, in all partitions.
#[derive(Clone, Debug)]
pub(crate) struct AccountState {
    /// When they were last heard of.
    pub(crate) silence: Silence,
    /// Their last stories.
    pub(crate) stories: Stories,
}

/// A partition of events.
#[derive(Debug)]
pub(crate) struct Partition {
    recent_ids: RecentIds,
    conversations: Conversations,
    latest: Option<Series>,
}

impl AccountState {
    /// Takes note of an event, which may be an old one: what is newer is kept.
    pub(crate) fn note(&self, observation: &Observation<'_>, now: Millis) {
        let Observation { event, kind, happened, received } = observation;
        let Some(account) = event.metaaccount.as_deref().filter(|_| !event.metatest) else { return };
        let received = received.unwrap_or(now);
        self.silence.heard(account, received);
        if kind.is_some_and(|kind| kind.kind == Kind::StoryInsights)
            && let Ok(story) = event.data::<StoryInsights>()
        {
            self.stories.expired(account, happened.unwrap_or(received), &story);
        }
    }
}

impl MetricsHandler {
    /// A handler that adds to metrics of `registry` and to `account_state`, and reads back through `tail`.
    pub(crate) fn new(
        registry: &Registry,
        account_state: AccountState,
        tail: Tail,
        settings: MetricsSettings,
    ) -> Self {
        Self {
            metrics: EventMetrics::new(registry),
            accounts: SeenAccounts::new(registry, settings.seen_accounts),
            account_state,
            tail,
            settings: Arc::new(settings),
        }
    }

    fn count(&self, partition: &mut Partition, record: &Record) -> Result<(), Failure> {
        let event = TypedEvent::read(record.value.as_deref())
            .map_err(|error| Failure::reject(NOT_AN_EVENT, &error))?;
        let now = Millis::of(SystemTime::now());
        let observation = Observation::of(&event);
        self.metrics.add(&observation, now, &mut partition.latest);
        if event.metatest {
            return Ok(());
        }
        if let Some(account) = event.metaaccount.as_deref() {
            self.accounts.add(account);
        }
        if observation.kind.is_some_and(|kind| kind.kind == Kind::Unknown) {
            self.metrics.unknown(&event);
        }
        self.account_state.note(&observation, now);
        if !partition.recent_ids.insert(&event.id, record.offset) {
            // An old message that comes again opens no conversation anew.
            self.metrics.duplicate(&observation);
            return Ok(());
        }
        let (given_up, waited) = partition.note_message(&observation);
        self.metrics.given_up(given_up);
        if let Some(waited) = waited {
            self.metrics.response.observe(waited.as_secs_f64());
        }
        Ok(())
    }

    fn partition(&self) -> Partition {
        let MetricsSettings { remembered_events, open_conversations, response_window, .. } = *self.settings;
        Partition {
            recent_ids: RecentIds::new(remembered_events),
            conversations: Conversations::new(open_conversations, response_window),
            latest: None,
        }
    }
}

impl Handler for MetricsHandler {
    type State = Partition;
    type Prefetched = ();

    fn reasons(&self) -> &'static [&'static str] {
        &[NOT_AN_EVENT]
    }

    /// Reads back what the records before the first leave behind. They were counted by whoever handled them.
    async fn restore(&self, first: &Record) -> Result<Partition, Failure> {
        let mut partition = self.partition();
        if self.settings.read_back_records == 0 {
            return Ok(partition);
        }
        let (topic, number, before) = (Arc::clone(&first.topic), first.partition, first.offset);
        let most = self.settings.read_back_records;
        let since = SystemTime::now().checked_sub(self.settings.read_back);
        let read = self.tail.read(move |reader| {
            let range = OffsetRange { topic: &topic, partitions: &[number], most, before: Some(before) };
            reader.each(&range, |record| {
                if record.timestamp >= since {
                    partition.remember(record);
                }
            })?;
            Ok(partition)
        });
        read.await.map_err(|error| Failure::of_kafka(&error))
    }

    async fn handle(
        &self,
        partition: &mut Partition,
        record: &Record,
        _: &mut Option<()>,
        _: &StallExemption,
    ) -> Result<Vec<Output>, Failure> {
        self.count(partition, record)?;
        Ok(Vec::new())
    }
}

impl Partition {
    fn remember(&mut self, record: &Record) {
        let Ok(event) = TypedEvent::read(record.value.as_deref()) else { return };
        if !event.metatest && self.recent_ids.insert(&event.id, record.offset) {
            self.note_message(&Observation::of(&event));
        }
    }

    /// Which conversations are given up for an event's, and how long a customer has waited for it.
    fn note_message(&mut self, observation: &Observation<'_>) -> (GivenUp, Option<Duration>) {
        match ConversationMessage::of(observation) {
            Some(ConversationMessage { conversation, at, is_answer: true }) => {
                self.conversations.answered(conversation, at)
            }
            Some(ConversationMessage { conversation, at, is_answer: false }) => {
                (self.conversations.asked(conversation, at), None)
            }
            None => (GivenUp::default(), None),
        }
    }
}

#[cfg(test)]
mod tests;
