//! Ends the consumer where a task beside the polling thread panics, as a panic of that thread does: without a worker its partition would
//! stand still; without the others, metrics would stand as they were, and nothing that stands still be noticed any more.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::task::JoinError;

use crate::consumer::ConsumerError;
use crate::consumer::error::FirstError;

/// Runs a task to its end, whichever that is; what it gives ends the consumer too.
pub(in crate::consumer) async fn fatal_if_it_panics(
    what: &str,
    first_error: Arc<FirstError>,
    task: impl Future<Output = Option<ConsumerError>>,
) {
    let ended = AssertUnwindSafe(task).catch_unwind().await;
    if let Some(error) = ended.unwrap_or_else(|_| Some(ConsumerError::Thread(format!("{what} panicked")))) {
        let _first = first_error.set(error);
    }
}

/// Does elsewhere what blocks, and panics where that does; `None` where the runtime ends.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    match tokio::task::spawn_blocking(work).await.map_err(JoinError::try_into_panic) {
        Ok(done) => Some(done),
        Err(Ok(panic)) => resume_unwind(panic),
        Err(Err(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake() {
        panic!("a mistake");
    }

    #[tokio::test]
    async fn a_panic_ends_the_consumer_and_an_end_does_not() {
        let first_error = Arc::new(FirstError::default());
        fatal_if_it_panics("a watch", Arc::clone(&first_error), async { None }).await;
        assert!(first_error.get().is_none());
        fatal_if_it_panics("a watch", Arc::clone(&first_error), async {
            mistake();
            None
        })
        .await;
        let error = first_error.get().unwrap().to_string();
        assert_eq!(error, "a thread of the Kafka consumer ended: a watch panicked");
    }

    #[tokio::test]
    async fn so_does_a_panic_of_what_it_has_done_elsewhere() {
        let first_error = Arc::new(FirstError::default());
        assert_eq!(blocking(|| 7).await, Some(7));
        let watch = async {
            blocking(mistake).await;
            None
        };
        fatal_if_it_panics("a watch", Arc::clone(&first_error), watch).await;
        assert!(first_error.get().is_some());
    }
}
