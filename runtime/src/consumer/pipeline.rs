//! The records of a partition whose outputs are on their way, oldest first.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::SystemTime;

use prometheus::IntCounter;
use tracing::Span;

use super::bury::{Burial, bury};
use super::metrics::reason;
use super::progress::Progress;
use super::verdict::Halt;
use super::work::{Desk, Work};
use super::{Output, Record, Wait};
use crate::backoff::Backoff;
use crate::producer::{Acknowledgement, Outgoing, ProduceError, Producer, SendError};

/// Progress follows the oldest record, so an acknowledgement that overtakes another moves nothing.
#[derive(Debug)]
pub(super) struct Pipeline {
    entries: VecDeque<Entry>,
    progress: Arc<Progress>,
    work: Arc<Work>,
    done: IntCounter,
    backoff: Backoff,
}

/// What a record is when it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Handled,
    Buried,
}

#[derive(Debug)]
struct Entry {
    record: Record,
    outputs: Vec<Output>,
    fate: Fate,
    /// `None` until everything is queued.
    acknowledgement: Option<Acknowledgement>,
    /// Of the outputs; they end when it is done.
    _spans: Vec<Span>,
}

impl Pipeline {
    pub(super) fn new(desk: &Desk, topic: &str) -> Self {
        let done = desk.work.metrics.records.with_label_values(&[topic]);
        let (progress, work) = (Arc::clone(&desk.progress), Arc::clone(&desk.work));
        Self { entries: VecDeque::new(), progress, work, done, backoff: desk.backoff() }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The outcome of the oldest record; waits for ever while there is none. Cancel safe.
    pub(super) async fn oldest(&mut self) -> Result<(), ProduceError> {
        match self.entries.front_mut().and_then(|entry| entry.acknowledgement.as_mut()) {
            Some(acknowledgement) => acknowledgement.await,
            None => std::future::pending().await,
        }
    }

    /// Publishes the outputs of a record behind those of the records before it.
    pub(super) async fn publish(
        &mut self,
        record: Record,
        outputs: Vec<Output>,
        spans: Vec<Span>,
        desk: &Desk,
    ) -> Result<(), Halt> {
        self.enqueue(record, outputs, spans, Fate::Handled, desk).await
    }

    /// Gives a record to the dead letters; it is done in its turn.
    pub(super) async fn bury(&mut self, record: Record, burial: &Burial, desk: &Desk) -> Result<(), Halt> {
        bury(&record, burial, desk).await?;
        self.enqueue(record, Vec::new(), Vec::new(), Fate::Buried, desk).await
    }

    async fn enqueue(
        &mut self,
        record: Record,
        outputs: Vec<Output>,
        spans: Vec<Span>,
        fate: Fate,
        desk: &Desk,
    ) -> Result<(), Halt> {
        if outputs.is_empty() && self.entries.is_empty() {
            self.finish(&record, fate);
            return Ok(());
        }
        self.entries.push_back(Entry { record, outputs, fate, acknowledgement: None, _spans: spans });
        self.send_unsent(desk).await
    }

    /// Takes note of the oldest record's outcome.
    pub(super) async fn settle(
        &mut self,
        outcome: Result<(), ProduceError>,
        desk: &Desk,
    ) -> Result<(), Halt> {
        match outcome {
            Ok(()) => {
                self.backoff.reset();
                self.finish_oldest();
                Ok(())
            }
            Err(ProduceError::TooLarge) => self.bury_too_large(0, ProduceError::TooLarge, desk).await,
            Err(error) => self.start_over(error, desk).await,
        }
    }

    /// Returns once everything on its way is acknowledged.
    pub(super) async fn settle_all(&mut self, desk: &Desk) -> Result<(), Halt> {
        while !self.entries.is_empty() {
            let outcome = tokio::select! {
                biased;
                outcome = self.oldest() => outcome,
                () = desk.stop.cancelled() => return Err(Halt::Stopped),
            };
            self.settle(outcome, desk).await?;
        }
        Ok(())
    }

    /// Awaits `work` and meanwhile follows the acknowledgements, so that a slow record holds back no
    /// other one's progress. A failed delivery is left for [`Self::settle`].
    pub(super) async fn alongside<F: Future>(&mut self, work: F) -> F::Output {
        let mut work = pin!(work);
        let mut acknowledged = true;
        loop {
            tokio::select! {
                biased;
                output = &mut work => return output,
                outcome = self.oldest(), if acknowledged => match outcome {
                    Ok(()) => self.finish_oldest(),
                    Err(_) => acknowledged = false,
                },
            }
        }
    }

    /// Follows the acknowledgements until a delivery fails, which is for [`Self::settle`]. Cancel safe.
    pub(super) async fn failed(&mut self) -> ProduceError {
        loop {
            match self.oldest().await {
                Ok(()) => self.finish_oldest(),
                Err(error) => return error,
            }
        }
    }

    /// For the end of a worker: follows the acknowledgements up to the first record without one.
    pub(super) async fn drain(&mut self) {
        while self.entries.front().is_some_and(|entry| entry.acknowledgement.is_some()) {
            if self.oldest().await.is_err() {
                return;
            }
            self.finish_oldest();
        }
    }

    fn finish_oldest(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.finish(&entry.record, entry.fate);
        }
    }

    fn finish(&self, record: &Record, fate: Fate) {
        if fate == Fate::Handled {
            self.work.rejects.handled(&record.topic);
        }
        self.progress.done(record.offset, record.timestamp);
        self.done.inc();
    }

    /// Sends the oldest record and all that follow it once more: those behind it may have arrived, but
    /// whoever reads must find the order of the input at the end.
    async fn start_over(&mut self, error: ProduceError, desk: &Desk) -> Result<(), Halt> {
        if let Some(oldest) = self.entries.front() {
            desk.failed("publish", &oldest.record, &error.to_string());
        }
        for entry in &mut self.entries {
            entry.acknowledgement = None;
        }
        desk.back_off(&mut self.backoff, Wait::Kafka).await?;
        self.send_unsent(desk).await
    }

    async fn send_unsent(&mut self, desk: &Desk) -> Result<(), Halt> {
        while let Some(index) = self.entries.iter().position(|entry| entry.acknowledgement.is_none()) {
            let entry = &mut self.entries[index];
            match send(&desk.work.producer, &entry.outputs) {
                Ok(acknowledgement) => entry.acknowledgement = Some(acknowledgement),
                Err(error @ SendError::TooLarge { .. }) => self.bury_too_large(index, error, desk).await?,
                // A producer that has failed for good is replaced by itself, and the records sent once more.
                Err(error) => {
                    desk.failed("publish", &entry.record, &error.to_string());
                    desk.back_off(&mut self.backoff, Wait::Kafka).await?;
                }
            }
        }
        Ok(())
    }

    /// Its outputs can never be published, so the record itself goes to the dead letters.
    async fn bury_too_large(
        &mut self,
        index: usize,
        error: impl std::error::Error,
        desk: &Desk,
    ) -> Result<(), Halt> {
        let entry = &mut self.entries[index];
        let (error, first_failed) = (error.to_string(), SystemTime::now());
        let burial = Burial { reason: reason::TOO_LARGE, error, attempts: 1, first_failed };
        entry.acknowledgement = None;
        bury(&entry.record, &burial, desk).await?;
        entry.outputs.clear();
        entry.fate = Fate::Buried;
        entry.acknowledgement = Some(desk.work.producer.batch().finish());
        Ok(())
    }
}

fn send(producer: &Producer, outputs: &[Output]) -> Result<Acknowledgement, SendError> {
    let mut batch = producer.batch();
    for output in outputs {
        let headers: Vec<(&str, &[u8])> =
            output.headers.iter().map(|(name, value)| (name.as_ref(), value.as_slice())).collect();
        batch.send(Outgoing {
            topic: &output.topic,
            key: output.key.as_deref(),
            value: &output.value,
            headers: &headers,
        })?;
    }
    Ok(batch.finish())
}
