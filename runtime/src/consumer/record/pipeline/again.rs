//! Sends outputs once more that were not acknowledged, and finds out which one is too large.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::{Output, Pipeline, send};
use crate::consumer::error::Halt;
use crate::consumer::metrics::reason;
use crate::consumer::record::dead_letter::{DeadLetterCause, dead_letter};
use crate::consumer::wait::{Activity, Wait};
use crate::producer::{Acknowledgement, ProduceError};

impl Pipeline {
    /// Sends the oldest record, of which this became, once more, without others until it is taken or a dead letter.
    ///
    /// Where it is taken, all that follow it have to come behind it: some may have arrived, but whoever reads must find the order of
    /// the input at the end. So they are sent once more, however often it is refused. Where it becomes a dead letter, those behind it
    /// that are acknowledged are in order as they are, unless one of several outputs of it has come behind them. A broker holds a
    /// batch against the size of a record: only what it refuses without others is too large.
    pub(super) async fn send_again(&mut self, mut error: ProduceError) -> Result<(), Halt> {
        let behind = self.unsend().await?;
        loop {
            if error != ProduceError::TooLarge {
                self.wait_after(&error).await?;
            }
            error = match self.send_alone().await? {
                Ok(()) => {
                    self.backoff.reset();
                    self.finish_oldest();
                    break;
                }
                Err(ProduceError::TooLarge) if self.shorten(0) => ProduceError::TooLarge,
                Err(ProduceError::TooLarge) => {
                    let outputs = self.entries.front().map(|oldest| &*oldest.outputs).unwrap_or_default();
                    let (is_single, error) = (outputs.len() == 1, refused(outputs));
                    self.dead_letter_too_large(0, error).await?;
                    if is_single {
                        for (entry, reported) in self.entries.range_mut(1..).zip(behind) {
                            entry.acknowledgement = Some(reported);
                        }
                    }
                    break;
                }
                Err(error) => error,
            };
        }
        for entry in &mut self.entries {
            entry.queued = Instant::now();
        }
        self.send_unsent().await
    }

    /// Nothing is on its way afterwards: a copy that is still queued would come before the records that are sent again. Whoever must
    /// stop before that leaves all as it was, or some would be sent again behind what was queued after them. Returns the
    /// acknowledgements of the records behind the oldest, up to the first that failed.
    async fn unsend(&mut self) -> Result<Vec<Acknowledgement>, Halt> {
        self.context.progress.set_activity(Activity::Waiting(Wait::Kafka));
        let mut outcomes = Vec::with_capacity(self.entries.len());
        for entry in &mut self.entries {
            if let Some(reported) = &mut entry.acknowledgement {
                outcomes.push(self.context.unless_stopped(reported).await?);
            }
        }
        let sent: Vec<_> = self.entries.iter_mut().filter_map(|entry| entry.acknowledgement.take()).collect();
        let behind = sent.into_iter().zip(outcomes).skip(1);
        Ok(behind.take_while(|(_, outcome)| outcome.is_ok()).map(|(reported, _)| reported).collect())
    }

    /// What becomes of the oldest record while nothing else is on its way.
    async fn send_alone(&mut self) -> Result<Result<(), ProduceError>, Halt> {
        let context = Arc::clone(&self.context);
        loop {
            let Some(oldest) = self.entries.front_mut() else { return Ok(Ok(())) };
            match send(&context.shared.producer, &oldest.outputs) {
                Ok(acknowledgement) => {
                    oldest.acknowledgement = Some(acknowledgement);
                    break;
                }
                Err(error) => self.wait_after(&error).await?,
            }
        }
        let outcome = context.unless_stopped(self.oldest()).await?;
        if let (Err(_), Some(oldest)) = (&outcome, self.entries.front_mut()) {
            oldest.acknowledgement = None;
        }
        Ok(outcome)
    }

    /// Logs why a record could not be published, and waits before it is tried again.
    async fn wait_after(&mut self, error: &impl std::error::Error) -> Result<(), Halt> {
        if let Some(oldest) = self.entries.front() {
            self.context.failed("publish", &oldest.record, &error.to_string());
        }
        self.context.back_off(&mut self.backoff, Wait::Kafka).await
    }

    /// Whether there is something shorter to publish, in place of outputs that are refused for their size.
    pub(super) fn shorten(&mut self, index: usize) -> bool {
        let shorten = self.context.shared.options.shorten;
        let Some(entry) = self.entries.get_mut(index) else { return false };
        let Some(outputs) = shorten(&entry.outputs) else { return false };
        self.context.failed("publish", &entry.record, "too large: something shorter is published instead");
        entry.outputs = outputs;
        true
    }

    /// Its outputs can never be published, so the record itself goes to the dead letters.
    pub(super) async fn dead_letter_too_large(&mut self, index: usize, error: String) -> Result<(), Halt> {
        let entry = &mut self.entries[index];
        let cause = DeadLetterCause {
            reason: reason::TOO_LARGE,
            error,
            attempts: 1,
            first_failed: SystemTime::now(),
            is_counted: true,
        };
        entry.acknowledgement = None;
        dead_letter(&entry.record, &cause, &self.context).await?;
        entry.outputs.clear();
        entry.is_dead_letter = true;
        entry.acknowledgement = Some(self.context.shared.producer.batch().finish());
        Ok(())
    }
}

/// What a broker refuses for its size, in words that name the topic whose limit it is: the dead letter has that of the record alone.
fn refused(outputs: &[Output]) -> String {
    let bytes = |output: &Output| output.key.as_ref().map_or(0, Vec::len) + output.value.len();
    let largest = outputs.iter().max_by_key(|output| bytes(output));
    let named = largest.map(|output| format!(": {} bytes for {}", bytes(output), output.topic));
    format!("{}{}", ProduceError::TooLarge, named.unwrap_or_default())
}
