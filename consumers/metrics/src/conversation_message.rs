//! A message of a conversation, and whose it is. Pure.

use schemas::{EventKind, Kind, Millis, TypedEvent};

/// A message of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConversationMessage {
    /// The key of the conversation.
    pub(crate) conversation: String,
    /// When, in milliseconds since 1970.
    pub(crate) at: u64,
    /// Whether the account wrote, with whatever tool, rather than a customer.
    pub(crate) is_answer: bool,
}

impl ConversationMessage {
    /// What an event is in its conversation; `None` for what is no message, for what another app has to answer, and
    /// for what an account writes to itself.
    pub(crate) fn of(event: &TypedEvent<'_>) -> Option<Self> {
        let EventKind { kind, standby: false } = event.kind()? else { return None };
        let (account, user) = event.subject.as_deref()?.split_once(':')?;
        let at = event.time.as_deref().and_then(Millis::parse)?.as_millis();
        let is_answer = match kind {
            Kind::Message | Kind::MessageUnsupported | Kind::StoryMention => false,
            Kind::MessageEcho => true,
            _ => return None,
        };
        (account != user).then(|| Self { conversation: format!("{account}:{user}"), at, is_answer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: &str, subject: &str) -> Option<ConversationMessage> {
        let value = format!(
            r#"{{"id":"0","source":"/meta","type":"com.meta.page.{kind}.v1","time":"1970-01-01T00:00:07.000Z",
            "metaobject":"page","metacarrier":"messaging","deliveryid":"0","subject":"{subject}","data":{{}}}}"#
        );
        ConversationMessage::of(&TypedEvent::read(Some(value.as_bytes())).unwrap())
    }

    #[test]
    fn a_customer_asks_and_an_echo_answers() {
        let of =
            |is_answer| Some(ConversationMessage { conversation: "1:2".to_owned(), at: 7_000, is_answer });
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
