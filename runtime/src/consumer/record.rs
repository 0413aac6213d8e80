//! A record: what a handler gets and gives; and, below, its way through the loop.
//!
//! [`attempt`] has it handled, again where that fails for now; [`pipeline`] publishes what follows from it and waits for the
//! acknowledgement; [`dead_letter`] takes what can never be handled; [`trace`] has the spans of all that.

pub(super) mod attempt;
pub(super) mod dead_letter;
mod headers;
pub(super) mod pipeline;
pub(super) mod trace;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use headers::Headers;
use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Headers as _, Message as _};

use crate::kafka::REPLAY;
use crate::kafka::dead_letter::header;

/// Headers that mark an event which comes again, behind newer ones: of a replay, and of a dead letter that was put back. What is made
/// of the event is marked alike.
const MARKS: [&str; 2] = [REPLAY, header::ATTEMPTS];

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The topic it came from.
    pub topic: Arc<str>,
    /// Its partition.
    pub partition: i32,
    /// Its offset in the partition.
    pub offset: i64,
    /// When it was produced or appended, as the topic is set up.
    pub timestamp: Option<SystemTime>,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value; null, as a tombstone is, is `None`.
    pub value: Option<Vec<u8>>,
    /// Its headers in order.
    pub headers: Headers,
}

/// A record to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The topic, which must exist.
    pub topic: Arc<str>,
    /// Decides the partition.
    pub key: Option<Vec<u8>>,
    /// The bytes.
    pub value: Vec<u8>,
    /// Names and values, in order.
    pub headers: Vec<(Cow<'static, str>, Vec<u8>)>,
}

impl Record {
    /// The value of the last header of this name, as Kafka's own clients look it up.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.last(name)
    }

    /// The headers that mark an event which comes again, for what is made of it.
    pub fn marks(&self) -> impl Iterator<Item = (Cow<'static, str>, Vec<u8>)> {
        MARKS.into_iter().filter_map(|name| Some((name.into(), self.header(name)?.into())))
    }
}

/// Copies the record; `topic` is its topic's name, which the records of a partition share.
pub fn read(message: &BorrowedMessage<'_>, topic: Arc<str>) -> Record {
    Record {
        topic,
        partition: message.partition(),
        offset: message.offset(),
        timestamp: message.timestamp().to_millis().and_then(time),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: message.headers().map(headers).unwrap_or_default(),
    }
}

fn time(milliseconds: i64) -> Option<SystemTime> {
    let since = Duration::from_millis(u64::try_from(milliseconds).ok()?);
    SystemTime::UNIX_EPOCH.checked_add(since)
}

/// rdkafka panics on a header whose name is not UTF-8; any client may write one, and it must not stop
/// the partition, so that header is left out.
fn headers(headers: &BorrowedHeaders) -> Headers {
    let mut all = Headers::with_capacity(headers.count());
    for index in 0..headers.count() {
        match catch_unwind(AssertUnwindSafe(|| headers.try_get(index))) {
            Ok(Some(header)) => all.push(header.key, header.value),
            Ok(None) => {}
            Err(_) => tracing::warn!("a header whose name is not UTF-8 is left out"),
        }
    }
    all
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
