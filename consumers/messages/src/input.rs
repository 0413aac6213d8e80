//! What a process reads: each choice has a consumer group of its own, whose members share its topics alone.

use crate::ABOUT;
use schemas::Topic;

/// The topics that a process reads.
///
/// librdkafka evens out how many partitions each member of a group has in all, and moves whole topics to do so: with the feed
/// in the group of the messages, a second member would get none of the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// What is said to and about accounts, except on the walls of pages.
    Messages,
    /// What happens on the walls of pages, of which new comments and mentions are published.
    Feed,
}

impl Input {
    /// Every choice.
    pub const ALL: [Self; 2] = [Self::Messages, Self::Feed];

    /// The one that reads a topic; `None` for one that this consumer never reads.
    pub fn of(topic: Topic) -> Option<Self> {
        Self::ALL.into_iter().find(|input| input.topics().contains(&topic))
    }

    /// Name of the consumer group and of the Kafka client.
    pub const fn group(self) -> &'static str {
        match self {
            Self::Messages => ABOUT.name,
            Self::Feed => "weir-messages-feed",
        }
    }

    /// The topics that are read.
    pub const fn topics(self) -> &'static [Topic] {
        match self {
            Self::Messages => Topic::MessagesDlq.sources(),
            Self::Feed => Topic::MessagesDlq.optional_sources(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_topic_is_read_by_one_group() {
        assert_eq!(Input::of(Topic::Messages), Some(Input::Messages));
        assert_eq!(Input::of(Topic::Comments), Some(Input::Messages));
        assert_eq!(Input::of(Topic::Feed), Some(Input::Feed));
        assert_eq!(Input::of(Topic::Account), None);
        assert_eq!(Input::ALL.map(Input::group), ["weir-messages", "weir-messages-feed"]);
    }
}
