//! Writes records at a rate, and tells what became of them, in the order in which they were given.
//!
//! Each is sent in a batch of its own. A broker refuses a batch as a whole, and what was refused for its company alone would have to be
//! sent once more, behind what followed it: records of one key would change places.

mod pace;

pub(crate) use pace::Pace;

use crate::kafka::brokers::with_silence;
use crate::tool::{Result, Session, ToolError};
use futures_util::FutureExt as _;
use runtime::producer::{self, Acknowledgement, ProduceError, Producer, ProducerOptions, SendError};
use runtime::settings::KafkaSettings;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The largest record that is sent, in bytes: what a topic takes is the topic's to say.
const LARGEST_RECORD: usize = 66 << 20;
/// Records that may be under way: few enough to be sent one by one within the time that each has.
const UNDER_WAY: usize = 1_000;
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
    acknowledgements: Vec<Acknowledgement>,
    what: T,
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
    kafka: KafkaSettings,
    has_failed: bool,
}

impl<'s, T> Sink<'s, T> {
    /// Writes at most `rate` records a second.
    pub(crate) fn open(session: &'s Session, kafka: &KafkaSettings, rate: u64) -> Result<Self> {
        let options = ProducerOptions {
            client_id: "weir".to_owned(),
            message_max_bytes: LARGEST_RECORD,
            queue_records: UNDER_WAY,
            ..ProducerOptions::default()
        };
        let mut kafka = kafka.clone();
        kafka.properties.insert("batch.num.messages".to_owned(), "1".to_owned());
        let producer = Producer::new(&kafka, &options)?;
        let (under_way, settled) = (VecDeque::new(), Vec::new());
        let (pace, refused_in_a_row, has_failed) = (Pace::new(rate), 0, false);
        Ok(Self { session, producer, pace, under_way, settled, refused_in_a_row, kafka, has_failed })
    }

    /// Queues records that are told of together; waits for their turn, and for room.
    pub(crate) fn send(&mut self, records: &[OutgoingRecord<'_>], what: T) -> Result<()> {
        let mut acknowledgements = Vec::with_capacity(records.len());
        for record in records {
            let wait = self.pace.due(Instant::now());
            if !wait.is_zero() {
                self.session.wait(async { tokio::time::sleep(wait).await });
            }
            loop {
                match record.send(&self.producer) {
                    Ok(acknowledgement) => break acknowledgements.push(acknowledgement),
                    // Records that are not acknowledged in time leave the queue too.
                    Err(SendError::QueueFull) if self.under_way.is_empty() => {
                        self.session.wait(async { tokio::time::sleep(ROOM).await });
                    }
                    Err(SendError::QueueFull) => self.settle_oldest()?,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        self.under_way.push_back(Sent { acknowledgements, what });
        Ok(())
    }

    /// How many times records were given that were not told of yet.
    pub(crate) fn unsettled(&self) -> usize {
        self.under_way.len() + self.settled.len()
    }

    /// What has become known since it was last asked; does not wait.
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
        let Some(Sent { acknowledgements, what }) = self.under_way.pop_front() else { return Ok(()) };
        let mut refused = Vec::new();
        for (index, acknowledgement) in acknowledgements.into_iter().enumerate() {
            match self.session.wait(acknowledgement) {
                Err(error) if is_of_the_record(error) && self.refused_in_a_row < MOST_REFUSED => {
                    self.refused_in_a_row += 1;
                    refused.push((index, error));
                }
                Err(error) => return Err(self.failed(error)),
                Ok(()) => self.refused_in_a_row = 0,
            }
        }
        self.settled.push(Settled { what, refused });
        Ok(())
    }

    /// The first failure is told, and names the brokers that do not answer; a refusal is an answer.
    fn failed(&mut self, why: ProduceError) -> ToolError {
        let is_first = !std::mem::replace(&mut self.has_failed, true);
        let error = NotAcknowledged(why).into();
        if is_first && why == ProduceError::TimedOut { with_silence(&self.kafka, error) } else { error }
    }
}

impl<T> Sent<T> {
    fn is_reported(&mut self) -> bool {
        self.acknowledgements.iter_mut().all(|acknowledgement| acknowledgement.now_or_never().is_some())
    }
}

impl OutgoingRecord<'_> {
    fn send(&self, producer: &Producer) -> Result<Acknowledgement, SendError> {
        let mut batch = producer.batch();
        let headers = producer::headers(self.headers.iter().copied());
        batch.enqueue(self.topic, self.key, self.value, headers)?;
        Ok(batch.finish())
    }
}

/// It may be on its topic all the same.
#[derive(Debug, thiserror::Error)]
#[error("a record was not acknowledged: {0}")]
pub(crate) struct NotAcknowledged(pub(crate) ProduceError);

/// Whether it is refused for itself, and others of the topic are not.
const fn is_of_the_record(error: ProduceError) -> bool {
    matches!(error, ProduceError::TooLarge | ProduceError::Invalid(_))
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
    fn what_is_refused_is_told_in_its_turn_and_takes_nothing_with_it() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("events", 1, 1).unwrap();
        let session = Session::start().unwrap();
        let kafka = KafkaSettings::plain(cluster.bootstrap_servers());
        let mut sink = Sink::open(&session, &kafka, 1_000_000).unwrap();
        let headers = Vec::new();
        let record = OutgoingRecord { topic: "events", key: Some(b"17"), value: Some(b"{}"), headers };
        cluster.request_errors(RDKafkaApiKey::Produce, &[TOO_LARGE]);
        let three = [record.clone(), record.clone(), record.clone()];
        sink.send(&three, "one too large").unwrap();
        sink.send(&[record], "behind it").unwrap();
        sink.finish().unwrap();
        let told: Vec<_> = sink.settled().unwrap().into_iter().map(|one| (one.what, one.refused)).collect();
        assert_eq!(told, [("one too large", vec![(0, ProduceError::TooLarge)]), ("behind it", vec![])]);
    }
}
