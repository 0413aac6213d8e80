//! The deliveries that the demo posts, and what is expected to come of each. Pure.

use crate::records::fact::Fact;
use schemas::Topic;
use serde_json::Value;
use weir_messages::outputs_of;

/// One delivery.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// What it is, for people.
    pub(super) name: &'static str,
    pub(super) body: &'static str,
    /// What ingest must answer; 401 for one that is signed with another secret.
    pub(super) status: u16,
    /// The events that must come of it, one JSON object a line, as the fixtures have them.
    events: &'static str,
    /// Of those that weir-messages reads, what the inbox must say, in order; nothing for a delivery that came before.
    inbox: &'static [&'static str],
    /// Why it goes to the dead letters.
    dead_letter: Option<&'static str>,
}

/// A sample from the fixtures of `schemas`.
macro_rules! fixture {
    ($name:literal, $path:literal, inbox: $inbox:expr) => {
        Sample {
            name: $name,
            body: include_str!(concat!("../../../schemas/fixtures/", $path, ".json")),
            status: 200,
            events: include_str!(concat!("../../../schemas/fixtures/", $path, ".events.jsonl")),
            inbox: $inbox,
            dead_letter: None,
        }
    };
}

/// All samples, in the order in which they are posted.
pub(super) const SAMPLES: [Sample; 14] = [
    fixture!("a text message", "message/text", inbox: &["message.received, text"]),
    fixture!("an image", "message/attachment-image", inbox: &["message.received, image"]),
    fixture!("a reply to a story", "message/story-reply", inbox: &["message.received, story_reply"]),
    fixture!("an echo: the account answered", "message.echo/text", inbox: &["message.sent, text"]),
    fixture!("a reaction", "reaction.added/love", inbox: &["reaction.added"]),
    fixture!("a postback: an icebreaker tapped", "postback/icebreaker", inbox: &["postback.received"]),
    fixture!("a comment on a post", "comment/on-post", inbox: &["comment.received"]),
    fixture!("a mention in a comment", "mention.comment/object-form", inbox: &["mention.received"]),
    fixture!("a mention in a caption", "mention.caption/object-form", inbox: &["mention.received"]),
    fixture!("a field that nobody knows yet", "unknown/change-of-another-field", inbox: &[]),
    fixture!("two entries with four items", "batch/two-entries-four-items",
        inbox: &["message.received, text", "reaction.added", "message.received, text", "message.read"]),
    // The same ids again, and nothing new in the inbox.
    fixture!("the same again, as Meta retries: the same ids, no new message", "batch/two-entries-four-items", inbox: &[]),
    Sample {
        name: "signed rubbish",
        body: "this is no JSON",
        status: 200,
        events: "",
        inbox: &[],
        dead_letter: Some("not_json"),
    },
    Sample {
        name: "a wrong signature",
        body: r#"{"object":"instagram","entry":[]}"#,
        status: 401,
        events: "",
        inbox: &[],
        dead_letter: None,
    },
];

impl Sample {
    /// What must be on the topics, those of ingest first, each in the order of the body.
    pub(super) fn facts(&self) -> Vec<Fact> {
        if self.status != 200 {
            return Vec::new();
        }
        let events: Vec<Fact> = self.events.lines().filter_map(typed).collect();
        let mut facts = vec![Fact::raw(self.body.as_bytes())];
        facts.extend(events.iter().cloned());
        facts.extend(self.dead_letter.map(|reason| Fact::dead_letter(self.body.as_bytes(), reason)));
        let read = events.iter().filter_map(|event| Some((event, *outputs_of(event.topic).first()?)));
        let inbox = read.zip(self.inbox);
        facts.extend(inbox.map(|((event, topic), what)| consumed(event, topic, (*what).to_owned())));
        facts.extend(events.iter().filter_map(enriched));
        facts
    }
}

/// Of a line of a fixture's events.
fn typed(line: &str) -> Option<Fact> {
    let event: Value = serde_json::from_str(line).ok()?;
    let text = |member: &str| event[member].as_str();
    let topic = Topic::ALL.into_iter().find(|known| text("topic") == Some(known.spec().suffix))?;
    let key = text("key").map(str::to_owned);
    Some(Fact { topic, key, what: text("kind")?.to_owned(), id: text("id")?.to_owned() })
}

fn enriched(event: &Fact) -> Option<Fact> {
    let topic = match event.topic {
        Topic::Comments => Topic::CommentsEnriched,
        Topic::Mentions => Topic::MentionsEnriched,
        _ => return None,
    };
    Some(consumed(event, topic, format!("{}, found", event.what)))
}

/// A consumer keeps key and id.
fn consumed(event: &Fact, topic: Topic, what: String) -> Fact {
    Fact { topic, key: event.key.clone(), what, id: event.id.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::Holds;
    use std::collections::BTreeSet;

    #[test]
    fn every_line_of_the_fixtures_is_an_expectation() {
        for sample in SAMPLES {
            let typed = sample.facts().iter().filter(|fact| Topic::TYPED.contains(&fact.topic)).count();
            assert_eq!(typed, sample.events.lines().count(), "{}", sample.name);
        }
    }

    #[test]
    fn every_event_that_is_normalised_is_expected_in_the_inbox_once() {
        let mut new = BTreeSet::new();
        for sample in SAMPLES {
            let facts = sample.facts();
            let read = facts.iter().filter(|fact| Topic::MessagesDlq.sources().contains(&fact.topic));
            let messages = read.filter(|fact| new.insert(fact.id.clone())).count();
            let normalised = facts.iter().filter(|fact| fact.topic.spec().holds == Holds::Inbox);
            assert_eq!(normalised.count(), messages, "{}", sample.name);
            assert_eq!(sample.inbox.len(), messages, "{}", sample.name);
        }
    }

    #[test]
    fn a_refused_delivery_leaves_no_trace() {
        let refused = SAMPLES.iter().find(|sample| sample.status == 401).unwrap();
        assert_eq!(refused.facts(), []);
    }

    #[test]
    fn rubbish_is_kept_twice() {
        let rubbish = SAMPLES.iter().find(|sample| sample.dead_letter.is_some()).unwrap();
        let facts = rubbish.facts();
        assert_eq!(facts.len(), 2);
        assert_eq!((facts[0].topic, facts[1].topic), (Topic::Raw, Topic::IngestDlq));
        assert_eq!(facts[1].what, "not_json");
    }
}
