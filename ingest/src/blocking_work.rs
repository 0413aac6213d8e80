//! Work that blocks its thread for long, on more than 64 KiB of a delivery or of a batch: another thread serves the other requests
//! meanwhile. Which deliveries are large for Kafka, `--account-bytes-in-flight` says (`kafka/producers.rs`).

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;
use tokio::task::block_in_place;

/// What is beyond this size takes the thread of other requests for longer than they should wait for it.
const LARGE: usize = 64 << 10;
/// Pieces of such work at once: the events of a delivery take many times the memory of its body, and nothing counts them.
const THREADS: usize = 4;

/// Gives such work of one place a thread of its own, as long as there is one.
#[derive(Debug)]
pub(crate) struct BlockingWork {
    threads: Semaphore,
}

impl Default for BlockingWork {
    fn default() -> Self {
        Self { threads: Semaphore::new(THREADS) }
    }
}

impl BlockingWork {
    /// Does the work on so many bytes where it is, and has another thread serve the other requests meanwhile where
    /// that takes long. Beyond [`THREADS`] of them the others wait, as for a small one.
    pub(crate) fn block_in_place<T>(&self, bytes: usize, work: impl FnOnce() -> T) -> T {
        let runtime = || Handle::try_current().map(|runtime| runtime.runtime_flavor());
        if bytes <= LARGE || !matches!(runtime(), Ok(RuntimeFlavor::MultiThread)) {
            return work();
        }
        match self.threads.try_acquire() {
            Ok(_thread) => block_in_place(work),
            Err(_) => work(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    fn one_thread() -> Arc<BlockingWork> {
        Arc::new(BlockingWork { threads: Semaphore::new(1) })
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn one_thread_serves_other_requests_while_it_works_on_a_large_delivery() {
        let (sender, receiver) = mpsc::channel();
        let until_served = move || receiver.recv_timeout(Duration::from_mins(1));
        let deliveries = one_thread();
        let large = tokio::spawn(async move { deliveries.block_in_place(LARGE + 1, until_served) });
        let other = tokio::spawn(async move { sender.send(()) });
        large.await.unwrap().unwrap();
        other.await.unwrap().unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn no_more_large_deliveries_than_may_have_a_thread_and_further_ones_are_worked_on_too() {
        let deliveries = one_thread();
        let (outer, inner) = (Arc::clone(&deliveries), Arc::clone(&deliveries));
        let free = move || inner.threads.available_permits();
        let within = {
            let (deliveries, free) = (Arc::clone(&deliveries), free.clone());
            move || (free(), deliveries.block_in_place(LARGE + 1, free))
        };
        let large = tokio::spawn(async move { outer.block_in_place(LARGE + 1, within) });
        assert_eq!(large.await.unwrap(), (0, 0));
        assert_eq!(free(), 1);
        let (outer, panics) = (Arc::clone(&deliveries), free.clone());
        let panics = move || assert_eq!(panics(), 1, "on purpose");
        assert!(tokio::spawn(async move { outer.block_in_place(LARGE + 1, panics) }).await.is_err());
        assert_eq!(free(), 1, "whatever became of it");
    }
}
