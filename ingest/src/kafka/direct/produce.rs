//! The request that carries batches to a broker.
//!
//! Version 7 of Produce: every broker from Kafka 2.1 to 4.x has it, and Redpanda.

use super::compression::Compression;
use super::record_batch::RecordBatch;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{ProduceRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The version that is spoken.
pub(super) const VERSION: i16 = 7;
/// Kafka's acks=all.
const ALL: i16 = -1;

/// A batch for a partition.
#[derive(Debug)]
pub(super) struct PartitionBatch {
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    pub(super) batch: RecordBatch,
}

/// How much there is to be compressed of these.
pub(super) fn bytes_to_compress(batches: &[PartitionBatch], compression: Compression) -> usize {
    match compression {
        Compression::None => 0,
        Compression::Lz4 | Compression::Zstd => batches.iter().map(|part| part.batch.len()).sum(),
    }
}

/// A request with these batches, which are compressed and sealed. The broker answers within `timeout`.
pub(super) fn request(
    batches: Vec<PartitionBatch>,
    compression: Compression,
    timeout: Duration,
) -> ProduceRequest {
    let mut topics = BTreeMap::<_, Vec<_>>::new();
    for PartitionBatch { topic, partition, batch } in batches {
        let records = Some(batch.seal(compression).into());
        let data = PartitionProduceData::default().with_index(partition).with_records(records);
        topics.entry(topic).or_default().push(data);
    }
    let topics = topics
        .into_iter()
        .map(|(topic, data)| TopicProduceData::default().with_name(name(&topic)).with_partition_data(data));
    ProduceRequest::default()
        .with_acks(ALL)
        .with_timeout_ms(i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX))
        .with_topic_data(topics.collect())
}

/// The name of a topic as the codec has it.
pub(super) fn name(topic: &str) -> TopicName {
    TopicName(StrBytes::from_string(topic.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::call::{decode, encode};
    use super::*;
    use bytes::{Buf as _, Bytes, BytesMut};
    use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
    use kafka_protocol::messages::{ProduceResponse, RequestHeader};
    use kafka_protocol::protocol::{Decodable as _, Encodable as _};
    use runtime::producer::Outgoing;

    fn batch(value: &[u8]) -> RecordBatch {
        let mut batch = RecordBatch::new(0);
        batch.push(&Outgoing { topic: "raw", key: None, value, headers: &[] }, 0);
        batch
    }

    #[test]
    fn another_reader_finds_every_partition_in_the_request() {
        let sent = [("a", 0, batch(b"one")), ("b", 1, batch(b"two")), ("a", 7, batch(b"three"))];
        let batches = sent.clone().map(|(topic, partition, batch)| PartitionBatch {
            topic: topic.into(),
            partition,
            batch,
        });
        let request = request(batches.into(), Compression::None, Duration::from_secs(5));
        let mut bytes = Bytes::from(encode(42, "weir-ingest", VERSION, &request).unwrap());
        assert_eq!(usize::try_from(bytes.get_i32()).unwrap(), bytes.len());
        let header = RequestHeader::decode(&mut bytes, 1).unwrap();
        assert_eq!((header.request_api_key, header.request_api_version, header.correlation_id), (0, 7, 42));
        assert_eq!(header.client_id.as_deref(), Some("weir-ingest"));
        let request = ProduceRequest::decode(&mut bytes, VERSION).unwrap();
        assert_eq!((request.acks, request.timeout_ms, request.transactional_id), (-1, 5000, None));
        let read: Vec<_> = request
            .topic_data
            .iter()
            .flat_map(|topic| topic.partition_data.iter().map(|part| (topic.name.to_string(), part)))
            .map(|(topic, part)| (topic, part.index, part.records.clone().unwrap().to_vec()))
            .collect();
        let [first, of_another, last] = sent
            .map(|(topic, partition, batch)| (topic.to_owned(), partition, batch.seal(Compression::None)));
        assert_eq!(read, [first, last, of_another], "those of a topic stand together");
    }

    #[test]
    fn an_answer_is_read_and_a_piece_of_one_is_none() {
        let of = |partition, error, offset| {
            PartitionProduceResponse::default()
                .with_index(partition)
                .with_error_code(error)
                .with_base_offset(offset)
        };
        let topics = [
            TopicProduceResponse::default()
                .with_name(name("a"))
                .with_partition_responses(vec![of(0, 0, 5), of(7, 6, -1)]),
            TopicProduceResponse::default().with_name(name("b")).with_partition_responses(vec![of(1, 0, 0)]),
        ];
        let response = ProduceResponse::default().with_responses(topics.to_vec()).with_throttle_time_ms(30);
        let mut out = BytesMut::from(&42_i32.to_be_bytes()[..]);
        response.encode(&mut out, VERSION).unwrap();
        let out = out.freeze();
        let read = |mut bytes: Bytes| decode::<ProduceRequest>(&mut bytes, VERSION);
        assert_eq!(read(out.clone()), Some((42, response)));
        assert!((0..out.len()).all(|end| read(out.slice(..end)).is_none()));
    }
}
