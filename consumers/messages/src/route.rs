//! Which topics become which.

use enum_map::EnumMap;
use schemas::Topic;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The topics that are read, each with those that its records are published to.
const ROUTES: [(Topic, &[Topic]); 5] = [
    (Topic::Messages, &[Topic::Inbox]),
    (Topic::Standby, &[Topic::Inbox, Topic::InboxReceipts]),
    (Topic::Receipts, &[Topic::InboxReceipts]),
    (Topic::Comments, &[Topic::InboxComments]),
    (Topic::Mentions, &[Topic::InboxComments]),
];

/// The routes, with the topics' names.
#[derive(Clone, Debug)]
pub(crate) struct Routes {
    names: EnumMap<Topic, Arc<str>>,
}

impl Routes {
    pub(crate) fn new(topic_prefix: &str) -> Self {
        Self { names: EnumMap::from_fn(|topic: Topic| Arc::from(topic.name(topic_prefix))) }
    }

    pub(crate) fn name(&self, topic: Topic) -> &Arc<str> {
        &self.names[topic]
    }

    /// The names of all topics that are read.
    pub(crate) fn inputs(&self) -> Vec<String> {
        Topic::MessagesDlq.sources().iter().map(|input| self.names[*input].to_string()).collect()
    }

    /// The names of all topics that are written to.
    pub(crate) fn outputs(&self) -> Vec<String> {
        let outputs: BTreeSet<_> = ROUTES.iter().flat_map(|(_, outputs)| *outputs).collect();
        outputs.into_iter().map(|output| self.names[*output].to_string()).collect()
    }

    /// The names of the topics that the records of the topic named `input` are published to.
    pub(crate) fn outputs_of<'a>(&'a self, input: &'a str) -> impl Iterator<Item = &'a Arc<str>> {
        let routes = ROUTES.iter().filter(move |(topic, _)| *self.names[*topic] == *input);
        routes.flat_map(|(_, outputs)| *outputs).map(|output| &self.names[*output])
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
                let input = EventKind { kind, standby }.topic();
                if standby && !kind.comes_on_standby() {
                    continue;
                }
                let outputs = ROUTES.iter().find(|(topic, _)| *topic == input).map(|(_, outputs)| *outputs);
                let outputs = outputs.unwrap_or_else(|| unreachable!("{input:?} is not read"));
                assert!(outputs.contains(&name.topic()), "{kind:?}, standby {standby}");
            }
        }
    }

    #[test]
    fn each_topic_that_is_written_to_is_named_once() {
        let routes = Routes::new("meta");
        assert_eq!(ROUTES.map(|(input, _)| input), Topic::MessagesDlq.sources());
        assert_eq!(routes.outputs(), ["meta.inbox.v1", "meta.inbox.receipts.v1", "meta.inbox.comments.v1"]);
        assert_eq!(routes.outputs_of("meta.standby.v1").count(), 2);
        assert_eq!(routes.outputs_of("meta.feed.v1").count(), 0);
    }
}
