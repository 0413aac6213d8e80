//! What is on its way to a broker and back, and what it keeps of a batch: the numbers that its records carry.

use super::super::super::compression::Compression;
use super::super::super::produce::{PartitionBatch, name};
use super::model::Place;
use kafka_protocol::messages::ProduceResponse;
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use std::collections::{HashMap, VecDeque};

#[derive(Default)]
pub(super) struct Wire {
    pub(super) is_connected: bool,
    /// Requests that the broker has not looked at, with their correlation.
    pub(super) requests: VecDeque<(i32, Vec<PartitionBatch>)>,
    /// Answers that are on their way, with theirs.
    pub(super) answers: VecDeque<(i32, ProduceResponse)>,
}

/// What an answer says of one part: 0 is a success.
pub(super) fn answer_of(part: &PartitionBatch, error: i16) -> TopicProduceResponse {
    let of_part = PartitionProduceResponse::default().with_index(part.partition).with_error_code(error);
    let of_topic = TopicProduceResponse::default().with_name(name(&part.topic));
    of_topic.with_partition_responses(vec![of_part])
}

pub(super) fn write(log: &mut HashMap<Place, Vec<u64>>, part: &PartitionBatch) {
    let sealed = part.batch.clone().seal(Compression::None);
    let mut bytes = &sealed[57..];
    let count = u32::from_be_bytes(*bytes.split_off(..4).unwrap().first_chunk().unwrap());
    let log = log.entry((part.topic.to_string(), part.partition)).or_default();
    for _ in 0..count {
        let length = take_varint(&mut bytes);
        let mut record = bytes.split_off(..usize::try_from(length).unwrap()).unwrap();
        record = &record[1..];
        take_varint(&mut record);
        take_varint(&mut record);
        let key = take_varint(&mut record);
        record = &record[usize::try_from(key).unwrap_or(0)..];
        take_varint(&mut record);
        log.push(u64::from_be_bytes(*record.first_chunk().unwrap()));
    }
    assert!(bytes.is_empty());
}

fn take_varint(bytes: &mut &[u8]) -> i64 {
    let (mut number, mut shift) = (0_u64, 0);
    loop {
        let byte = bytes.split_off_first().unwrap();
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
        }
    }
}
