//! An event as its body or its record tells it, and what it is about. Pure.

use super::question::{EventSelector, Question};
use super::search::holds;
use crate::records::fact::{DescribedRecord, Fact};
use runtime::consumer::Record;
use schemas::{Event, Millis, Topic, TypedEvent, read_any};

/// The kinds whose id at Meta is their own; that of every other kind may be of something that came before.
const ITEMS: [&str; 9] = [
    "message",
    "message.echo",
    "message.unsupported",
    "story_mention",
    "postback",
    "order",
    "comment",
    "comment.live",
    "mention.comment",
];

/// What a body gives, whether it is on its topic or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) key: Option<String>,
    pub(super) topic: Topic,
    /// The message's or comment's id at Meta.
    pub(super) item: Option<String>,
}

/// The events of a body, received then, that are meant; at their end `None` for the body itself where it is: a delivery that gives no
/// events, or that goes to the dead letters, all of it or a part, be it meant itself or with what is meant in none of its events.
pub(super) fn expected(question: &Question, body: &[u8], received: Option<Millis>) -> Vec<Option<Expected>> {
    if let EventSelector::Item(id) = &question.what
        && !holds(body, id)
    {
        return Vec::new();
    }
    let split = question.event_limits.split(body);
    let is_meant = |event: &&Event<'_>| match &question.what {
        EventSelector::Event(id) => event.id.to_string() == *id,
        EventSelector::Item(id) => is_about(event.data, id),
        EventSelector::Conversation => event.key == question.key && question.is_at(event.time, received),
        EventSelector::Delivery(_) => true,
    };
    let mut meant: Vec<_> = split.events.iter().filter(is_meant).map(Expected::of).map(Some).collect();
    let is_body_meant = match &question.what {
        EventSelector::Delivery(_) => split.refusal.is_some() || meant.is_empty(),
        EventSelector::Event(_) => false,
        _ if split.refusal.is_none() || !meant.is_empty() => false,
        EventSelector::Item(_) => true,
        EventSelector::Conversation => {
            let mut ids = question.key.iter().flat_map(|key| key.split(':'));
            ids.all(|id| holds(body, id)) && question.is_at(None, received)
        }
    };
    meant.extend(is_body_meant.then_some(None));
    meant
}

impl Expected {
    /// Whether it is the message or comment itself, and not a reaction to it, an edit of it or a receipt.
    pub(super) fn is_the_item(&self) -> bool {
        let kind = self.kind.strip_prefix("standby.").unwrap_or(&self.kind);
        ITEMS.contains(&kind)
    }

    fn of(event: &Event<'_>) -> Self {
        Self {
            id: event.id.to_string(),
            kind: event.kind.to_string(),
            key: event.key.clone(),
            topic: event.topic(),
            item: item(event.data),
        }
    }

    /// Of a record that is no event, as far as its headers tell.
    pub(super) fn read(typed: &Record, topic: Topic) -> Self {
        let Fact { key, what, id, .. } = DescribedRecord::on(topic, typed).fact;
        let event = TypedEvent::read(typed.value.as_deref()).ok();
        Self { item: event.and_then(|event| item(event.data.get())), id, kind: what, key, topic }
    }
}

/// Whether an event is about this message or comment; another one may quote it. Of what has no id of its own nobody knows.
pub(super) fn is_about(data: &str, id: &str) -> bool {
    holds(data.as_bytes(), id) && item(data).is_none_or(|item| item == id)
}

/// The message's or comment's id of an event's data.
fn item(data: &str) -> Option<String> {
    let data = read_any(data).ok()?;
    let of_member = data.as_object()?.values().find_map(|member| member.get("mid"));
    let id = of_member.or_else(|| data.get("comment_id")).or_else(|| data.get("id"))?;
    id.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::question::Period;
    use super::*;
    use crate::tool::settings::EventLimits;

    const fn limits(max_events: usize) -> EventLimits {
        EventLimits { max_events, min_bytes_per_event: 32 }
    }

    #[test]
    fn a_body_that_was_refused_is_meant_by_a_message_in_it() {
        let body = include_bytes!("../../../../schemas/fixtures/message/text.json");
        let mid = item(schemas::split(body, 10).events[0].data).unwrap();
        let of = |id: &str, max_events| {
            let period = Period::since(Millis::since_epoch(0));
            let (what, event_limits) = (EventSelector::Item(id.to_owned()), limits(max_events));
            let question = Question { what, key: None, period, event_limits };
            let meant = expected(&question, body, None);
            (meant.iter().flatten().count(), meant.contains(&None))
        };
        assert_eq!(of(&mid, 10), (1, false));
        assert_eq!(of(&mid, 0), (0, true), "too many events");
        assert_eq!(of("another", 0), (0, false));
    }

    #[test]
    fn a_body_that_was_refused_is_meant_by_a_conversation_at_that_time() {
        let body = include_bytes!("../../../../schemas/fixtures/message/text.json");
        let event = schemas::split(body, 10).events.swap_remove(0);
        let of = |key: &str, received| {
            let period = Period::about(Millis::since_epoch(100_000));
            let (what, key, event_limits) = (EventSelector::Conversation, Some(key.to_owned()), limits(0));
            let question = Question { what, key, period, event_limits };
            expected(&question, body, Some(Millis::since_epoch(received)))
        };
        let key = event.key.unwrap();
        assert_eq!(of(&key, 100_000), [None]);
        assert_eq!(of(&key, 900_000), []);
        assert_eq!(of("17:42", 100_000), []);
    }

    #[test]
    fn a_message_whose_text_was_cut_is_told_from_the_one_that_it_quotes() {
        let quoting = r#"{"message":{"mid":"m_2","text":"so good \ud83d","reply_to":{"mid":"m_1"}}}"#;
        assert!(is_about(quoting, "m_2") && !is_about(quoting, "m_1"));
    }
}
