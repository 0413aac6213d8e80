//! What is asked for: an id, a conversation, and when to look. Pure.

use super::TraceSettings;
use crate::tool::settings::EventLimits;
use schemas::{KeyRule, Millis, Topic};
use std::time::Duration;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// Clocks of brokers and of ingest may differ by so much.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(10);
/// How far from `--at` to look.
const AROUND: Duration = Duration::from_mins(5);
/// How long what was received may wait on a disk, or Meta may deliver it again (docs/meta.md): so much later than `--at` it may be
/// written.
const REDELIVERY_PERIOD: Duration = Duration::from_hours(36);
/// The newest slice of a period; each one before it is longer by this factor.
const NEWEST: Duration = Duration::from_mins(10);
const LONGER: u32 = 6;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) what: EventSelector,
    /// The key of the conversation, where account and user are known.
    pub(super) key: Option<String>,
    pub(super) period: Period,
    /// By what ingest bounds the events of the bodies that are looked at.
    pub(super) event_limits: EventLimits,
}

/// Which events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EventSelector {
    /// The one of this id.
    Event(String),
    /// Those of the delivery of this id.
    Delivery(String),
    /// Those about what has this id at Meta: a message's `mid`, a comment's id.
    Item(String),
    /// All of the conversation.
    Conversation,
}

/// From when to when; open to the end where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) since: Millis,
    pub(super) until: Option<Millis>,
}

impl Question {
    /// The question of a command line, which says an id, or a conversation and a time.
    pub(super) fn of(settings: &TraceSettings) -> Self {
        let key = settings.account.as_ref().zip(settings.user.as_ref());
        let key = key.map(|(account, user)| format!("{account}:{user}"));
        let what =
            settings.id.as_ref().map_or(EventSelector::Conversation, |id| EventSelector::of(id.trim()));
        let from_then_on = Period { since: settings.since, until: None };
        let told = settings.at.map_or(from_then_on, |at| Period::around(at, AROUND));
        let period = match &what {
            EventSelector::Delivery(id) => received(id).map_or(told, Period::since),
            _ => told,
        };
        Self { what, key, period, event_limits: settings.event_limits }
    }

    /// The periods to look in, in this order: about `--at` and then what was written later; else the newest first.
    pub(super) fn slices(&self, now: Millis) -> Vec<Period> {
        let Some(until) = self.period.until else { return self.period.newest_first(now) };
        let late = Period { since: until, ..self.late() };
        [self.period].into_iter().chain((until < now).then_some(late)).collect()
    }

    /// The period with what was written later, since it waited on a disk or Meta delivered it again.
    pub(super) fn late(&self) -> Period {
        let until = self.period.until.map(|until| until.after(REDELIVERY_PERIOD));
        Period { until, ..self.period }
    }

    /// The key that records of a topic have; a comment's key names a media, and no user.
    pub(super) fn key_on(&self, topic: Topic) -> Option<&str> {
        self.key.as_deref().filter(|_| topic.spec().key == KeyRule::AccountUser)
    }

    /// Whether something of these times, when it happened and when it was received, is meant by a conversation; what has
    /// neither is.
    pub(super) fn is_at(&self, happened: Option<Millis>, received: Option<Millis>) -> bool {
        let mut times = happened.into_iter().chain(received).peekable();
        times.peek().is_none() || times.any(|time| self.period.has(time))
    }

    /// The typed topics that what is asked for can be on.
    pub(super) fn topics(&self) -> impl Iterator<Item = Topic> + '_ {
        Topic::TYPED.into_iter().filter(|topic| {
            let is_of_conversations = topic.spec().key == KeyRule::AccountUser;
            match &self.what {
                EventSelector::Conversation => is_of_conversations,
                // Ids of comments and media are digits and underscores, those of messages never are.
                EventSelector::Item(id) => *topic == Topic::Unknown || is_of_conversations != is_number(id),
                _ => true,
            }
        })
    }
}

impl EventSelector {
    /// What an id is of, by its form.
    fn of(id: &str) -> Self {
        let is_event = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        match id.to_ascii_lowercase() {
            id if is_event => Self::Event(id),
            id if received(&id).is_some() => Self::Delivery(id),
            _ => Self::Item(id.to_owned()),
        }
    }
}

impl Period {
    /// From a time on, and before it by as much as clocks differ.
    pub(super) fn since(at: Millis) -> Self {
        Self::from(at, MAX_CLOCK_SKEW)
    }

    /// From so long before a time on.
    pub(super) fn from(at: Millis, before: Duration) -> Self {
        Self { since: at.before(before), until: None }
    }

    /// Whether a time is in it.
    pub(super) fn has(self, at: Millis) -> bool {
        at >= self.since && self.until.is_none_or(|until| at < until)
    }

    /// About the time of another record.
    pub(super) fn about(at: Millis) -> Self {
        Self::around(at, MAX_CLOCK_SKEW)
    }

    fn around(at: Millis, by: Duration) -> Self {
        Self { until: Some(at.after(by)), ..Self::from(at, by) }
    }

    /// It in slices, the newest first: what is asked for is mostly new.
    pub(super) fn newest_first(self, now: Millis) -> Vec<Self> {
        let Self { since, mut until } = self;
        let (mut slices, mut length) = (Vec::new(), NEWEST);
        while until.is_none_or(|until| until > since) {
            let slice = Self { since: now.before(length).max(since), until };
            if until.is_none_or(|until| slice.since < until) {
                slices.push(slice);
                until = Some(slice.since);
            }
            length = length.saturating_mul(LONGER);
        }
        slices
    }
}

/// Whether it is an id of a comment, a post or a media.
fn is_number(id: &str) -> bool {
    id.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

/// The time in a delivery's id, which is a UUID of version 7; none of anything else.
pub(super) fn received(delivery: &str) -> Option<Millis> {
    let id = Uuid::try_parse(delivery).ok()?;
    let is_of_time = delivery.len() == Hyphenated::LENGTH && id.get_version_num() == 7;
    u64::try_from(id.as_u128() >> 80).ok().filter(|_| is_of_time).map(Millis::since_epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(what: EventSelector, key: Option<&str>, period: Period) -> Question {
        let event_limits = EventLimits { max_events: 10, min_bytes_per_event: 32 };
        Question { what, key: key.map(str::to_owned), period, event_limits }
    }

    #[test]
    fn an_id_says_by_its_form_what_it_is_of() {
        let event = "3F0C112233445566778899aabbccddee";
        assert_eq!(EventSelector::of(event), EventSelector::Event(event.to_ascii_lowercase()));
        let delivery = "0198a5b0-7c1e-7d2a-9f00-1234567890ab";
        assert_eq!(EventSelector::of(delivery), EventSelector::Delivery(delivery.to_owned()));
        assert_eq!(received(delivery), Some(Millis::since_epoch(0x0198_a5b0_7c1e)));
        for item in
            ["aWdfZAG1faXRlbTox", "17865799348089039", "mid.$cAAA", "0198a5b0-7c1e-4d2a-9f00-1234567890ab"]
        {
            assert_eq!(EventSelector::of(item), EventSelector::Item(item.to_owned()));
        }
    }

    #[test]
    fn an_item_is_looked_for_where_its_kind_is() {
        let period = Period::from(Millis::since_epoch(0), Duration::ZERO);
        let topics = |what, key| question(what, key, period).topics().collect::<Vec<_>>();
        let mid = || EventSelector::Item("aWdf".to_owned());
        assert_eq!(topics(mid(), None), [Topic::Messages, Topic::Standby, Topic::Receipts, Topic::Unknown]);
        let with_key = question(mid(), Some("17:42"), period);
        assert!(with_key.topics().eq([Topic::Messages, Topic::Standby, Topic::Receipts, Topic::Unknown]));
        assert_eq!(
            (with_key.key_on(Topic::Messages), with_key.key_on(Topic::Unknown)),
            (Some("17:42"), None)
        );
        assert!(topics(EventSelector::Item("178_1".to_owned()), Some("17:42")).contains(&Topic::Comments));
        let of_conversation = [Topic::Messages, Topic::Standby, Topic::Receipts];
        assert_eq!(topics(EventSelector::Conversation, Some("17:42")), of_conversation);
        let of_comment = topics(EventSelector::Item("178_1".to_owned()), None);
        assert!(of_comment.contains(&Topic::Comments) && !of_comment.contains(&Topic::Messages));
        assert_eq!(topics(EventSelector::Event("00".to_owned()), None), Topic::TYPED);
    }

    #[test]
    fn what_was_written_late_is_meant_by_the_time_at_which_it_happened_or_was_received() {
        let minutes = |count: u64| Millis::since_epoch(count * 60_000);
        let period = Period::around(minutes(100), AROUND);
        let question = question(EventSelector::Conversation, Some("17:42"), period);
        assert_eq!(question.late(), Period { since: minutes(95), until: Some(minutes(105 + 36 * 60)) });
        let late = Period { since: minutes(105), until: Some(minutes(105 + 36 * 60)) };
        assert_eq!(question.slices(minutes(200)), [period, late]);
        assert!(question.is_at(Some(minutes(99)), Some(minutes(500))));
        assert!(question.is_at(Some(minutes(1)), Some(minutes(104))));
        assert!(question.is_at(None, None));
        assert!(!question.is_at(Some(minutes(500)), Some(minutes(500))));
    }

    #[test]
    fn a_period_is_cut_into_slices_without_a_gap() {
        let minutes = |count: u64| Millis::since_epoch(count * 60_000);
        let slices = Period { since: minutes(30), until: None }.newest_first(minutes(200));
        let expected = [(190, None), (140, Some(190)), (30, Some(140))];
        let expected =
            expected.map(|(since, until)| Period { since: minutes(since), until: until.map(minutes) });
        assert_eq!(slices, expected);
        let old = Period { since: minutes(30), until: Some(minutes(40)) };
        assert_eq!(old.newest_first(minutes(200)), [old]);
    }
}
