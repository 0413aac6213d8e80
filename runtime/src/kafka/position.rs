//! Where a record is.

/// The position of a record in Kafka.
#[derive(Clone, Copy, Debug)]
pub struct RecordPosition<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
}
