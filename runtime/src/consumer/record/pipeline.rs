//! The records of a partition whose outputs are on their way, oldest first.
//!
//! [`again`] sends those once more that were not acknowledged.

mod again;

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use prometheus::IntCounter;
use tracing::Span;

use super::dead_letter::{DeadLetterCause, dead_letter};
use super::{Output, Record};
use crate::backoff::Backoff;
use crate::consumer::error::Halt;
use crate::consumer::wait::Wait;
use crate::consumer::worker_context::WorkerContext;
use crate::producer::{self, Acknowledgement, ProduceError, Producer, SendError};

/// Progress follows the oldest record, so an acknowledgement that overtakes another moves nothing.
///
/// librdkafka gives a record up by its own age, and sends what is younger when Kafka is back: an order that nobody asked for. So nothing
/// goes to the producer behind a record that waits for longer than [`Self::late`], and what is on its way is given up together.
#[derive(Debug)]
pub(in crate::consumer) struct Pipeline {
    entries: VecDeque<Entry>,
    late: Duration,
    context: Arc<WorkerContext>,
    done: IntCounter,
    backoff: Backoff,
}

#[derive(Debug)]
struct Entry {
    record: Record,
    outputs: Vec<Output>,
    is_dead_letter: bool,
    /// `None` until everything is queued.
    acknowledgement: Option<Acknowledgement>,
    queued: Instant,
    /// Of the outputs; they end when it is done.
    _spans: Vec<Span>,
}

/// The part of the delivery timeout after which a record is late: a second of the 30 s that are the default.
const LATE_PART: u32 = 30;

impl Entry {
    fn new(record: Record, outputs: Vec<Output>, is_dead_letter: bool, spans: Vec<Span>) -> Self {
        let queued = Instant::now();
        Self { record, outputs, is_dead_letter, acknowledgement: None, queued, _spans: spans }
    }
}

impl Pipeline {
    pub(in crate::consumer) fn new(context: Arc<WorkerContext>, topic: &str) -> Self {
        let done = context.shared.metrics.records.with_label_values(&[topic]);
        let backoff = context.backoff();
        let late = context.shared.options.producer.delivery_timeout / LATE_PART;
        Self { entries: VecDeque::new(), late, context, done, backoff }
    }

    pub(in crate::consumer) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The outcome of the oldest record; waits for ever while there is none. Cancel safe.
    pub(in crate::consumer) async fn oldest(&mut self) -> Result<(), ProduceError> {
        match self.entries.front_mut().and_then(|entry| entry.acknowledgement.as_mut()) {
            Some(acknowledgement) => acknowledgement.await,
            None => std::future::pending().await,
        }
    }

    /// Publishes the outputs of a record behind those of the records before it.
    pub(in crate::consumer) async fn publish(
        &mut self,
        record: Record,
        outputs: Vec<Output>,
        spans: Vec<Span>,
    ) -> Result<(), Halt> {
        self.enqueue(record, outputs, false, spans).await
    }

    /// Sends a record to the dead letters, however long these are away, which holds back no record before it; it is done in its turn.
    pub(in crate::consumer) async fn dead_letter(
        &mut self,
        record: Record,
        cause: &DeadLetterCause,
    ) -> Result<(), Halt> {
        let context = Arc::clone(&self.context);
        self.alongside(dead_letter(&record, cause, &context)).await?;
        self.enqueue(record, Vec::new(), true, Vec::new()).await
    }

    async fn enqueue(
        &mut self,
        record: Record,
        outputs: Vec<Output>,
        is_dead_letter: bool,
        spans: Vec<Span>,
    ) -> Result<(), Halt> {
        if outputs.is_empty() && self.entries.is_empty() {
            self.finish(&record, is_dead_letter);
            return Ok(());
        }
        let entry = Entry::new(record, outputs, is_dead_letter, spans);
        // A worker that has to stop hands over what it has all the same: the next owner would do the work once more.
        match self.settle_while(Self::is_late).await {
            Ok(()) | Err(Halt::Stopped) => {}
            Err(halt) => return Err(halt),
        }
        self.entries.push_back(entry);
        self.send_unsent().await
    }

    /// Acts on the outcome of the oldest record.
    pub(in crate::consumer) async fn settle(
        &mut self,
        outcome: Result<(), ProduceError>,
    ) -> Result<(), Halt> {
        match outcome {
            Ok(()) => {
                self.backoff.reset();
                self.finish_oldest();
                Ok(())
            }
            Err(error) => self.send_again(error).await,
        }
    }

    /// Returns once everything on its way is acknowledged.
    pub(in crate::consumer) async fn settle_all(&mut self) -> Result<(), Halt> {
        self.settle_while(|pipeline| !pipeline.entries.is_empty()).await
    }

    async fn settle_while(&mut self, waits: impl Fn(&Self) -> bool) -> Result<(), Halt> {
        let context = Arc::clone(&self.context);
        while waits(self) {
            let outcome = context.unless_stopped(self.oldest()).await?;
            self.settle(outcome).await?;
        }
        Ok(())
    }

    /// Awaits `work` and meanwhile follows the acknowledgements, so that a slow record holds back no
    /// other one's progress. A failed delivery is left for [`Self::settle`].
    pub(in crate::consumer) async fn alongside<F: Future>(&mut self, work: F) -> F::Output {
        // It never ends: after a failure there is nothing to follow.
        let acknowledgements = async {
            self.failed().await;
            std::future::pending().await
        };
        tokio::select! {
            biased;
            output = work => output,
            never = acknowledgements => never,
        }
    }

    /// Follows the acknowledgements until a delivery fails, which is for [`Self::settle`]. Cancel safe.
    pub(in crate::consumer) async fn failed(&mut self) -> ProduceError {
        loop {
            match self.oldest().await {
                Ok(()) => self.finish_oldest(),
                Err(error) => return error,
            }
        }
    }

    /// For the end of a worker: follows the acknowledgements up to the first record without one.
    pub(in crate::consumer) async fn drain(&mut self) {
        while self.entries.front().is_some_and(|entry| entry.acknowledgement.is_some()) {
            if self.oldest().await.is_err() {
                return;
            }
            self.finish_oldest();
        }
    }

    fn is_late(&self) -> bool {
        self.entries.front().is_some_and(|oldest| oldest.queued.elapsed() > self.late)
    }

    fn finish_oldest(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.finish(&entry.record, entry.is_dead_letter);
        }
    }

    fn finish(&self, record: &Record, is_dead_letter: bool) {
        let dead_letters = &self.context.consecutive_dead_letters;
        if !is_dead_letter && dead_letters.load(Ordering::Relaxed) > 0 {
            dead_letters.store(0, Ordering::Relaxed);
        }
        self.context.progress.done(record.offset, record.timestamp);
        self.done.inc();
    }

    async fn send_unsent(&mut self) -> Result<(), Halt> {
        // What is sent stands before what is not.
        let is_sent = |entry: &Entry| entry.acknowledgement.is_some();
        loop {
            let index = self.entries.partition_point(is_sent);
            let Some(entry) = self.entries.get_mut(index) else { return Ok(()) };
            match send(&self.context.shared.producer, &entry.outputs) {
                Ok(acknowledgement) => entry.acknowledgement = Some(acknowledgement),
                Err(error @ SendError::TooLarge { .. }) => {
                    if !self.shorten(index) {
                        self.dead_letter_too_large(index, error.to_string()).await?;
                    }
                }
                // A producer that has failed for good is replaced by itself, and the records sent once more.
                Err(error) => {
                    self.context.failed("publish", &entry.record, &error.to_string());
                    self.context.back_off(&mut self.backoff, Wait::Kafka).await?;
                }
            }
        }
    }
}

fn send(producer: &Producer, outputs: &[Output]) -> Result<Acknowledgement, SendError> {
    let mut batch = producer.batch();
    for Output { topic, key, value, headers } in outputs {
        let headers = headers.iter().map(|(name, value)| (name.as_ref(), Some(value.as_slice())));
        batch.enqueue(topic, key.as_deref(), Some(value), producer::headers(headers))?;
    }
    Ok(batch.finish())
}
