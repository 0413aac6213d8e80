//! Who wrote a message, and how to ask for them: pure.
//!
//! Source: Meta's pages on the User Profile API of Instagram (April 2026) and of Messenger (March 2026): consent is given by
//! who sends a message or taps an icebreaker, a menu or a button, and by nobody else.

use crate::call::is_id;
use runtime::consumer::Record;
use schemas::TypedEvent;
use schemas::data::messaging::Messaging;
use schemas::inbox::{EventName, Platform};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use weir_graph::GraphId;

/// A customer who may be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Customer {
    pub(super) account: GraphId,
    pub(super) user: GraphId,
    pub(super) platform: Platform,
}

/// The fields that need no permission beyond those of messages. One that a node does not have fails the whole call.
const INSTAGRAM: &str = "name,username,profile_pic,follower_count,is_user_follow_business,is_business_follow_user,is_verified_user";
const MESSENGER: &str = "name,first_name,last_name,profile_pic";

impl Customer {
    /// The customer who sent a message; nobody where the account did, or it is none that gives consent. What cannot be read is
    /// for weir-messages to give up.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let event = TypedEvent::read(record.value.as_deref()).ok()?;
        let kind = event.kind().filter(|kind| !kind.standby && !event.metatest)?.kind;
        let gives_consent = matches!(
            kind.spec().inbox?,
            EventName::MessageReceived
                | EventName::StoryMentioned
                | EventName::OrderReceived
                | EventName::PostbackReceived
        );
        let platform = Platform::of_object(&event.metaobject)?;
        let item: Messaging = event.data().ok().filter(|_| gives_consent)?;
        let account = GraphId::parse(event.metaaccount.as_deref()?)?;
        let user = item.sender_id().and_then(GraphId::parse).filter(|user| *user != account)?;
        Some(Self { account, user, platform })
    }

    /// The key of their profile.
    pub(super) fn key(&self) -> String {
        format!("{}:{}", self.account, self.user)
    }

    /// Path and query under the host, as [`crate::call::Call::relative_url`].
    pub(super) fn relative_url(&self, version: &str) -> String {
        format!("{version}/{}?fields={}", self.user, self.fields())
    }

    /// Whether an object is Meta's answer: it names this customer or, where it names nobody, says something of what was asked.
    pub(crate) fn is_answered_by(&self, answer: &RawValue) -> bool {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(answer.get()).unwrap_or_default();
        match members.get("id") {
            Some(id) => is_id(id, &self.user),
            None => self.fields().split(',').any(|field| members.contains_key(field)),
        }
    }

    const fn fields(&self) -> &'static str {
        match self.platform {
            Platform::Instagram => INSTAGRAM,
            Platform::Facebook => MESSENGER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handler::tests::bench::records;

    /// Who is asked for of the events of `schemas/fixtures/{fixture}.json`.
    fn asked(fixture: &str) -> Vec<String> {
        let events = records(fixture);
        let customers = events.iter().filter_map(Customer::of);
        customers.map(|customer| format!("{} {}", customer.key(), customer.relative_url("v26.0"))).collect()
    }

    #[test]
    fn who_wrote_is_asked_for_by_the_fields_of_their_platform() {
        assert_eq!(
            asked("message/text"),
            [format!("17841405726653026:6837251906428371 v26.0/6837251906428371?fields={INSTAGRAM}")]
        );
        let page = asked("message/messenger-text");
        assert!(page[0].ends_with(&format!("?fields={MESSENGER}")), "{page:?}");
    }

    #[test]
    fn an_answer_is_about_who_was_asked_for_or_says_something_of_them() {
        let customer = Customer::of(&records("message/text")[0]).unwrap();
        for (answer, is_answer) in [
            (r#"{"id":"6837251906428371"}"#, true),
            (r#"{"id":6837251906428371,"name":"A"}"#, true),
            (r#"{"username":"a.customer","is_verified_user":false}"#, true),
            (r#"{"id":"999","name":"B","username":"b"}"#, false),
            (r#"{"id":null}"#, false),
            ("{}", false),
            (r#"{"status":"blocked by proxy"}"#, false),
        ] {
            let answer = RawValue::from_string(answer.to_owned()).unwrap();
            assert_eq!(customer.is_answered_by(&answer), is_answer, "{answer}");
        }
    }

    #[test]
    fn who_did_not_write_is_not_asked_for() {
        for fixture in ["message.echo/text", "reaction.added/love", "standby.message/text", "comment/on-post"]
        {
            assert_eq!(asked(fixture), [""; 0], "{fixture}");
        }
    }
}
