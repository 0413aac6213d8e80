//! Work that may hang, as on a file system that is gone: in a thread of its own, and waited for within a limit.
//!
//! Not in a thread of the runtime: that one waits for all of them before a process ends, however long they hang.

use std::io;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use tokio::sync::{Mutex, oneshot};

/// One piece of work at a time: where one hangs, no second thread joins it.
#[derive(Clone, Debug, Default)]
pub struct Blocking {
    /// Held by the work, and free again when it ends, however it ends.
    turn: Arc<Mutex<()>>,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum BlockingError {
    /// The work takes longer, and goes on.
    #[error("no answer within {}", humantime::format_duration(*.0))]
    Late(Duration),
    /// Earlier work has not come to its end yet.
    #[error("an earlier attempt still hangs")]
    Busy,
    /// The work panicked.
    #[error("its task panicked")]
    Lost,
    /// No thread can be started.
    #[error("no thread can be started: {0}")]
    NoThread(io::Error),
}

impl Blocking {
    /// Does the work and gives its result, unless that takes longer than `limit`.
    pub async fn run<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, BlockingError> {
        let (sender, receiver) = oneshot::channel();
        self.start(work, move |result| drop(sender.send(result)))?;
        let result = tokio::time::timeout(limit, receiver).await;
        result.map_err(|_| BlockingError::Late(limit))?.map_err(|_| BlockingError::Lost)
    }

    /// As [`Self::run`], for one who may block: before there is a runtime.
    pub fn wait<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, BlockingError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.start(work, move |result| drop(sender.send(result)))?;
        receiver.recv_timeout(limit).map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => BlockingError::Late(limit),
            mpsc::RecvTimeoutError::Disconnected => BlockingError::Lost,
        })
    }

    fn start<T>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
        give: impl FnOnce(T) + Send + 'static,
    ) -> Result<(), BlockingError> {
        let turn = Arc::clone(&self.turn).try_lock_owned().map_err(|_| BlockingError::Busy)?;
        let work = move || {
            let result = work();
            // Before whoever waits goes on, who may come back with more.
            drop(turn);
            give(result);
        };
        thread::Builder::new()
            .name("weir-blocking".to_owned())
            .spawn(work)
            .map_err(BlockingError::NoThread)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(30);

    /// Work that ends when the sender is dropped.
    fn hanging() -> (mpsc::Sender<()>, impl FnOnce() + Send + 'static) {
        let (sender, receiver) = mpsc::channel::<()>();
        (sender, move || assert!(receiver.recv().is_err()))
    }

    #[tokio::test]
    async fn what_hangs_is_given_up_and_not_joined_by_more_until_it_has_ended() {
        let blocking = Blocking::default();
        assert_eq!(blocking.run(LONG, || 7).await.unwrap(), 7);
        let (end, work) = hanging();
        assert!(matches!(blocking.run(LIMIT, work).await, Err(BlockingError::Late(_))));
        assert!(matches!(blocking.run(LONG, || 7).await, Err(BlockingError::Busy)));
        drop(end);
        tokio::time::timeout(LONG, async {
            while blocking.run(LONG, || 7).await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
    }

    #[test]
    fn one_who_blocks_is_given_the_result_or_told_why_there_is_none() {
        let blocking = Blocking::default();
        assert_eq!(blocking.wait(LONG, || 7).unwrap(), 7);
        let (end, work) = hanging();
        let other = Blocking::default();
        assert!(matches!(other.wait(LIMIT, work), Err(BlockingError::Late(_))));
        assert!(matches!(other.wait(LONG, || 7), Err(BlockingError::Busy)));
        drop(end);
        let panics = Blocking::default().wait(LONG, || panic!("a mistake"));
        assert!(matches!(panics, Err(BlockingError::Lost)));
    }
}
