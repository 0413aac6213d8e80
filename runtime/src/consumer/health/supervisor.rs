//! Ends the consumer where a task beside the polling thread panics, as a panic of that thread does: its metrics would stand as they
//! were, and nothing that stands still would be noticed any more.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::task::JoinError;

use crate::consumer::ConsumerError;
use crate::consumer::error::FirstError;

/// Runs a task to its end, whichever that is.
pub(in crate::consumer) async fn supervised(
    what: &'static str,
    first_error: Arc<FirstError>,
    task: impl Future<Output = ()>,
) {
    if AssertUnwindSafe(task).catch_unwind().await.is_err() {
        first_error.set(ConsumerError::Thread(format!("{what} panicked")));
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
        supervised("a watch", Arc::clone(&first_error), async {}).await;
        assert!(!first_error.is_set());
        supervised("a watch", Arc::clone(&first_error), async { mistake() }).await;
        let error = first_error.take().unwrap().to_string();
        assert_eq!(error, "a thread of the Kafka consumer ended: a watch panicked");
    }

    #[tokio::test]
    async fn so_does_a_panic_of_what_it_has_done_elsewhere() {
        let first_error = Arc::new(FirstError::default());
        assert_eq!(blocking(|| 7).await, Some(7));
        let watch = async { blocking(mistake).await.unwrap_or_default() };
        supervised("a watch", Arc::clone(&first_error), watch).await;
        assert!(first_error.is_set());
    }
}
