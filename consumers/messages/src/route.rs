//! Which topics become which.

use crate::Input;
use enum_map::EnumMap;
use schemas::Topic;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The topics that what becomes of the events of a topic is published to; none of a topic that is never read.
pub const fn outputs_of(topic: Topic) -> &'static [Topic] {
    match topic {
        Topic::Messages => &[Topic::Inbox],
        Topic::Standby => &[Topic::Inbox, Topic::InboxReceipts],
        Topic::Receipts => &[Topic::InboxReceipts],
        Topic::Comments | Topic::Mentions | Topic::Feed => &[Topic::InboxComments],
        _ => &[],
    }
}

/// The routes of an input, with the topics' names.
#[derive(Debug)]
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
        let outputs: BTreeSet<_> = self.input.topics().iter().flat_map(|topic| outputs_of(*topic)).collect();
        outputs.into_iter().map(|output| self.names[*output].to_string()).collect()
    }

    /// The names of the topics that the records of the topic named `input` are published to.
    pub(crate) fn outputs_of<'a>(&'a self, input: &'a str) -> impl Iterator<Item = &'a Arc<str>> {
        let topics = self.input.topics().iter().filter(move |topic| *self.names[**topic] == *input);
        topics.flat_map(|topic| outputs_of(*topic)).map(|output| &self.names[*output])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::{EventKind, Kind};

    #[test]
    fn every_record_goes_where_it_is_looked_for_after_a_restart() {
        for kind in Kind::ALL {
            for standby in [false, true] {
                let Some(name) = kind.spec().inbox else { continue };
                let topic = EventKind { kind, standby }.topic();
                if standby && !kind.comes_on_standby() {
                    continue;
                }
                assert!(outputs_of(topic).contains(&name.topic()), "{kind:?}, standby {standby}");
            }
        }
    }

    #[test]
    fn each_topic_that_is_read_has_a_route_and_no_other() {
        for topic in Topic::ALL {
            assert_eq!(!outputs_of(topic).is_empty(), Input::of(topic).is_some(), "{topic:?}");
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
