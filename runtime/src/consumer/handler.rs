//! The work of a consumer, as the loop sees it.

use std::fmt::Display;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::partition::offsets::PartitionProgress;
use super::wait::{Activity, Wait};
use super::{Output, Record};

/// Handles the records of one consumer group.
pub trait Handler: Send + Sync + 'static {
    /// What is remembered of one partition: made before its first record, dropped on revocation.
    type State: Send + 'static;
    /// Slow work that is begun for a record before its turn; it is dropped with the record, which has to end it.
    type Prefetched: Send + 'static;

    /// Whether [`Self::handle`] may be dropped at any await and begun anew, as where it only looks things up. It is then, once
    /// the partition is taken away, or outputs of the records before have to be sent again.
    const CAN_BE_DROPPED: bool = false;

    /// The state of a partition that was just assigned, before the first record that is read of it: read back, where it is
    /// about what became of the records before. After a panic it is made anew, and `first` is the record that is handled next.
    ///
    /// It fails as [`Self::handle`] does, and can always be dropped. The time that it takes counts as waiting for Kafka, which
    /// must have bounds of its own.
    fn restore(&self, first: &Record) -> impl Future<Output = Result<Self::State, Failure>> + Send;

    /// Every word that [`Failure::Reject`] and [`Failure::RejectUncounted`] may give as their reason, so that their counters are there before the first.
    fn reasons(&self) -> &'static [&'static str] {
        &[]
    }

    /// Hears of a record that will be handled once those before it are, and gives the work that it begins early, if any.
    ///
    /// It is called once for each record, in the order of the partition and before [`Self::handle`], up to
    /// [`ConsumerOptions::look_ahead`](super::ConsumerOptions::look_ahead) records early; on the task that handles,
    /// so it must not block. A record that it heard of may never be handled: its partition may move first.
    fn prefetch(&self, _record: &Record) -> Option<Self::Prefetched> {
        None
    }

    /// Handles one record; the next one of its partition waits.
    ///
    /// - *Done*: once its outputs are published, in order.
    /// - *Repeated*: after a crash or a rebalance, so the effect must bear it. What is left of the work that was begun for the record is
    ///   there at the next attempt.
    /// - *Dropped*: at any await, on revocation once `--finish-timeout` has passed, and as [`Self::CAN_BE_DROPPED`] says.
    /// - *Panics*: as [`Failure::Retry`], but the state is made anew and the work that was begun is dropped; after the last attempt the
    ///   record is a dead letter with the reason `panic`.
    /// - *Takes longer than `--stall-timeout`*: it hangs, and costs the process a new client, then its end. What it awaits with
    ///   [`StallExemption::on`] does not count, up to the limit that is stated there.
    fn handle(
        &self,
        state: &mut Self::State,
        record: &Record,
        prefetched: &mut Option<Self::Prefetched>,
        waits: &StallExemption,
    ) -> impl Future<Output = Result<Vec<Output>, Failure>> + Send;
}

/// Why a record could not be handled, which decides what happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It can never be handled: a dead letter at once.
    Reject {
        /// A word of a closed set, for `weir_dlq_reason` and a metric's label.
        reason: &'static str,
        /// One line without people's words, for `weir_dlq_error`.
        error: String,
    },
    /// As [`Self::Reject`], but none of the dead letters in a row that stop the consumer, since it says nothing about the handler: what the
    /// record needs did not come in time, or is kept from its account alone, or its writer was told what is wrong with it.
    RejectUncounted {
        /// As of [`Self::Reject`].
        reason: &'static str,
        /// One line without people's words, for `weir_dlq_error`.
        error: String,
    },
    /// It may work another time: a few attempts with growing delays, then a dead letter with the
    /// reason `retries_exhausted`.
    Retry {
        /// One line without people's words.
        error: String,
    },
    /// What the record needs is down or throttles: the partition waits, without limit.
    Unavailable {
        /// One line without people's words.
        error: String,
        /// How long to wait; without it, growing delays.
        wait: Option<Duration>,
        /// What for.
        on: Wait,
    },
}

impl Failure {
    /// It can never be handled, for a reason of a closed set.
    pub fn reject(reason: &'static str, error: &dyn Display) -> Self {
        Self::Reject { reason, error: error.to_string() }
    }

    /// Kafka does not do what the record needs.
    pub fn of_kafka(error: &dyn Display) -> Self {
        Self::Unavailable { error: error.to_string(), wait: None, on: Wait::Kafka }
    }
}

/// With which a handler says that it waits for something outside, so that this is no stall.
#[derive(Clone, Debug)]
pub struct StallExemption(Arc<PartitionProgress>);

impl StallExemption {
    pub(super) const fn of(progress: Arc<PartitionProgress>) -> Self {
        Self(progress)
    }

    /// For whoever calls a handler outside of the loop: nobody watches.
    pub fn unwatched() -> Self {
        Self(Arc::new(PartitionProgress::new()))
    }

    /// Awaits `work`, which waits for something outside that takes `limit` at most. As long as that, it is no stall; from
    /// then on it counts as a handler that hangs.
    pub async fn on<F: Future>(&self, wait: Wait, limit: Duration, work: F) -> F::Output {
        let before = self.0.activity();
        self.0.set_activity(Activity::Waiting(wait));
        let mut work = pin!(work);
        let output = tokio::select! {
            biased;
            output = &mut work => output,
            () = tokio::time::sleep(limit) => {
                self.0.set_activity(Activity::Handling);
                work.await
            }
        };
        self.0.set_activity(before);
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wait_is_one_until_its_limit_and_a_hanging_handler_from_then_on() {
        let waits = StallExemption::unwatched();
        waits.0.set_activity(Activity::Handling);
        let limit = Duration::from_millis(20);
        let mut work = pin!(waits.on(Wait::ApiAnswer, limit, std::future::pending::<()>()));
        assert!(futures_util::poll!(&mut work).is_pending());
        assert_eq!(waits.0.activity(), Activity::Waiting(Wait::ApiAnswer));
        let is_over = async {
            while waits.0.activity() != Activity::Handling {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = &mut work => panic!("it never ends"),
            over = tokio::time::timeout(Duration::from_mins(1), is_over) => over.unwrap(),
        }
    }

    #[tokio::test]
    async fn after_a_wait_the_handler_does_what_it_did_before() {
        let waits = StallExemption::unwatched();
        waits.0.set_activity(Activity::Handling);
        assert_eq!(waits.on(Wait::Kafka, Duration::from_secs(1), async { 5 }).await, 5);
        assert_eq!(waits.0.activity(), Activity::Handling);
    }
}
