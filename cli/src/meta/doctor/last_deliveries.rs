//! When the last delivery of each account and object was received, as the topic of deliveries has it.

use super::check::Observed;
use crate::tool::settings::EventLimits;
use runtime::consumer::{OffsetRange, Tail};
use runtime::kafka::credentials::Credentials;
use runtime::settings::KafkaSettings;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// Newest deliveries that are looked at of each partition: seconds of reading at most, where much comes.
const NEWEST: u64 = 500;

/// The newest of each object and account; deliveries of test buttons and of `weir doctor` are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LastDeliveries {
    pub(super) received: BTreeMap<(String, String), SystemTime>,
    /// Whether the topic holds older ones, which nobody looked at.
    pub(super) has_more: bool,
}

/// Reads the newest deliveries of a topic, each split as ingest splits it.
pub(super) async fn read(
    kafka: KafkaSettings,
    topic: String,
    limits: EventLimits,
) -> Observed<LastDeliveries> {
    let tail = Tail::new(kafka, Credentials::default(), "weir");
    let read = tail.read(move |reader| {
        let mut last = LastDeliveries::default();
        let partitions: Vec<i32> = (0..reader.partitions(&topic)?).collect();
        let range = OffsetRange { topic: &topic, partitions: &partitions, most: NEWEST, before: None };
        let more = reader.each(&range, |record| {
            if let (Some(body), Some(received)) = (record.value.as_deref(), record.timestamp) {
                last.note(body, received, limits);
            }
        })?;
        last.has_more = more;
        Ok(last)
    });
    Ok(read.await?)
}

impl LastDeliveries {
    fn note(&mut self, body: &[u8], received: SystemTime, limits: EventLimits) {
        for event in limits.split(body).events.into_iter().filter(|event| !event.test) {
            let Some(account) = event.account else { continue };
            let newest = self.received.entry((event.object.into_owned(), account.into_owned()));
            let newest = newest.or_insert(received);
            *newest = received.max(*newest);
        }
    }

    /// The newest of an account, for one of its objects.
    pub(super) fn of(&self, object: &str, account: &str) -> Option<SystemTime> {
        self.received.get(&(object.to_owned(), account.to_owned())).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn the_newest_of_each_account_and_object_counts_and_tests_do_not() {
        let mut last = LastDeliveries::default();
        let limits = EventLimits { max_events: 10, min_bytes_per_event: 32 };
        let message = include_bytes!("../../../../schemas/fixtures/message/text.json");
        for seconds in [20, 30, 10] {
            last.note(message, UNIX_EPOCH + Duration::from_secs(seconds), limits);
        }
        let test = super::super::test_delivery::TestDelivery::new(UNIX_EPOCH).body("page", "111");
        last.note(&test, UNIX_EPOCH, limits);
        let ((object, account), received) = last.received.iter().next().unwrap();
        assert_eq!((last.received.len(), *received), (1, UNIX_EPOCH + Duration::from_secs(30)));
        assert_eq!(last.of(object, account), Some(*received));
        assert_eq!(last.of("page", account), None);
    }
}
