//! Which events are meant.

use schemas::{Event, EventKind, Topic, TypedEvent};

/// What narrows it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    /// Typed topics.
    pub(super) topics: Vec<Topic>,
    pub(super) kind: Option<EventKind>,
    pub(super) account: Option<String>,
}

impl Filter {
    /// Whether an event of a body is meant.
    pub(super) fn holds(&self, event: &Event<'_>) -> bool {
        self.topics.contains(&event.topic())
            && self.kind.is_none_or(|kind| kind == event.kind)
            && self.account.as_ref().is_none_or(|account| event.account.as_deref() == Some(account))
    }

    /// Whether an event of a typed topic that is meant is meant itself.
    pub(super) fn holds_typed(&self, event: &TypedEvent<'_>) -> bool {
        self.kind.is_none_or(|kind| event.kind() == Some(kind))
            && self.account.as_ref().is_none_or(|account| event.metaaccount.as_deref() == Some(account))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two accounts: a message and a reaction, a comment and a mention.
    const BODY: &[u8] =
        include_bytes!("../../../schemas/fixtures/batch/conversation-and-comments-of-two-accounts.json");

    fn all() -> Filter {
        Filter { topics: Topic::TYPED.to_vec(), kind: None, account: None }
    }

    fn held(filter: &Filter) -> Vec<String> {
        let events = schemas::split(BODY, 10).events;
        events.iter().filter(|event| filter.holds(event)).map(|event| event.kind.to_string()).collect()
    }

    #[test]
    fn events_are_narrowed_by_topic_kind_and_account() {
        let everything = held(&all());
        assert_eq!(everything.len(), 4);
        assert_eq!(held(&Filter { topics: vec![Topic::Comments], ..all() }), ["comment"]);
        assert_eq!(held(&Filter { kind: "message".parse().ok(), ..all() }), ["message"]);
        assert!(held(&Filter { account: Some("1".to_owned()), ..all() }).is_empty());
        let account = schemas::split(BODY, 10).events[0].account.as_deref().map(str::to_owned);
        let of_one = held(&Filter { account, ..all() });
        assert!(!of_one.is_empty() && of_one.len() < 4, "{of_one:?}");
    }
}
