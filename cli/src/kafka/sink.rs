//! Writes records at a rate, and tells which of them are acknowledged, in the order in which they were given.

mod pace;

pub(crate) use pace::Pace;

use crate::tool::{Result, Session};
use futures_util::FutureExt as _;
use rdkafka::message::{Header, OwnedHeaders};
use runtime::producer::{Acknowledgement, ProduceError, Producer, ProducerOptions, SendError};
use runtime::settings::KafkaSettings;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The largest record that is sent, in bytes: what a topic takes is the topic's to say.
const LARGEST_RECORD: usize = 66 << 20;
/// Batches that may be under way.
const UNDER_WAY: usize = 1_000;
/// How long to wait for room where nothing earlier is under way.
const ROOM: Duration = Duration::from_millis(10);

/// A record to write.
#[derive(Clone, Debug)]
pub(crate) struct OutgoingRecord<'a> {
    pub(crate) topic: &'a str,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) headers: Vec<(&'a str, Option<&'a [u8]>)>,
}

/// Records on their way out; what `T` stands for is told back once they are acknowledged.
#[derive(Debug)]
pub(crate) struct Sink<'s, T> {
    session: &'s Session,
    producer: Producer,
    pace: Pace,
    under_way: VecDeque<(Acknowledgement, T)>,
    acknowledged: Vec<T>,
}

impl<'s, T> Sink<'s, T> {
    /// Writes at most `rate` records a second.
    pub(crate) fn open(session: &'s Session, kafka: &KafkaSettings, rate: u64) -> Result<Self> {
        let client_id = "weir".to_owned();
        let options =
            ProducerOptions { client_id, message_max_bytes: LARGEST_RECORD, ..ProducerOptions::default() };
        let producer = Producer::new(kafka, &options)?;
        let (under_way, acknowledged) = (VecDeque::new(), Vec::new());
        Ok(Self { session, producer, pace: Pace::new(rate), under_way, acknowledged })
    }

    /// Queues records that are acknowledged together; waits for their turn, and for room.
    pub(crate) fn send(&mut self, records: &[OutgoingRecord<'_>], what: T) -> Result<()> {
        while self.under_way.len() >= UNDER_WAY {
            self.settle_oldest()?;
        }
        let producer = self.producer.clone();
        let mut batch = producer.batch();
        for outgoing in records {
            let wait = self.pace.due(Instant::now());
            if !wait.is_zero() {
                self.session.wait(async { tokio::time::sleep(wait).await });
            }
            loop {
                let sent = batch.enqueue(outgoing.topic, outgoing.key, outgoing.value, headers(outgoing));
                match sent {
                    Ok(()) => break,
                    // Records that are not acknowledged in time leave the queue too.
                    Err(SendError::QueueFull) if self.under_way.is_empty() => {
                        self.session.wait(async { tokio::time::sleep(ROOM).await });
                    }
                    Err(SendError::QueueFull) => self.settle_oldest()?,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        self.under_way.push_back((batch.finish(), what));
        Ok(())
    }

    /// How many batches were sent and not told of yet.
    pub(crate) fn unsettled(&self) -> u64 {
        (self.under_way.len() + self.acknowledged.len()) as u64
    }

    /// What has been acknowledged since it was last asked; does not wait.
    pub(crate) fn acknowledged(&mut self) -> Result<Vec<T>> {
        while let Some((receipt, _)) = self.under_way.front_mut() {
            let Some(outcome) = receipt.now_or_never() else { break };
            let oldest = self.under_way.pop_front();
            outcome.map_err(not_acknowledged)?;
            self.acknowledged.extend(oldest.map(|(_, what)| what));
        }
        Ok(std::mem::take(&mut self.acknowledged))
    }

    /// Waits for all that is under way; gives the first failure.
    pub(crate) fn finish(&mut self) -> Result<()> {
        let mut outcome = Ok(());
        while !self.under_way.is_empty() {
            outcome = outcome.and(self.settle_oldest());
        }
        outcome
    }

    fn settle_oldest(&mut self) -> Result<()> {
        let Some((receipt, what)) = self.under_way.pop_front() else { return Ok(()) };
        self.session.wait(receipt).map_err(not_acknowledged)?;
        self.acknowledged.push(what);
        Ok(())
    }
}

/// It may be on its topic all the same.
fn not_acknowledged(error: ProduceError) -> String {
    format!("a record was not acknowledged: {error}")
}

fn headers(outgoing: &OutgoingRecord<'_>) -> Option<OwnedHeaders> {
    let empty = OwnedHeaders::new_with_capacity(outgoing.headers.len());
    let insert =
        |list: OwnedHeaders, (key, value): &(&str, Option<&[u8]>)| list.insert(Header { key, value: *value });
    (!outgoing.headers.is_empty()).then(|| outgoing.headers.iter().fold(empty, insert))
}
