//! What this consumer reads, each with a handler of its own: comments and mentions and, where customers are looked up, messages.

use crate::handler::{LookupAnswer, Lookups};
use crate::pending_lookup::PendingLookup;
use crate::profiles::{self, Profiles};
use runtime::consumer::{Failure, Handler, Output, Record, StallExemption};
use schemas::Topic;
use weir_graph::LimitWaits;

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
    Posts(LimitWaits),
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
    type Prefetched = PendingLookup<LookupAnswer>;

    /// The next owner of the partition asks again.
    const CAN_BE_DROPPED: bool = true;

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

    async fn restore(&self, first: &Record) -> Result<Partition, Failure> {
        if *first.topic == *self.messages {
            Ok(Partition::Customers(self.profiles.restore(first).await?))
        } else {
            Ok(Partition::Posts(LimitWaits::default()))
        }
    }

    fn prefetch(&self, record: &Record) -> Option<Self::Prefetched> {
        if *record.topic == *self.messages { None } else { self.lookups.prefetch(record) }
    }

    async fn handle(
        &self,
        partition: &mut Partition,
        record: &Record,
        prefetched: &mut Option<Self::Prefetched>,
        waits: &StallExemption,
    ) -> Result<Vec<Output>, Failure> {
        match partition {
            Partition::Posts(limit_waits) => {
                Ok(vec![self.lookups.look_up(limit_waits, record, prefetched, waits).await?])
            }
            Partition::Customers(partition) => self.profiles.look_up(partition, record, waits).await,
        }
    }
}
