//! What a member of a group says it reads: pure. Kafka calls it `ConsumerProtocolSubscription`
//! (<https://kafka.apache.org/protocol>).

/// Whether one of these topics is in it; nothing where it cannot be read, as that of a group which rebalances.
pub(super) fn names_one_of(subscription: &[u8], topics: &[String]) -> Option<bool> {
    let (_version, rest) = subscription.split_first_chunk::<2>()?;
    let (count, mut rest) = rest.split_first_chunk::<4>()?;
    for _ in 0..u32::from_be_bytes(*count) {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (name, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        if topics.iter().any(|topic| topic.as_bytes() == name) {
            return Some(true);
        }
        rest = after;
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As clients of Kafka write it: version 1, two topics, no data of their own, no partitions.
    const SUBSCRIPTION: &[u8] =
        b"\0\x01\0\0\0\x02\0\x10meta.comments.v1\0\x10meta.messages.v1\xff\xff\xff\xff\0\0\0\0";

    fn names(subscription: &[u8], topic: &str) -> Option<bool> {
        names_one_of(subscription, &[topic.to_owned()])
    }

    #[test]
    fn each_topic_of_a_subscription_is_found_and_no_other() {
        assert_eq!(names(SUBSCRIPTION, "meta.comments.v1"), Some(true));
        assert_eq!(names(SUBSCRIPTION, "meta.messages.v1"), Some(true));
        for other in ["meta.messages", "meta.mentions.v1", ""] {
            assert_eq!(names(SUBSCRIPTION, other), Some(false), "{other}");
        }
    }

    #[test]
    fn what_is_cut_off_says_nothing() {
        for length in 0..22 {
            assert_eq!(names(&SUBSCRIPTION[..length], "meta.messages.v1"), None, "{length} bytes");
        }
        assert_eq!(names(b"\0\x01\xff\xff\xff\xff", "meta.messages.v1"), None);
    }
}
