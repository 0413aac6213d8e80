//! Whose turn it was in a conversation. Pure.

use schemas::{EventKind, Kind, Millis, TypedEvent};

/// A message of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// A customer wrote.
    Asked {
        /// The key of the conversation.
        conversation: String,
        /// When, in milliseconds since 1970.
        at: u64,
    },
    /// The account wrote, with whatever tool.
    Answered {
        /// The key of the conversation.
        conversation: String,
        /// When, in milliseconds since 1970.
        at: u64,
    },
}

impl Turn {
    /// What an event is in its conversation; `None` for what is no message, for what another app has to answer, and
    /// for what an account writes to itself.
    pub fn of(event: &TypedEvent<'_>) -> Option<Self> {
        let EventKind { kind, standby: false } = event.kind()? else { return None };
        let (account, user) = event.subject.as_deref()?.split_once(':')?;
        let at = event.time.as_deref().and_then(Millis::parse)?.as_millis();
        if account == user {
            return None;
        }
        let conversation = format!("{account}:{user}");
        match kind {
            Kind::Message | Kind::MessageUnsupported | Kind::StoryMention => {
                Some(Self::Asked { conversation, at })
            }
            Kind::MessageEcho => Some(Self::Answered { conversation, at }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(kind: &str, subject: &str) -> Option<Turn> {
        let value = format!(
            r#"{{"id":"0","source":"/meta","type":"com.meta.page.{kind}.v1","time":"1970-01-01T00:00:07.000Z",
            "metaobject":"page","metacarrier":"messaging","deliveryid":"0","subject":"{subject}","data":{{}}}}"#
        );
        Turn::of(&TypedEvent::read(Some(value.as_bytes())).unwrap())
    }

    #[test]
    fn a_customer_asks_and_an_echo_answers() {
        let conversation = || "1:2".to_owned();
        let asked = Some(Turn::Asked { conversation: conversation(), at: 7_000 });
        for kind in ["message", "message.unsupported", "story_mention"] {
            assert_eq!(turn(kind, "1:2"), asked, "{kind}");
        }
        let answered = Some(Turn::Answered { conversation: conversation(), at: 7_000 });
        assert_eq!(turn("message.echo", "1:2"), answered);
    }

    #[test]
    fn what_another_app_answers_and_what_is_no_message_is_no_turn() {
        for (kind, subject) in
            [("standby.message", "1:2"), ("receipt.read", "1:2"), ("message", "1:1"), ("message.echo", "1")]
        {
            assert_eq!(turn(kind, subject), None, "{kind} of {subject}");
        }
    }
}
