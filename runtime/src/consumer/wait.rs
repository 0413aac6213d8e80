//! What a worker waits for on purpose, which is no stall, and how a handler says so.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::progress::{Activity, Progress};

/// What is waited for; the word is a label of `weir_consumer_waiting_partitions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// An API's answer: the call is queued, under way, or tried again.
    ApiAnswer,
    /// A limit of calls that is the app's, and with it everybody's.
    AppLimit,
    /// A limit of calls that is one account's.
    AccountLimit,
    /// A credential that is missing or refused.
    Credential,
    /// Another attempt at a record that failed.
    Retry,
    /// Kafka: an acknowledgement, or a topic that is read back.
    Kafka,
}

impl Wait {
    /// All there are.
    pub const ALL: [Self; 6] =
        [Self::ApiAnswer, Self::AppLimit, Self::AccountLimit, Self::Credential, Self::Retry, Self::Kafka];

    /// The label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiAnswer => "api_answer",
            Self::AppLimit => "app_limit",
            Self::AccountLimit => "account_limit",
            Self::Credential => "credential",
            Self::Retry => "retry",
            Self::Kafka => "kafka",
        }
    }
}

/// Where a handler says that it waits.
#[derive(Clone, Debug)]
pub struct Waits(Arc<Progress>);

impl Waits {
    pub(super) const fn of(progress: Arc<Progress>) -> Self {
        Self(progress)
    }

    /// For whoever calls a handler outside of the loop: nobody watches.
    pub fn unwatched() -> Self {
        Self(Arc::new(Progress::new()))
    }

    /// Awaits `work`, which waits for something outside that takes `limit` at most. As long as that, it is no stall; from
    /// then on it counts as a handler that hangs.
    pub async fn on<F: Future>(&self, wait: Wait, limit: Duration, work: F) -> F::Output {
        let before = self.0.activity();
        self.0.does(Activity::Waiting(wait));
        let mut work = pin!(work);
        let output = tokio::select! {
            biased;
            output = &mut work => output,
            () = tokio::time::sleep(limit) => {
                self.0.does(Activity::Handling);
                work.await
            }
        };
        self.0.does(before);
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wait_is_one_until_its_limit_and_a_hanging_handler_from_then_on() {
        let waits = Waits::unwatched();
        waits.0.working(7);
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
        let waits = Waits::unwatched();
        waits.0.working(7);
        assert_eq!(waits.on(Wait::Kafka, Duration::from_secs(1), async { 5 }).await, 5);
        assert_eq!(waits.0.activity(), Activity::Handling);
    }
}
