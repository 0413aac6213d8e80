//! A message of a conversation, and whose it is. Pure.

use crate::observe::Observation;
use schemas::EventKind;
use schemas::inbox::EventName;

/// A message of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConversationMessage<'a> {
    /// The key of the conversation.
    pub(crate) conversation: &'a str,
    /// When, in milliseconds since 1970.
    pub(crate) at: u64,
    /// Whether the account wrote, with whatever tool, rather than a customer.
    pub(crate) is_answer: bool,
}

impl<'a> ConversationMessage<'a> {
    /// What an event is in its conversation; `None` for what is no message, for what another app has to answer, and for what an
    /// account writes to itself.
    pub(crate) fn of(observation: &Observation<'a>) -> Option<Self> {
        let EventKind { kind, standby: false } = observation.kind? else { return None };
        let is_answer = match kind.spec().inbox? {
            EventName::MessageReceived | EventName::StoryMentioned => false,
            EventName::MessageSent => true,
            _ => return None,
        };
        let conversation = observation.event.subject.as_deref()?;
        let (account, user) = conversation.split_once(':')?;
        let at = observation.happened?.as_millis();
        (account != user).then_some(Self { conversation, at, is_answer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::TypedEvent;

    /// Its conversation, its time, and whether it is an answer.
    fn message(kind: &str, subject: &str) -> Option<(String, u64, bool)> {
        let value = format!(
            r#"{{"id":"0","source":"/meta","type":"com.meta.page.{kind}.v1","time":"1970-01-01T00:00:07.000Z",
            "metaobject":"page","metacarrier":"messaging","deliveryid":"0","subject":"{subject}","data":{{}}}}"#
        );
        let event = TypedEvent::read(Some(value.as_bytes())).unwrap();
        let message = ConversationMessage::of(&Observation::of(&event));
        message.map(|message| (message.conversation.to_owned(), message.at, message.is_answer))
    }

    #[test]
    fn a_customer_asks_and_an_echo_answers() {
        let of = |is_answer| Some(("1:2".to_owned(), 7_000, is_answer));
        for kind in ["message", "message.unsupported", "story_mention"] {
            assert_eq!(message(kind, "1:2"), of(false), "{kind}");
        }
        assert_eq!(message("message.echo", "1:2"), of(true));
    }

    #[test]
    fn what_another_app_answers_and_what_is_no_message_is_none() {
        for (kind, subject) in
            [("standby.message", "1:2"), ("receipt.read", "1:2"), ("message", "1:1"), ("message.echo", "1")]
        {
            assert_eq!(message(kind, subject), None, "{kind} of {subject}");
        }
    }
}
