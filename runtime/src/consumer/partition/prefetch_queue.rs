//! The records of a partition that are next, of which the handler knows already.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;

use tokio::sync::mpsc::Receiver;

use crate::consumer::{Handler, Record};

/// The queue of a partition with a look at its beginning: what the handler was told of, in order, with what it has begun.
pub(super) struct PrefetchQueue<H: Handler> {
    queue: Receiver<Record>,
    prefetched: VecDeque<(Record, Option<H::Prefetched>)>,
    limit: usize,
}

impl<H: Handler> PrefetchQueue<H> {
    /// Looks `limit` records ahead of the one in work.
    pub(super) const fn new(queue: Receiver<Record>, limit: usize) -> Self {
        Self { queue, prefetched: VecDeque::new(), limit }
    }

    /// The next record, which the handler was told of; `None` once there will be none. Cancel safe.
    pub(super) async fn next(&mut self, handler: &H) -> Option<(Record, Option<H::Prefetched>)> {
        while self.prefetched.len() <= self.limit
            && let Ok(record) = self.queue.try_recv()
        {
            self.prefetch(record, handler);
        }
        if self.prefetched.is_empty() {
            let record = self.queue.recv().await?;
            self.prefetch(record, handler);
        }
        self.prefetched.pop_front()
    }

    /// Awaits `work` and meanwhile tells the handler of the records that come.
    pub(super) async fn alongside<F: Future>(&mut self, handler: &H, work: F) -> F::Output {
        let mut work = pin!(work);
        let mut open = true;
        loop {
            let has_room = self.prefetched.len() < self.limit;
            tokio::select! {
                biased;
                output = &mut work => return output,
                record = self.queue.recv(), if open && has_room => match record {
                    Some(record) => self.prefetch(record, handler),
                    None => open = false,
                },
            }
        }
    }

    fn prefetch(&mut self, record: Record, handler: &H) {
        // It begins work early or not at all: what a panic is over is tried, and given up, in its turn.
        let prefetched = catch_unwind(AssertUnwindSafe(|| handler.prefetch(&record))).unwrap_or_default();
        self.prefetched.push_back((record, prefetched));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::sync::{mpsc, oneshot};

    use super::*;
    use crate::consumer::{Failure, Headers, Output, StallExemption};

    #[derive(Default)]
    struct Recorder(Mutex<Vec<i64>>);

    impl Recorder {
        fn offsets(&self) -> Vec<i64> {
            self.0.lock().unwrap().clone()
        }
    }

    impl Handler for Recorder {
        type State = ();
        type Prefetched = i64;

        async fn restore(&self, _: &Record) -> Result<(), Failure> {
            Ok(())
        }

        fn prefetch(&self, record: &Record) -> Option<i64> {
            assert!(record.offset >= 0, "a mistake");
            self.0.lock().unwrap().push(record.offset);
            Some(record.offset)
        }

        async fn handle(
            &self,
            (): &mut (),
            _: &Record,
            _: &mut Option<i64>,
            _: &StallExemption,
        ) -> Result<Vec<Output>, Failure> {
            Ok(Vec::new())
        }
    }

    fn record(offset: i64) -> Record {
        Record {
            topic: Arc::from("in"),
            partition: 0,
            offset,
            timestamp: None,
            key: None,
            value: None,
            headers: Headers::default(),
        }
    }

    /// The next record's offset, and that of the record for which its work was begun.
    async fn next(
        prefetch_queue: &mut PrefetchQueue<Recorder>,
        handler: &Recorder,
    ) -> Option<(i64, Option<i64>)> {
        prefetch_queue.next(handler).await.map(|(record, prefetched)| (record.offset, prefetched))
    }

    #[tokio::test]
    async fn the_handler_is_told_once_of_each_record_and_of_no_more_than_the_limit() {
        let (sender, queue) = mpsc::channel(10);
        let (handler, mut prefetch_queue) = (Recorder::default(), PrefetchQueue::new(queue, 2));
        for offset in 0..6 {
            sender.send(record(offset)).await.unwrap();
        }
        assert_eq!(next(&mut prefetch_queue, &handler).await, Some((0, Some(0))));
        assert_eq!(handler.offsets(), [0, 1, 2]);
        assert_eq!(next(&mut prefetch_queue, &handler).await, Some((1, Some(1))));
        assert_eq!(handler.offsets(), [0, 1, 2, 3]);
    }

    #[tokio::test]
    async fn records_that_come_during_the_work_are_told_of_before_it_ends() {
        let (sender, queue) = mpsc::channel(10);
        let (handler, mut prefetch_queue) = (Recorder::default(), PrefetchQueue::new(queue, 2));
        let (end, ended) = oneshot::channel::<()>();
        let work = prefetch_queue.alongside(&handler, ended);
        let others = async {
            for offset in 0..5 {
                sender.send(record(offset)).await.unwrap();
            }
            while handler.offsets().len() < 2 {
                tokio::task::yield_now().await;
            }
            end.send(()).unwrap();
        };
        let (ended, ()) = tokio::join!(work, others);
        ended.unwrap();
        assert_eq!(handler.offsets(), [0, 1]);
    }

    #[tokio::test]
    async fn a_panic_over_a_record_that_is_next_leaves_it_to_its_turn() {
        let (sender, queue) = mpsc::channel(10);
        let (handler, mut prefetch_queue) = (Recorder::default(), PrefetchQueue::new(queue, 2));
        sender.send(record(-1)).await.unwrap();
        sender.send(record(0)).await.unwrap();
        assert_eq!(next(&mut prefetch_queue, &handler).await, Some((-1, None)));
        assert_eq!(handler.offsets(), [0]);
    }

    #[tokio::test]
    async fn without_a_look_ahead_a_record_is_told_of_right_before_it_is_handled() {
        let (sender, queue) = mpsc::channel(10);
        let (handler, mut prefetch_queue) = (Recorder::default(), PrefetchQueue::new(queue, 0));
        sender.send(record(0)).await.unwrap();
        sender.send(record(1)).await.unwrap();
        assert_eq!(next(&mut prefetch_queue, &handler).await, Some((0, Some(0))));
        prefetch_queue.alongside(&handler, async {}).await;
        assert_eq!(handler.offsets(), [0]);
        drop(sender);
        assert_eq!(next(&mut prefetch_queue, &handler).await, Some((1, Some(1))));
        assert_eq!(next(&mut prefetch_queue, &handler).await, None);
    }
}
