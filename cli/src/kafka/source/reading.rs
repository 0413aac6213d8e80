//! The records of a range, merged over its partitions by time.
//!
//! Records of one delivery, and of one conversation, may lie in several partitions; what reads them in the order of time
//! comes as near as one can to the order in which they were written. One record a partition is held, and what
//! librdkafka has read ahead.

use super::range::Period;
use super::{Range, RecordPosition, Span};
use crate::screen::Progress;
use crate::tool::Result;
use runtime::consumer::{Read, Record, TopicReader};
use std::time::{Duration, Instant};

/// How long nothing may come while there is more.
const STALLED_AFTER: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);

/// A range on its way in.
#[derive(Debug)]
pub(crate) struct Reading {
    reader: TopicReader,
    brokers: String,
    partitions: Vec<Partition>,
    /// Which of the records are meant, where not all are.
    period: Option<Period>,
    /// How many records came, of how many there are at most, and what they are called.
    read: u64,
    at_most: u64,
    what: &'static str,
    progress: Progress,
}

/// One partition, while there is more of it.
#[derive(Debug)]
struct Partition {
    span: Span,
    head: Option<Record>,
}

impl Reading {
    pub(super) fn open(mut reader: TopicReader, range: &Range, brokers: &str) -> Result<Self> {
        let spans = || range.spans.iter().filter(|span| span.from < span.to);
        reader.start(&spans().map(|span| (span.partition, span.from)).collect())?;
        let partitions = spans().map(|span| Partition { span: *span, head: None }).collect();
        let (brokers, at_most, progress) = (brokers.to_owned(), range.at_most(), Progress::new(false));
        Ok(Self { reader, brokers, partitions, period: range.period, read: 0, at_most, what: "", progress })
    }

    /// Shows how far it is, where that is `wanted`.
    pub(crate) fn showing(self, what: &'static str, wanted: bool) -> Self {
        Self { what, progress: Progress::new(wanted), ..self }
    }

    /// The next record in the order of time; `None` at the end of the range.
    pub(crate) fn next(&mut self) -> Result<Option<Record>> {
        for partition in &mut self.partitions {
            partition.fill(&mut self.reader, self.period, &self.brokers)?;
        }
        self.partitions.retain(|partition| partition.head.is_some());
        let time = |partition: &&mut Partition| {
            (partition.head.as_ref().and_then(|record| record.timestamp), partition.span.partition)
        };
        let next = self.partitions.iter_mut().min_by_key(time).and_then(|first| first.head.take());
        if next.is_some() {
            self.read += 1;
            let Self { reader, read, at_most, what, progress, .. } = self;
            progress.show(|| format!("{}: {read} of {at_most} {what}", reader.topic()));
        } else {
            self.progress.clear();
        }
        Ok(next)
    }
}

impl Partition {
    /// Waits for the next record, unless there is one already; there is none where the end is reached.
    fn fill(&mut self, reader: &mut TopicReader, period: Option<Period>, brokers: &str) -> Result<()> {
        let Span { partition, from, to, .. } = self.span;
        let deadline = Instant::now() + STALLED_AFTER;
        let next = |reader: &TopicReader| reader.position(partition).unwrap_or(from);
        let is_meant =
            |record: &Record| record.offset < to && period.is_none_or(|period| period.may_hold(record));
        while self.head.is_none() && next(reader) < to {
            match reader.next_of(partition, LOOK)? {
                Some(Read::Record(record)) => self.head = Some(record).filter(is_meant),
                // What is left of the range was removed, or never was a record.
                Some(Read::End(_)) => return Ok(()),
                None if Instant::now() < deadline => {}
                None => {
                    let topic = reader.topic().to_string();
                    let position = RecordPosition { topic, partition, offset: next(reader) };
                    let why = reader.last_error().map_or_else(String::new, |error| format!(" ({error})"));
                    return Err(format!(
                        "nothing came from {brokers} for {} s at {position}{why}; look at the brokers, and start again",
                        STALLED_AFTER.as_secs()
                    )
                    .into());
                }
            }
        }
        Ok(())
    }
}
