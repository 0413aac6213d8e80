//! The request that carries batches to a broker, and the broker's answer.
//!
//! Version 7 of Produce: every broker from Kafka 2.1 to 4.x has it, and Redpanda. The form is
//! <https://kafka.apache.org/protocol#The_Messages_Produce>.

use std::sync::Arc;
use std::time::Duration;

/// The version that is spoken.
pub(super) const VERSION: i16 = 7;
/// Its key.
pub(super) const API_KEY: i16 = 0;
/// Kafka's code for an error that has none (`UNKNOWN_SERVER_ERROR`).
const NO_OFFSET: i16 = -1;
/// Kafka's acks=all.
const ALL: i16 = -1;

/// A sealed batch for a partition.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    pub(super) records: Vec<u8>,
}

/// What the broker says of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PartAnswer {
    pub(super) topic: String,
    pub(super) partition: i32,
    /// 0 where the records are written.
    pub(super) error: i16,
}

/// What the broker says of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) correlation: i32,
    pub(super) parts: Vec<PartAnswer>,
    /// How long nothing more is to be sent.
    pub(super) throttle: Duration,
}

/// Writes a request with its length in front; the parts of a topic stand together.
pub(super) fn write(out: &mut Vec<u8>, correlation: i32, client_id: &str, timeout: Duration, parts: &[Part]) {
    out.clear();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&API_KEY.to_be_bytes());
    out.extend_from_slice(&VERSION.to_be_bytes());
    out.extend_from_slice(&correlation.to_be_bytes());
    put_string(out, client_id);
    out.extend_from_slice(&(-1_i16).to_be_bytes()); // no transaction
    out.extend_from_slice(&ALL.to_be_bytes());
    out.extend_from_slice(&i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX).to_be_bytes());
    let topics = || parts.chunk_by(|one, other| one.topic == other.topic);
    put_length(out, topics().count());
    for parts in topics() {
        put_string(out, parts.first().map_or("", |part| &*part.topic));
        put_length(out, parts.len());
        for part in parts {
            out.extend_from_slice(&part.partition.to_be_bytes());
            put_length(out, part.records.len());
            out.extend_from_slice(&part.records);
        }
    }
    let length = i32::try_from(out.len() - 4).unwrap_or(i32::MAX);
    if let Some(place) = out.first_chunk_mut() {
        *place = length.to_be_bytes();
    }
}

/// Reads an answer without its length; `None` where it is none.
pub(super) fn read(mut bytes: &[u8]) -> Option<Answer> {
    let from = &mut bytes;
    let correlation = take_i32(from)?;
    let mut parts = Vec::new();
    for _ in 0..take_i32(from)? {
        let topic = take_string(from)?;
        for _ in 0..take_i32(from)? {
            let partition = take_i32(from)?;
            let error = i16::from_be_bytes(take(from)?);
            let offset = i64::from_be_bytes(take(from)?);
            // The time of appending, the start of the log.
            take::<16>(from)?;
            // Whoever has written something knows where: see docs/adr/0013.
            let error = if error == 0 && offset < 0 { NO_OFFSET } else { error };
            parts.push(PartAnswer { topic: topic.to_owned(), partition, error });
        }
    }
    let throttle = Duration::from_millis(u64::try_from(take_i32(from)?).unwrap_or_default());
    bytes.is_empty().then_some(Answer { correlation, parts, throttle })
}

fn put_string(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&i16::try_from(text.len()).unwrap_or(i16::MAX).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn put_length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&i32::try_from(length).unwrap_or(i32::MAX).to_be_bytes());
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*taken)
}

fn take_i32(from: &mut &[u8]) -> Option<i32> {
    take(from).map(i32::from_be_bytes)
}

fn take_string<'a>(from: &mut &'a [u8]) -> Option<&'a str> {
    let length = usize::try_from(i16::from_be_bytes(take(from)?)).ok()?;
    let (text, rest) = from.split_at_checked(length)?;
    *from = rest;
    std::str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::{Buf as _, Bytes, BytesMut};
    use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
    use kafka_protocol::messages::{ProduceRequest, ProduceResponse, RequestHeader, TopicName};
    use kafka_protocol::protocol::{Decodable as _, Encodable as _, StrBytes};

    fn part(topic: &str, partition: i32, records: &[u8]) -> Part {
        Part { topic: topic.into(), partition, records: records.to_vec() }
    }

    #[test]
    fn another_reader_finds_every_partition_in_the_request() {
        let mut out = vec![1, 2, 3];
        let parts = [part("a", 0, b"one"), part("a", 7, b"two"), part("b", 1, b"three")];
        write(&mut out, 42, "weir-ingest", Duration::from_secs(5), &parts);
        let mut bytes = Bytes::from(out);
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
        let sent: Vec<_> =
            parts.into_iter().map(|part| (part.topic.to_string(), part.partition, part.records)).collect();
        assert_eq!(read, sent);
    }

    #[test]
    fn an_answer_is_read_and_a_piece_of_one_is_none() {
        let name = |name: &'static str| TopicName(StrBytes::from_static_str(name));
        let of = |partition, error, offset| {
            PartitionProduceResponse::default()
                .with_index(partition)
                .with_error_code(error)
                .with_base_offset(offset)
        };
        let topics = [
            TopicProduceResponse::default().with_name(name("a")).with_partition_responses(vec![
                of(0, 0, 5),
                of(7, 6, -1),
                of(8, 0, -1),
            ]),
            TopicProduceResponse::default().with_name(name("b")).with_partition_responses(vec![of(1, 0, 0)]),
        ];
        let response = ProduceResponse::default().with_responses(topics.to_vec()).with_throttle_time_ms(30);
        let mut out = BytesMut::from(&42_i32.to_be_bytes()[..]);
        response.encode(&mut out, VERSION).unwrap();
        let answer = read(&out).unwrap();
        let part = |topic: &str, partition, error| PartAnswer { topic: topic.to_owned(), partition, error };
        assert_eq!(
            answer.parts,
            [part("a", 0, 0), part("a", 7, 6), part("a", 8, NO_OFFSET), part("b", 1, 0)]
        );
        assert_eq!((answer.correlation, answer.throttle), (42, Duration::from_millis(30)));
        assert!((0..out.len()).all(|end| read(&out[..end]).is_none()));
    }
}
