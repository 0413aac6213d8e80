//! The records of a range, merged over its partitions by time.
//!
//! Records of one delivery, and of one conversation, may lie in several partitions; what reads them in the order of time
//! comes as near as one can to the order in which they were written. One record a partition is held, and what
//! librdkafka has read ahead.
//!
//! An open transaction hides what was written to its partition since, whoever wrote it: a range is read up to there, and ends with
//! an error, since nothing can be said of the rest.

use super::range::Period;
use super::{Range, RecordPosition, Span};
use crate::kafka::brokers::with_silence;
use crate::screen::Progress;
use crate::tool::{Result, ToolError};
use runtime::consumer::{Read, Record, TopicReader};
use runtime::settings::KafkaSettings;
use std::thread;
use std::time::{Duration, Instant};

/// How long nothing may come while there is more.
const STALLED_AFTER: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);
/// How long transactions may take that are open as a range is asked for, all together.
const COMMITTED_WITHIN: Duration = Duration::from_secs(10);

/// A range on its way in.
#[derive(Debug)]
pub(crate) struct Reading {
    reader: TopicReader,
    kafka: KafkaSettings,
    partitions: Vec<Partition>,
    /// Which of the records are meant, where not all are.
    period: Option<Period>,
    /// How many records came, of how many there are at most, and what they are called.
    read: u64,
    at_most: u64,
    what: &'static str,
    progress: Progress,
    /// The first record of the range that an open transaction hides.
    hidden: Option<RecordPosition>,
}

/// One partition, while there is more of it.
#[derive(Debug)]
struct Partition {
    span: Span,
    head: Option<Record>,
}

impl Reading {
    pub(super) fn open(mut reader: TopicReader, range: &Range, kafka: &KafkaSettings) -> Result<Self> {
        let (mut spans, mut hidden) = (range.spans.clone(), None);
        let deadline = Instant::now() + COMMITTED_WITHIN;
        spans.retain(|span| span.from < span.to);
        for span in &mut spans {
            // Asked after where the range ends: without an open transaction it cannot be before that. Most are soon over.
            let mut readable = reader.ends(span.partition)?.1;
            while readable < span.to && Instant::now() < deadline {
                thread::park_timeout(LOOK);
                readable = reader.ends(span.partition)?.1;
            }
            if let Some(offset) = span.end_at(readable) {
                let (topic, partition) = (range.topic.to_string(), span.partition);
                hidden.get_or_insert(RecordPosition { topic, partition, offset });
            }
        }
        spans.retain(|span| span.from < span.to);
        reader.start(&spans.iter().map(|span| (span.partition, span.from)).collect())?;
        let partitions = spans.into_iter().map(|span| Partition { span, head: None }).collect();
        let (kafka, period, at_most) = (kafka.clone(), range.period, range.at_most());
        let progress = Progress::new(false);
        Ok(Self { reader, kafka, partitions, period, read: 0, at_most, what: "", progress, hidden })
    }

    /// Fails at once where a part of the range cannot be read, and not at its end.
    pub(crate) fn whole(self) -> Result<Self> {
        self.hidden.as_ref().map_or(Ok(()), |first| Err(hides(first)))?;
        Ok(self)
    }

    /// Ends without an error before what cannot be read; gives the error, for whoever has to tell of it later.
    pub(crate) fn leave_out_hidden(&mut self) -> Option<ToolError> {
        self.hidden.take().map(|first| hides(&first))
    }

    /// Shows how far it is, where that is `wanted`.
    pub(crate) fn showing(self, what: &'static str, wanted: bool) -> Self {
        Self { what, progress: Progress::new(wanted), ..self }
    }

    /// The next record in the order of time; `None` at the end of the range, and an error where not all of it could be read.
    pub(crate) fn next(&mut self) -> Result<Option<Record>> {
        for partition in &mut self.partitions {
            partition.fill(&mut self.reader, self.period, &self.kafka)?;
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
        match &self.hidden {
            Some(first) if next.is_none() => Err(hides(first)),
            _ => Ok(next),
        }
    }
}

/// What to say of what cannot be read.
fn hides(first: &RecordPosition) -> ToolError {
    format!(
        "a transaction is open at {first}: what was written there since, by anybody, cannot be read before it ends, and was not looked \
         at; start again then (kafka-transactions.sh describe-producers and find-hanging tell whose it is)"
    )
    .into()
}

impl Partition {
    /// Waits for the next record, unless there is one already; there is none where the end is reached.
    fn fill(
        &mut self,
        reader: &mut TopicReader,
        period: Option<Period>,
        kafka: &KafkaSettings,
    ) -> Result<()> {
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
                    let (brokers, seconds) = (&kafka.brokers, STALLED_AFTER.as_secs());
                    let stalled = format!(
                        "nothing came from {brokers} for {seconds} s at {position}{why}; look at the brokers, and start again"
                    );
                    return Err(with_silence(kafka, stalled.into()));
                }
            }
        }
        Ok(())
    }
}
