//! Which topics become which.

use crate::Input;
use enum_map::EnumMap;
use schemas::Topic;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A topic that is read, with those that its records are published to.
type Route = (Topic, &'static [Topic]);

const OF_MESSAGES: [Route; 5] = [
    (Topic::Messages, &[Topic::Inbox]),
    (Topic::Standby, &[Topic::Inbox, Topic::InboxReceipts]),
    (Topic::Receipts, &[Topic::InboxReceipts]),
    (Topic::Comments, &[Topic::InboxComments]),
    (Topic::Mentions, &[Topic::InboxComments]),
];

const OF_FEED: [Route; 1] = [(Topic::Feed, &[Topic::InboxComments])];

/// The topics that what becomes of the events of a topic is published to; none of a topic that is never read.
pub fn outputs_of(topic: Topic) -> &'static [Topic] {
    let route = OF_MESSAGES.iter().chain(&OF_FEED).find(|(read, _)| *read == topic);
    route.map(|(_, outputs)| *outputs).unwrap_or_default()
}

/// The routes of an input, with the topics' names.
#[derive(Clone, Debug)]
pub(crate) struct Routes {
    input: Input,
    names: EnumMap<Topic, Arc<str>>,
}

impl Routes {
    pub(crate) fn new(input: Input, topic_prefix: &str) -> Self {
        Self { input, names: EnumMap::from_fn(|topic: Topic| Arc::from(topic.name(topic_prefix))) }
    }

    /// Name of the consumer group that takes them.
    pub(crate) const fn group(&self) -> &'static str {
        self.input.group()
    }

    pub(crate) fn name(&self, topic: Topic) -> &Arc<str> {
        &self.names[topic]
    }

    /// The names of all topics that are read.
    pub(crate) fn inputs(&self) -> Vec<String> {
        self.input.topics().iter().map(|input| self.names[*input].to_string()).collect()
    }

    /// The names of all topics that are written to.
    pub(crate) fn outputs(&self) -> Vec<String> {
        let outputs: BTreeSet<_> = of(self.input).iter().flat_map(|(_, outputs)| *outputs).collect();
        outputs.into_iter().map(|output| self.names[*output].to_string()).collect()
    }

    /// The names of the topics that the records of the topic named `input` are published to.
    pub(crate) fn outputs_of<'a>(&'a self, input: &'a str) -> impl Iterator<Item = &'a Arc<str>> {
        let routes = of(self.input).iter().filter(move |(topic, _)| *self.names[*topic] == *input);
        routes.flat_map(|(_, outputs)| *outputs).map(|output| &self.names[*output])
    }
}

const fn of(input: Input) -> &'static [Route] {
    match input {
        Input::Messages => &OF_MESSAGES,
        Input::Feed => &OF_FEED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise;
    use schemas::{EventKind, Kind};

    #[test]
    fn every_record_goes_where_it_is_looked_for_after_a_restart() {
        for kind in Kind::ALL {
            for standby in [false, true] {
                let Some(name) = normalise::name::of(kind) else { continue };
                let topic = EventKind { kind, standby }.topic();
                if standby && !kind.comes_on_standby() {
                    continue;
                }
                assert!(outputs_of(topic).contains(&name.topic()), "{kind:?}, standby {standby}");
            }
        }
    }

    #[test]
    fn each_topic_that_is_read_has_a_route() {
        for input in Input::ALL {
            let read: Vec<_> = of(input).iter().map(|(topic, _)| *topic).collect();
            assert_eq!(read, input.topics(), "{input:?}");
        }
    }

    #[test]
    fn each_topic_that_is_written_to_is_named_once() {
        let routes = Routes::new(Input::Messages, "meta");
        assert_eq!(routes.outputs(), ["meta.inbox.v1", "meta.inbox.receipts.v1", "meta.inbox.comments.v1"]);
        assert_eq!(routes.outputs_of("meta.standby.v1").count(), 2);
        assert_eq!(routes.outputs_of("meta.feed.v1").count(), 0);
    }

    #[test]
    fn the_feed_is_read_alone_and_becomes_comments() {
        let routes = Routes::new(Input::Feed, "meta");
        assert_eq!(
            (routes.group(), routes.inputs()),
            ("weir-messages-feed", vec!["meta.feed.v1".to_owned()])
        );
        assert_eq!(routes.outputs(), ["meta.inbox.comments.v1"]);
        assert_eq!(routes.outputs_of("meta.feed.v1").count(), 1);
        assert_eq!(routes.outputs_of("meta.comments.v1").count(), 0);
    }
}
