//! Records that are sent together and reported as one.

use std::fmt;
use std::sync::Arc;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;

use super::acknowledgement::BatchCompletion;
use super::client::Client;
use super::{Acknowledgement, Producer, SendError};

/// A record on its way out; librdkafka copies what it borrows.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// Topic, which must exist.
    pub topic: &'a str,
    /// Decides the partition; without one the record goes anywhere.
    pub key: Option<&'a [u8]>,
    /// The bytes; none is zero bytes, never null.
    pub value: &'a [u8],
    /// Names and values, in order.
    pub headers: &'a [(&'a str, &'a [u8])],
}

/// An open batch. Without [`Self::finish`] nobody learns what became of its records.
pub struct Batch<'a> {
    producer: &'a Producer,
    /// The one that all of its records go to.
    client: Arc<Client>,
    completion: Arc<BatchCompletion>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(producer: &'a Producer, client: Arc<Client>) -> Self {
        Self { producer, client, completion: BatchCompletion::open() }
    }

    /// Queues a record; never waits. On an error this record is not queued, those before it are.
    pub fn send(&mut self, record: Outgoing<'_>) -> Result<(), SendError> {
        self.enqueue(
            record.topic,
            record.key,
            Some(record.value),
            headers(record.headers.iter().map(|&(name, value)| (name, Some(value)))),
        )
    }

    /// As [`Self::send`], for a record whose value or headers may be null, as a dead letter's may.
    pub fn enqueue(
        &mut self,
        topic: &str,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: Option<OwnedHeaders>,
    ) -> Result<(), SendError> {
        let mut record: BaseRecord<'_, [u8], [u8], _> =
            BaseRecord::with_opaque_to(topic, Arc::clone(&self.completion));
        record.headers = headers;
        record.key = key;
        record.payload = value;
        self.completion.expect_one();
        self.client.context().sent();
        self.client.producer().send(record).map_err(|(error, _)| {
            self.completion.release_one();
            self.client.context().reported();
            self.refusal(&error, topic, key.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len))
        })
    }

    /// Closes the batch; the acknowledgement resolves when the last of its records has been reported.
    pub fn finish(self) -> Acknowledgement {
        self.completion.release_one();
        Acknowledgement::new(self.completion)
    }

    fn refusal(&self, error: &KafkaError, topic: &str, bytes: usize) -> SendError {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::QueueFull) => SendError::QueueFull,
            Some(RDKafkaErrorCode::MessageSizeTooLarge) => SendError::TooLarge {
                topic: topic.to_owned(),
                bytes,
                limit: self.producer.shared.options.message_max_bytes,
            },
            Some(RDKafkaErrorCode::Fatal) => SendError::Fatal(self.client.fatal_error().unwrap_or_default()),
            Some(RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition) => {
                SendError::UnknownTopic(topic.to_owned())
            }
            // Not authorised is among the others: here it is what librdkafka remembers of an earlier record, and may be over.
            _ => SendError::Other { topic: topic.to_owned(), reason: error.to_string() },
        }
    }
}

/// As librdkafka has them; `None` where there are none.
pub fn headers<'a>(
    headers: impl ExactSizeIterator<Item = (&'a str, Option<&'a [u8]>)>,
) -> Option<OwnedHeaders> {
    if headers.len() == 0 {
        return None;
    }
    let empty = OwnedHeaders::new_with_capacity(headers.len());
    Some(headers.fold(empty, |list, (key, value)| list.insert(Header { key, value })))
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Batch").field("completion", &self.completion).finish_non_exhaustive()
    }
}
