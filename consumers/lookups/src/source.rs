//! What this consumer reads, each with a handler of its own: comments and mentions and, where customers are looked up, messages.

use crate::handler::{self, LookupAnswer, Lookups};
use crate::pending_lookup::PendingLookup;
use crate::profiles::{self, Profiles};
use runtime::consumer::{Failure, Handler, Output, Record, Waits};
use schemas::Topic;

/// The handlers.
#[derive(Debug)]
pub(crate) struct Sources {
    lookups: Lookups,
    profiles: Profiles,
    messages: String,
}

/// A partition of one of the topics.
#[derive(Debug)]
pub(crate) enum Partition {
    /// Of comments or mentions.
    Posts(handler::Partition),
    /// Of messages.
    Customers(profiles::Partition),
}

impl Sources {
    pub(crate) fn new(lookups: Lookups, profiles: Profiles, topic_prefix: &str) -> Self {
        Self { lookups, profiles, messages: Topic::Messages.name(topic_prefix) }
    }
}

impl Handler for Sources {
    type State = Partition;
    type Begun = PendingLookup<LookupAnswer>;

    fn reasons(&self) -> &'static [&'static str] {
        &[
            "unreadable",
            "unexpected_kind",
            "bad_id",
            "no_token",
            "token",
            "permission",
            "no_consent",
            "invalid_call",
            "window_closed",
            "not_reachable",
            "thread_control",
            "answer_too_large",
            "lookup_failed",
            "throttled",
        ]
    }

    fn assigned(&self, topic: &str, _partition: i32) -> Partition {
        if topic == self.messages {
            Partition::Customers(self.profiles.assigned())
        } else {
            Partition::Posts(handler::Partition::default())
        }
    }

    fn expect(&self, record: &Record) -> Option<Self::Begun> {
        if *record.topic == *self.messages { None } else { self.lookups.expect(record) }
    }

    async fn prepare(
        &self,
        partition: &mut Partition,
        record: &Record,
        begun: &mut Option<Self::Begun>,
        waits: &Waits,
    ) -> Result<(), Failure> {
        match partition {
            Partition::Posts(partition) => self.lookups.prepare(partition, record, begun, waits).await,
            Partition::Customers(partition) => self.profiles.prepare(partition, record, waits).await,
        }
    }

    async fn handle(
        &self,
        partition: &mut Partition,
        record: &Record,
        _: &Waits,
    ) -> Result<Vec<Output>, Failure> {
        match partition {
            Partition::Posts(partition) => Lookups::handle(partition),
            Partition::Customers(partition) => Ok(self.profiles.handle(partition, record)),
        }
    }
}
