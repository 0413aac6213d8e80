//! Ends the consumer where a task beside the polling thread panics, as a panic of that thread does: its metrics would stand as they
//! were, and nothing that stands still would be noticed any more.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;

use crate::consumer::ConsumerError;
use crate::consumer::error::FirstError;

/// Runs a task to its end, whichever that is.
pub(in crate::consumer) async fn supervised(
    what: &'static str,
    first_error: Arc<FirstError>,
    task: impl Future<Output = ()>,
) {
    if AssertUnwindSafe(task).catch_unwind().await.is_err() {
        first_error.set(ConsumerError::Thread { reason: format!("{what} panicked") });
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
}
