//! What takes long of a large delivery: another thread serves the other requests meanwhile.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;
use tokio::task::block_in_place;

/// A delivery beyond this size takes the thread of other requests for longer than they should wait for it.
const LARGE: usize = 64 << 10;
/// At most this many large deliveries have a thread of their own at once: their events take many times the body's memory and are in no
/// limit.
const THREADS: usize = 4;

/// Of the process, as its threads are.
static FREE: Semaphore = Semaphore::const_new(THREADS);

/// Does the work of a delivery of so many bytes where it is, and has another thread serve the other requests meanwhile where that
/// takes long. Beyond [`THREADS`] of them the others wait, as for a small one.
pub(crate) fn beside_others<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    beside(&FREE, bytes, work)
}

fn beside<T>(free: &Semaphore, bytes: usize, work: impl FnOnce() -> T) -> T {
    let runtime = || Handle::try_current().map(|runtime| runtime.runtime_flavor());
    if bytes <= LARGE || !matches!(runtime(), Ok(RuntimeFlavor::MultiThread)) {
        return work();
    }
    match free.try_acquire() {
        Ok(_thread) => block_in_place(work),
        Err(_) => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn one_thread_serves_other_requests_while_it_works_on_a_large_delivery() {
        static FREE: Semaphore = Semaphore::const_new(1);
        let (sender, receiver) = mpsc::channel();
        let until_served = move || receiver.recv_timeout(Duration::from_mins(1));
        let large = tokio::spawn(async move { beside(&FREE, LARGE + 1, until_served) });
        let other = tokio::spawn(async move { sender.send(()) });
        large.await.unwrap().unwrap();
        other.await.unwrap().unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn no_more_large_deliveries_than_may_have_a_thread_and_further_ones_are_worked_on_too() {
        static FREE: Semaphore = Semaphore::const_new(1);
        let free = || FREE.available_permits();
        let within = move || (free(), beside(&FREE, LARGE + 1, free));
        let large = tokio::spawn(async move { beside(&FREE, LARGE + 1, within) });
        assert_eq!(large.await.unwrap(), (0, 0));
        assert_eq!(free(), 1);
        let panics = move || assert_eq!(free(), 1, "on purpose");
        assert!(tokio::spawn(async move { beside(&FREE, LARGE + 1, panics) }).await.is_err());
        assert_eq!(free(), 1, "whatever became of it");
    }
}
