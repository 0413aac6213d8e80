//! A topic and its partitions: where a record goes, and what waits there.

use super::super::record_batch::{RecordBatch, max_size};
use runtime::producer::Outgoing;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

/// Codes of Kafka's that say that the broker is not, or not yet, the one to ask (`org.apache.kafka.common.protocol.Errors`):
/// unknown topic or partition, leader not available, not leader, broker not available, storage, both of the leader's epoch.
/// No other error is one that another look at the cluster could cure.
pub(in super::super) const STALE_METADATA: [i32; 7] = [3, 5, 6, 8, 56, 74, 75];

#[derive(Debug)]
pub(super) struct Topic<T> {
    pub(super) name: Arc<str>,
    /// Kafka's id of it, another one after it was made anew; nil where the brokers have none.
    pub(super) id: Uuid,
    /// Why the brokers do not let it be written, as a code of Kafka's.
    pub(super) refusal: Option<i32>,
    /// How many of the partitions there are; further ones were there once.
    pub(super) count: usize,
    pub(super) partitions: Vec<Partition<T>>,
    /// Where the next record without a key goes.
    sticky: usize,
}

#[derive(Debug)]
pub(super) struct Partition<T> {
    pub(super) leader: Option<i32>,
    /// Of the leader; -1 where brokers do not say.
    pub(super) epoch: i32,
    pub(super) queue: VecDeque<QueuedBatch<T>>,
    pub(super) is_under_way: bool,
    /// Whether it is in its leader's line.
    pub(super) is_in_line: bool,
}

/// A batch that waits for its turn.
#[derive(Debug)]
pub(super) struct QueuedBatch<T> {
    pub(super) batch: RecordBatch,
    pub(super) tickets: Vec<T>,
    /// When its first record came.
    pub(super) since: Instant,
}

impl<T> Topic<T> {
    pub(super) fn new(name: &str) -> Self {
        let partitions = Vec::new();
        Self { name: name.into(), id: Uuid::nil(), refusal: None, count: 0, partitions, sticky: 0 }
    }

    /// The partition of a record without a key, among those whose broker takes more. Stays with one until a request takes what
    /// waits there, so that few batches are begun; but not while its broker is away, hangs or has enough to do, and another's
    /// has not.
    pub(super) fn choose_sticky(&mut self, takes_more: impl Fn(i32) -> bool) -> usize {
        let (first, count) = (self.sticky, self.count);
        let numbers = || (0..count).map(|step| (first + step) % count);
        let leader = |number: &usize| self.partitions[*number].leader;
        let free = numbers().find(|number| leader(number).is_some_and(&takes_more));
        let led = free.or_else(|| numbers().find(|number| leader(number).is_some()));
        self.sticky = led.unwrap_or(first % count);
        self.sticky
    }

    /// The first batch of a partition, for its leader.
    pub(super) fn take(&mut self, number: usize, broker: i32) -> Option<QueuedBatch<T>> {
        let partition = &mut self.partitions[number];
        partition.is_in_line = false;
        if partition.leader != Some(broker) || partition.is_under_way {
            return None;
        }
        let waiting = partition.queue.pop_front()?;
        partition.is_under_way = true;
        if number == self.sticky {
            self.sticky += 1;
        }
        Some(waiting)
    }
}

impl<T> Partition<T> {
    pub(super) const fn new() -> Self {
        Self { leader: None, epoch: 0, queue: VecDeque::new(), is_under_way: false, is_in_line: false }
    }

    /// Writes a record into the last batch, or a new one; returns how much more memory that takes.
    pub(super) fn push(
        &mut self,
        record: &Outgoing<'_>,
        ticket: T,
        (now, millis): (Instant, i64),
        batch_bytes: usize,
    ) -> usize {
        let fits = |last: &QueuedBatch<T>| last.batch.len() + max_size(record) <= batch_bytes;
        let before = self.queue.back().filter(|last| fits(last)).map(|last| last.batch.memory());
        if before.is_none() {
            let batch = RecordBatch::new(millis);
            self.queue.push_back(QueuedBatch { batch, tickets: Vec::new(), since: now });
        }
        let Some(last) = self.queue.back_mut() else { return 0 };
        last.batch.push(record, millis);
        last.tickets.push(ticket);
        last.batch.memory() - before.unwrap_or_default()
    }
}
