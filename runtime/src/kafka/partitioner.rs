//! Which partition a key goes to: Kafka's own choice, murmur2.

/// The partition of `key` among `partitions`, as the Java client and librdkafka's `murmur2_random` choose it
/// (`org.apache.kafka.clients.producer.internals.BuiltInPartitioner`).
pub fn partition_of(key: &[u8], partitions: i32) -> i32 {
    let positive = murmur2(key) & 0x7fff_ffff;
    i32::try_from(positive).unwrap_or_default() % partitions.max(1)
}

/// Kafka's variant of `MurmurHash2` (`org.apache.kafka.common.utils.Utils`).
fn murmur2(bytes: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    // Java's lengths have 32 bits.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let (words, rest) = bytes.as_chunks::<4>();
    let mut hash = SEED ^ length;
    for word in words {
        let mut mixed = u32::from_le_bytes(*word).wrapping_mul(M);
        mixed ^= mixed >> 24;
        hash = hash.wrapping_mul(M) ^ mixed.wrapping_mul(M);
    }
    for (place, byte) in rest.iter().enumerate() {
        hash ^= u32::from(*byte) << (8 * place);
    }
    if !rest.is_empty() {
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_kafkas_own_tests() {
        // `UtilsTest.testMurmur2` of Apache Kafka.
        for (text, hash) in [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(text.as_bytes()).cast_signed(), hash, "{text}");
        }
    }

    #[test]
    fn every_partition_gets_its_share() {
        let mut found = [0_u32; 12];
        for user in 0..12_000 {
            let partition = partition_of(format!("17841405726653026:{user}").as_bytes(), 12);
            found[usize::try_from(partition).unwrap()] += 1;
        }
        assert!(found.iter().all(|count| (800..1_200).contains(count)), "{found:?}");
    }
}
