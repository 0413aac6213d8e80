//! What a member of a group says it reads, and what it is given: pure. Kafka calls them `ConsumerProtocolSubscription` and
//! `ConsumerProtocolAssignment` (<https://kafka.apache.org/protocol>).

/// The topics in it; nothing where it cannot be read, as that of a group which rebalances.
pub fn topics(subscription: &[u8]) -> Option<Vec<&str>> {
    let (_version, rest) = subscription.split_first_chunk::<2>()?;
    let (count, mut rest) = rest.split_first_chunk::<4>()?;
    let mut topics = Vec::new();
    for _ in 0..u32::from_be_bytes(*count) {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (name, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        topics.push(std::str::from_utf8(name).ok()?);
        rest = after;
    }
    Some(topics)
}

/// Whether an assignment names no topic; an empty one is that of a member that was given nothing.
pub fn is_without_topics(assignment: &[u8]) -> bool {
    let count = assignment.split_first_chunk::<2>().and_then(|(_version, rest)| rest.first_chunk::<4>());
    count.is_none_or(|count| u32::from_be_bytes(*count) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As clients of Kafka write it: version 1, two topics, no data of their own, no partitions.
    const SUBSCRIPTION: &[u8] =
        b"\0\x01\0\0\0\x02\0\x10meta.comments.v1\0\x10meta.messages.v1\xff\xff\xff\xff\0\0\0\0";

    #[test]
    fn each_topic_of_a_subscription_is_found_and_no_other() {
        assert_eq!(topics(SUBSCRIPTION), Some(vec!["meta.comments.v1", "meta.messages.v1"]));
    }

    #[test]
    fn an_assignment_of_no_topic_is_told_from_one_of_a_partition() {
        assert!(is_without_topics(b"") && is_without_topics(b"\0\x01\0\0\0\0\0\0\0\0"));
        assert!(!is_without_topics(b"\0\x01\0\0\0\x01\0\x02in\0\0\0\x01\0\0\0\x07\0\0\0\0"));
    }

    #[test]
    fn what_is_cut_off_says_nothing() {
        for length in 0..42 {
            assert_eq!(topics(&SUBSCRIPTION[..length]), None, "{length} bytes");
        }
        assert_eq!(topics(b"\0\x01\xff\xff\xff\xff"), None);
    }
}
