//! Writes records at a rate, and tells what became of them, in the order in which they were given.
//!
//! A broker refuses a batch where one of its records is too large: what was refused is sent once more alone, and only what is
//! refused then is refused for itself.

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
/// Longer than any record is tried.
const REPORTED_WITHIN: Duration = Duration::from_secs(45);
/// Records in a row that may be refused: more of them are no single ones, but a limit of the topic or the clock of this machine.
const MOST_REFUSED: u32 = 100;
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

/// Records that were given together, and are told of together.
#[derive(Debug)]
struct Sent<T> {
    records: Vec<(Acknowledgement, OwnedRecord)>,
    what: T,
}

/// A copy of a record, for when it has to be sent again.
#[derive(Debug)]
struct OwnedRecord {
    topic: String,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Option<OwnedHeaders>,
}

/// What became of records that were given together.
#[derive(Debug)]
pub(crate) struct Settled<T> {
    pub(crate) what: T,
    /// Which of them their topic refuses for what they are; the others are acknowledged.
    pub(crate) refused: Vec<(usize, ProduceError)>,
}

/// Records on their way out; what `T` stands for is told back once it is known what became of them.
#[derive(Debug)]
pub(crate) struct Sink<'s, T> {
    session: &'s Session,
    producer: Producer,
    pace: Pace,
    under_way: VecDeque<Sent<T>>,
    settled: Vec<Settled<T>>,
    refused_in_a_row: u32,
}

impl<'s, T> Sink<'s, T> {
    /// Writes at most `rate` records a second.
    pub(crate) fn open(session: &'s Session, kafka: &KafkaSettings, rate: u64) -> Result<Self> {
        let client_id = "weir".to_owned();
        let options =
            ProducerOptions { client_id, message_max_bytes: LARGEST_RECORD, ..ProducerOptions::default() };
        let producer = Producer::new(kafka, &options)?;
        let (under_way, settled) = (VecDeque::new(), Vec::new());
        Ok(Self { session, producer, pace: Pace::new(rate), under_way, settled, refused_in_a_row: 0 })
    }

    /// Queues records that are told of together; waits for their turn, and for room.
    pub(crate) fn send(&mut self, records: &[OutgoingRecord<'_>], what: T) -> Result<()> {
        while self.under_way.len() >= UNDER_WAY {
            self.settle_oldest()?;
        }
        let mut sent = Vec::with_capacity(records.len());
        for outgoing in records {
            let wait = self.pace.due(Instant::now());
            if !wait.is_zero() {
                self.session.wait(async { tokio::time::sleep(wait).await });
            }
            let record = OwnedRecord::of(outgoing);
            let receipt = loop {
                match record.send(&self.producer) {
                    Ok(receipt) => break receipt,
                    // Records that are not acknowledged in time leave the queue too.
                    Err(SendError::QueueFull) if self.under_way.is_empty() => {
                        self.session.wait(async { tokio::time::sleep(ROOM).await });
                    }
                    Err(SendError::QueueFull) => self.settle_oldest()?,
                    Err(error) => return Err(error.into()),
                }
            };
            sent.push((receipt, record));
        }
        self.under_way.push_back(Sent { records: sent, what });
        Ok(())
    }

    /// How many batches were sent and not told of yet.
    pub(crate) fn unsettled(&self) -> u64 {
        (self.under_way.len() + self.settled.len()) as u64
    }

    /// What has become known since it was last asked; does not wait, but for what is sent again.
    pub(crate) fn settled(&mut self) -> Result<Vec<Settled<T>>> {
        while self.under_way.front_mut().is_some_and(Sent::is_reported) {
            self.settle_oldest()?;
        }
        Ok(std::mem::take(&mut self.settled))
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
        let Some(Sent { records, what }) = self.under_way.pop_front() else { return Ok(()) };
        let mut refused = Vec::new();
        for (index, (receipt, record)) in records.into_iter().enumerate() {
            let outcome = match self.session.wait(receipt) {
                Err(error) if is_of_the_record(error) => self.send_alone(&record)?,
                outcome => outcome,
            };
            match outcome {
                Err(error) if is_of_the_record(error) && self.refused_in_a_row < MOST_REFUSED => {
                    self.refused_in_a_row += 1;
                    refused.push((index, error));
                }
                outcome => {
                    outcome.map_err(NotAcknowledged)?;
                    self.refused_in_a_row = 0;
                }
            }
        }
        self.settled.push(Settled { what, refused });
        Ok(())
    }

    /// Once more, in a batch of its own: nothing else is queued by then, nor on its way.
    fn send_alone(&self, record: &OwnedRecord) -> Result<Result<(), ProduceError>> {
        if !self.session.wait(self.producer.flush(REPORTED_WITHIN)) {
            return Ok(Err(ProduceError::TimedOut));
        }
        let receipt = record.send(&self.producer)?;
        Ok(self.session.wait(receipt))
    }
}

impl<T> Sent<T> {
    fn is_reported(&mut self) -> bool {
        self.records.iter_mut().all(|(receipt, _)| receipt.now_or_never().is_some())
    }
}

impl OwnedRecord {
    fn of(outgoing: &OutgoingRecord<'_>) -> Self {
        Self {
            topic: outgoing.topic.to_owned(),
            key: outgoing.key.map(<[u8]>::to_vec),
            value: outgoing.value.map(<[u8]>::to_vec),
            headers: headers(outgoing),
        }
    }

    fn send(&self, producer: &Producer) -> Result<Acknowledgement, SendError> {
        let mut batch = producer.batch();
        batch.enqueue(&self.topic, self.key.as_deref(), self.value.as_deref(), self.headers.clone())?;
        Ok(batch.finish())
    }
}

/// It may be on its topic all the same.
#[derive(Debug, thiserror::Error)]
#[error("a record was not acknowledged: {0}")]
pub(crate) struct NotAcknowledged(pub(crate) ProduceError);

/// Whether it is refused for itself or another one of its batch, and others of the topic are not.
const fn is_of_the_record(error: ProduceError) -> bool {
    matches!(error, ProduceError::TooLarge | ProduceError::Invalid(_))
}

fn headers(outgoing: &OutgoingRecord<'_>) -> Option<OwnedHeaders> {
    let empty = OwnedHeaders::new_with_capacity(outgoing.headers.len());
    let insert =
        |list: OwnedHeaders, (key, value): &(&str, Option<&[u8]>)| list.insert(Header { key, value: *value });
    (!outgoing.headers.is_empty()).then(|| outgoing.headers.iter().fold(empty, insert))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::mocking::MockCluster;
    use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE as TOO_LARGE};

    #[test]
    fn what_refuses_everything_ends_it() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("events", 1, 1).unwrap();
        let session = Session::start().unwrap();
        let kafka = KafkaSettings::plain(cluster.bootstrap_servers());
        let mut sink = Sink::open(&session, &kafka, 1_000_000).unwrap();
        cluster.request_errors(RDKafkaApiKey::Produce, &[TOO_LARGE; 1_000]);
        let record =
            OutgoingRecord { topic: "events", key: Some(b"17"), value: Some(b"{}"), headers: Vec::new() };
        for _ in 0..MOST_REFUSED {
            sink.send(std::slice::from_ref(&record), ()).unwrap();
            sink.finish().unwrap();
        }
        sink.send(&[record], ()).unwrap();
        let error = sink.finish().unwrap_err();
        assert_eq!(error.downcast_ref::<NotAcknowledged>().unwrap().0, ProduceError::TooLarge);
    }

    #[test]
    fn what_is_refused_alone_too_is_told_in_its_turn_and_the_rest_goes_on() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("events", 1, 1).unwrap();
        let session = Session::start().unwrap();
        let kafka = KafkaSettings::plain(cluster.bootstrap_servers());
        let mut sink = Sink::open(&session, &kafka, 1_000_000).unwrap();
        let headers = Vec::new();
        let record = OutgoingRecord { topic: "events", key: Some(b"17"), value: Some(b"{}"), headers };
        let mut given = |what: &'static str, records: usize| {
            sink.send(&vec![record.clone(); records], what).unwrap();
            sink.finish().unwrap();
            sink.settled().unwrap().into_iter().map(|one| (one.what, one.refused)).collect::<Vec<_>>()
        };
        cluster.request_errors(RDKafkaApiKey::Produce, &[TOO_LARGE]);
        assert_eq!(given("in company", 2), [("in company", vec![])]);
        cluster.request_errors(RDKafkaApiKey::Produce, &[TOO_LARGE; 2]);
        assert_eq!(given("too large", 1), [("too large", vec![(0, ProduceError::TooLarge)])]);
        assert_eq!(given("behind it", 1), [("behind it", vec![])]);
    }
}
