//! Takes a record out of librdkafka's memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Headers as _, Message as _};

use super::Record;

/// Copies the record; `topic` is its topic's name, which the records of a partition share.
pub fn read(message: &BorrowedMessage<'_>, topic: Arc<str>) -> Record {
    Record {
        topic,
        partition: message.partition(),
        offset: message.offset(),
        timestamp: message.timestamp().to_millis().and_then(time),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: message.headers().map_or_else(Vec::new, headers),
    }
}

fn time(milliseconds: i64) -> Option<SystemTime> {
    let since = Duration::from_millis(u64::try_from(milliseconds).ok()?);
    SystemTime::UNIX_EPOCH.checked_add(since)
}

fn headers(headers: &BorrowedHeaders) -> Vec<(String, Option<Vec<u8>>)> {
    (0..headers.count()).filter_map(|index| header(headers, index)).collect()
}

/// rdkafka panics on a header whose name is not UTF-8; any client may write one, and it must not stop
/// the partition, so that header is left out.
fn header(headers: &BorrowedHeaders, index: usize) -> Option<(String, Option<Vec<u8>>)> {
    let read = || {
        let header = headers.try_get(index)?;
        Some((header.key.to_owned(), header.value.map(<[u8]>::to_vec)))
    };
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        tracing::warn!("a header whose name is not UTF-8 is left out");
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_become_a_time_and_a_missing_one_nothing() {
        assert_eq!(time(1500), Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1500)));
        assert_eq!(time(-1), None);
    }
}
