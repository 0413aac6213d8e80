//! Compresses the records of a batch, where `compression.type` asks for it.
//!
//! The numbers of codecs are those of a batch's attributes (<https://kafka.apache.org/documentation/#recordbatch>). Produce
//! takes zstd from version 7 on, which is the one that is spoken (KIP-110).

use lz4_flex::frame::FrameEncoder;
use std::io::Write as _;

/// What `compression.type` may be.
pub(super) const NAMES: [&str; 3] = ["none", "lz4", "zstd"];
/// The level of zstd, its own default and librdkafka's.
const ZSTD_LEVEL: i32 = 3;

/// What batches are compressed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Lz4,
    Zstd,
}

impl Compression {
    /// As the property has it; nothing is compressed by default.
    pub(super) fn of(property: Option<&String>) -> Self {
        match property.map(String::as_str) {
            Some("lz4") => Self::Lz4,
            Some("zstd") => Self::Zstd,
            _ => Self::None,
        }
    }

    /// Its number in the attributes of a batch.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Lz4 => 3,
            Self::Zstd => 4,
        }
    }

    /// Fewer bytes than these, behind `header`; nothing where they would not be fewer.
    pub(super) fn compress(self, header: &[u8], records: &[u8]) -> Option<Vec<u8>> {
        let compressed = match self {
            Self::None => return None,
            // In blocks that do not depend on each other, which is the encoder's default and all that Kafka's reader takes.
            Self::Lz4 => {
                let mut encoder = FrameEncoder::new(header.to_vec());
                encoder.write_all(records).ok()?;
                encoder.finish().ok()?
            }
            Self::Zstd => [header, &zstd::bulk::compress(records, ZSTD_LEVEL).ok()?].concat(),
        };
        (compressed.len() < header.len() + records.len()).then_some(compressed)
    }
}
