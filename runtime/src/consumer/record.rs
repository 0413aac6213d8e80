//! What a handler gets, and what it gives.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

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
    /// Its headers in order; a header's value may be null.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
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
        let found = self.headers.iter().rev().find(|(header, _)| header == name);
        found.and_then(|(_, value)| value.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_header_of_a_name_counts() {
        let record = Record {
            topic: Arc::from("t"),
            partition: 0,
            offset: 0,
            timestamp: None,
            key: None,
            value: None,
            headers: vec![
                (String::from("a"), Some(b"1".to_vec())),
                (String::from("a"), Some(b"2".to_vec())),
                (String::from("b"), None),
            ],
        };
        assert_eq!(record.header("a"), Some(&b"2"[..]));
        assert_eq!(record.header("b"), None);
        assert_eq!(record.header("c"), None);
    }
}
