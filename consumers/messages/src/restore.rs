//! Finds out what a partition has published already, whoever did it: from the output topics.

use crate::dedupe::{Bounds, RecentEvents};
use runtime::consumer::{OffsetRange, ReadError, Record, Tail, TailReader};
use runtime::kafka::partitioner::partition_of;
use schemas::{EventId, Millis};
use std::sync::Arc;
use std::time::SystemTime;

/// The partition whose past is wanted.
#[derive(Clone, Debug)]
pub(crate) struct InputPartition {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
}

/// What was published to `outputs` of the records of a partition, within the bounds.
pub(crate) async fn restore(
    tail: &Tail,
    outputs: Vec<Arc<str>>,
    input: InputPartition,
    bounds: Bounds,
) -> Result<RecentEvents, ReadError> {
    tail.read(move |reader| {
        let (mut recent, now) = (RecentEvents::new(bounds), Millis::of(SystemTime::now()).as_secs());
        let mut found = Vec::new();
        for output in &outputs {
            read_output(reader, output, &input, bounds, |id, at| found.push((at.unwrap_or(now), id)))?;
        }
        // Each is in order already; together they are once they are sorted by time alone.
        found.sort_by_key(|(at, _)| *at);
        for (at, id) in found {
            recent.found(id, at, now);
        }
        Ok(recent)
    })
    .await
}

/// A record's output has its key, so with as many partitions here as there it is in the partition of the same number. With
/// another number of partitions it can be in any.
fn read_output(
    reader: &mut TailReader,
    output: &str,
    input: &InputPartition,
    bounds: Bounds,
    mut found: impl FnMut(EventId, Option<u64>),
) -> Result<(), ReadError> {
    let (inputs, outputs) = (reader.partitions(&input.topic)?, reader.partitions(output)?);
    let is_same = inputs == outputs;
    let partitions = if is_same { vec![input.partition] } else { (0..outputs).collect() };
    let most = u64::try_from(bounds.most).unwrap_or(u64::MAX);
    let range = OffsetRange { topic: output, partitions: &partitions, most, before: None };
    let is_of_input = |record: &Record| {
        is_same || record.key.as_deref().is_some_and(|key| partition_of(key, inputs) == input.partition)
    };
    reader.each(&range, |record| {
        if is_of_input(record)
            && let Some(id) = id(record)
        {
            found(id, record.timestamp.map(|at| Millis::of(at).as_secs()));
        }
    })?;
    Ok(())
}

/// The id of the event that an output was made of.
fn id(record: &Record) -> Option<EventId> {
    EventId::parse(std::str::from_utf8(record.header("ce_id")?).ok()?)
}
