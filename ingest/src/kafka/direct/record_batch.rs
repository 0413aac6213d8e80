//! A record batch of Kafka's format 2, written record by record into the bytes that are sent.
//!
//! The form is that of Kafka's `DefaultRecordBatch` and `DefaultRecord`
//! (<https://kafka.apache.org/documentation/#recordbatch>), without a producer id.

use super::compression::Compression;
use runtime::producer::Outgoing;

/// Bytes of a batch before its first record.
const BATCH_HEADER: usize = 61;
/// Where the checksum begins to count.
const CHECKED_FROM: usize = 21;
/// A batch of a delivery at calm rates fits.
const FIRST_BYTES: usize = 2 << 10;
/// A varint and a byte: lengths, deltas and attributes of one record take no more.
const OVERHEAD: usize = 32;
/// A varint for the length of a header's name, and one for its value's.
const RECORD_HEADER_OVERHEAD: usize = 10;

/// An open batch.
#[derive(Clone, Debug)]
pub(super) struct RecordBatch {
    bytes: Vec<u8>,
    count: i32,
    first_time: i64,
    last_time: i64,
}

/// The most bytes that a record takes in a batch.
pub(super) fn max_size(record: &Outgoing<'_>) -> usize {
    let header = |(name, value): &(&str, &[u8])| name.len() + value.len() + RECORD_HEADER_OVERHEAD;
    let headers: usize = record.headers.iter().map(header).sum();
    OVERHEAD + record.key.map_or(0, <[u8]>::len) + record.value.len() + headers
}

impl RecordBatch {
    /// A batch without records, whose first will be of this time, in milliseconds since 1970.
    pub(super) fn new(time: i64) -> Self {
        let mut bytes = Vec::with_capacity(FIRST_BYTES);
        bytes.resize(BATCH_HEADER, 0);
        Self { bytes, count: 0, first_time: time, last_time: time }
    }

    /// What is sent of it so far.
    pub(super) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The memory that it takes, which is up to twice as much.
    pub(super) const fn memory(&self) -> usize {
        self.bytes.capacity()
    }

    /// Writes a record behind the others.
    pub(super) fn push(&mut self, record: &Outgoing<'_>, time: i64) {
        // Else what comes behind a large value has all of it copied once more, into twice the memory.
        self.bytes.reserve(max_size(record));
        let (start, out) = (self.bytes.len(), &mut self.bytes);
        out.push(0);
        put_varint(out, time.saturating_sub(self.first_time));
        put_varint(out, i64::from(self.count));
        match record.key {
            Some(key) => put_bytes(out, key),
            None => put_varint(out, -1),
        }
        put_bytes(out, record.value);
        put_varint(out, signed(record.headers.len()));
        for (name, value) in record.headers {
            put_bytes(out, name.as_bytes());
            put_bytes(out, value);
        }
        // How long it is stands before it.
        let end = out.len();
        put_varint(out, signed(end - start));
        let written = out.len() - end;
        out[start..].rotate_right(written);
        self.count += 1;
        self.last_time = self.last_time.max(time);
    }

    /// Closes the batch: its bytes, with the header and the checksum in them. Records that compression makes no smaller stay as they are.
    pub(super) fn seal(mut self, compression: Compression) -> Vec<u8> {
        let (header, records) = self.bytes.split_at(BATCH_HEADER);
        let compressed = compression.compress(header, records);
        let codec = compressed.as_ref().map_or(0, |_| compression.number());
        self.bytes = compressed.unwrap_or(self.bytes);
        let length = i32::try_from(self.bytes.len() - 12).unwrap_or(i32::MAX);
        let mut put = |at: usize, field: &[u8]| self.bytes[at..at + field.len()].copy_from_slice(field);
        put(8, &length.to_be_bytes());
        put(12, &(-1_i32).to_be_bytes()); // leader epoch: the broker's to say
        put(16, &[2]); // magic
        put(21, &[0, codec]); // attributes: beside the codec all 0, as of the client's time
        put(23, &(self.count - 1).to_be_bytes());
        put(27, &self.first_time.to_be_bytes());
        put(35, &self.last_time.to_be_bytes());
        put(43, &[0xff; 14]); // producer id, epoch, sequence: -1, not idempotent
        put(57, &self.count.to_be_bytes());
        let checksum = crc32c::crc32c(&self.bytes[CHECKED_FROM..]);
        self.bytes[17..CHECKED_FROM].copy_from_slice(&checksum.to_be_bytes());
        self.bytes
    }
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, signed(bytes.len()));
    out.extend_from_slice(bytes);
}

/// Zigzag, then seven bits a byte, the lowest first.
fn put_varint(out: &mut Vec<u8>, number: i64) {
    let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push((rest & 0x7f) as u8);
}

fn signed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::records::RecordBatchDecoder;

    #[test]
    fn a_large_record_takes_hardly_more_memory_than_it_has_bytes() {
        let value = vec![b'x'; 4 << 20];
        let record = Outgoing { topic: "raw", key: None, value: &value, headers: &[("ce_id", b"1")] };
        let mut batch = RecordBatch::new(0);
        batch.push(&record, 0);
        assert!(batch.memory() <= BATCH_HEADER + max_size(&record), "{}", batch.memory());
    }

    #[test]
    fn compressed_records_are_those_of_a_batch_that_is_not() {
        let values = [b"of the same words, ".repeat(5_000), b"of the same words, ".repeat(2), b"x".to_vec()];
        let records = || {
            values.iter().map(|value| Outgoing {
                topic: "raw",
                key: None,
                value,
                headers: &[("ce_id", b"1")],
            })
        };
        let sealed = |compression, count| {
            let mut batch = RecordBatch::new(0);
            records().rev().take(count).for_each(|record| batch.push(&record, 0));
            batch.seal(compression)
        };
        let plain = sealed(Compression::None, 3);
        for (compression, read) in [
            (Compression::Lz4, read_lz4 as fn(&[u8]) -> Vec<u8>),
            (Compression::Zstd, |bytes| zstd::stream::decode_all(bytes).unwrap()),
        ] {
            let batch = sealed(compression, 3);
            assert!(batch.len() * 20 < plain.len(), "{compression:?}: {} bytes", batch.len());
            assert_eq!(batch[21..23], [0, compression.number()], "{compression:?}");
            assert_eq!(read(&batch[BATCH_HEADER..]), plain[BATCH_HEADER..], "{compression:?}");
            assert_eq!(sealed(compression, 1), sealed(Compression::None, 1), "it would be no smaller");
        }
    }

    fn read_lz4(bytes: &[u8]) -> Vec<u8> {
        let mut read = Vec::new();
        std::io::copy(&mut lz4_flex::frame::FrameDecoder::new(bytes), &mut read).unwrap();
        read
    }

    #[test]
    fn another_reader_finds_what_was_written() {
        let large = vec![b'x'; 70_000];
        let headers: [(&str, &[u8]); 2] = [("ce_id", b"1"), ("ce_type", b"")];
        let records = [
            Outgoing { topic: "raw", key: Some(b"page:1"), value: b"one", headers: &headers },
            Outgoing { topic: "raw", key: None, value: b"", headers: &[] },
            Outgoing { topic: "raw", key: Some(b""), value: &large, headers: &headers[..1] },
        ];
        // A clock that goes back.
        let times = [1_700_000_000_000, 1_700_000_000_700, 1_699_999_999_000];
        let mut batch = RecordBatch::new(times[0]);
        for (record, time) in records.iter().zip(times) {
            let before = batch.len();
            batch.push(record, time);
            assert!(batch.len() - before <= max_size(record));
        }
        let mut bytes = bytes::Bytes::from(batch.seal(Compression::None));
        let read = RecordBatchDecoder::decode(&mut bytes).unwrap();
        assert_eq!(read.records.len(), 3);
        for (offset, ((record, time), read)) in records.iter().zip(times).zip(&read.records).enumerate() {
            assert_eq!(read.offset, i64::try_from(offset).unwrap());
            assert_eq!(read.key.as_deref(), record.key);
            assert_eq!(read.value.as_deref(), Some(record.value));
            assert_eq!(read.timestamp, time);
            assert_eq!((read.producer_id, read.transactional), (-1, false));
            let headers: Vec<_> =
                read.headers.iter().map(|(name, value)| (&**name, value.as_deref().unwrap())).collect();
            assert_eq!(headers, record.headers);
        }
    }
}
