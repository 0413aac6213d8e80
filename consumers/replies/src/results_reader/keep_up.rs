//! Keeps up with the results topic, whatever becomes of its partitions, its rights and the client that reads it.

use super::progress::past_end;
use super::{LOOK_EVERY, Shared, ends, firsts};
use runtime::consumer::{Read, ReadError, TopicReader};
use runtime::kafka::credentials::Changes;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long a poll waits for a record, which is also how long an end may go unnoticed.
const POLL: Duration = Duration::from_millis(100);
/// How often what cannot be read is tried again from where it was read: librdkafka tells the end of a partition once for each
/// offset, so that nobody hears of a right that came back, or of a batch that was removed.
const AGAIN_EVERY: Duration = Duration::from_secs(5);
/// Looks in a row that no broker answered before another client is tried: brokers that come back are noticed by then.
const LOST_AFTER: u32 = 2;

/// Why another client reads on.
#[derive(Debug, PartialEq, Eq)]
enum ReplaceReason {
    /// The credentials are others now.
    NewCredentials,
    /// Another client is given records of these partitions that this one is not, or they end before what was read of them.
    StandsStill { partitions: Vec<i32> },
    /// No broker answered it for some looks.
    Unanswered,
}

/// The client that reads, and what is known of it.
struct Reading<'a> {
    reader: TopicReader,
    changes: Changes,
    shared: &'a Shared,
    has_new_credentials: bool,
    /// Looks in a row that no broker answered.
    unanswered: u32,
    /// When what cannot be read was tried last.
    tried: Instant,
}

/// Reads on until `end`, and looks for partitions that were added. Where the credentials are others now, or no broker
/// answers this client or gives it a record while a new one is answered, the new one reads on from the same offsets; partitions that
/// stood still it begins anew.
pub(super) fn follow(reader: TopicReader, changes: Changes, shared: &Shared, end: &CancellationToken) {
    let mut looked = Instant::now();
    let mut reading =
        Reading { reader, changes, shared, has_new_credentials: false, unanswered: 0, tried: looked };
    while !end.is_cancelled() {
        if looked.elapsed() >= LOOK_EVERY {
            reading.look();
            looked = Instant::now();
        }
        take_next(&mut reading.reader, shared);
    }
}

impl Reading<'_> {
    fn look(&mut self) {
        match take_new_partitions(&mut self.reader, self.shared) {
            Ok(()) => self.unanswered = 0,
            Err(error) => {
                self.unanswered += 1;
                tracing::debug!(%error, "the brokers do not answer how many partitions the results topic has");
            }
        }
        if let Some(reason) = self.why_replace() {
            self.replace(&reason);
        }
        if self.shared.is_unreadable() && self.tried.elapsed() >= AGAIN_EVERY {
            let offsets = self.shared.read.borrow().offsets.clone();
            if let Err(error) = self.reader.start(&offsets) {
                tracing::debug!(%error, "the results topic is not tried again yet");
            }
            self.tried = Instant::now();
        }
    }

    fn why_replace(&mut self) -> Option<ReplaceReason> {
        self.has_new_credentials |= self.changes.seen();
        let is_suspected = self.shared.is_suspected.swap(false, Ordering::Relaxed);
        if self.has_new_credentials {
            return Some(ReplaceReason::NewCredentials);
        }
        let partitions =
            if is_suspected { standing_still(&mut self.reader, self.shared) } else { Vec::new() };
        if partitions.is_empty() {
            (self.unanswered >= LOST_AFTER).then_some(ReplaceReason::Unanswered)
        } else {
            Some(ReplaceReason::StandsStill { partitions })
        }
    }

    /// Where no broker answers a new client either, this one is kept, and replaced after a later look.
    fn replace(&mut self, reason: &ReplaceReason) {
        let anew = if let ReplaceReason::StandsStill { partitions } = reason { &partitions[..] } else { &[] };
        match new_reader(self.shared, anew) {
            Ok(answered) => {
                tracing::warn!(?reason, "the results topic is read by a new Kafka client");
                if *reason != ReplaceReason::NewCredentials {
                    self.shared.source.metrics.results_rebuilt.inc();
                }
                (self.reader, self.unanswered, self.has_new_credentials) = (answered, 0, false);
            }
            Err(error) => tracing::debug!(%error, "the brokers do not answer a new Kafka client either"),
        }
    }
}

fn take_next(reader: &mut TopicReader, shared: &Shared) {
    match reader.next(POLL) {
        Ok(Some(Read::Record(record))) => shared.take(&record),
        Ok(Some(Read::End(partition))) => shared.ended(partition),
        Ok(None) => {}
        Err(error) => shared.cannot_read(error),
    }
}

/// The partitions that stand still at two looks, between which this client had time to read on. A leader may tell of an older end than
/// there was for a moment after an election.
fn standing_still(reader: &mut TopicReader, shared: &Shared) -> Vec<i32> {
    let look = || {
        stands(shared).unwrap_or_else(|error| {
            tracing::debug!(%error, "it is not known whether the results topic has more than was read");
            BTreeMap::new()
        })
    };
    let before = look();
    if before.is_empty() {
        return Vec::new();
    }
    let begun = Instant::now();
    while begun.elapsed() < LOOK_EVERY {
        take_next(reader, shared);
    }
    let stand = look().into_iter().filter(|(partition, at)| before.get(partition) == Some(at));
    stand.map(|(partition, _)| partition).collect()
}

/// Where another client is given a record that was not read yet, or the log ends before what was read: partitions, and the offset up to
/// which each was read.
fn stands(shared: &Shared) -> Result<BTreeMap<i32, i64>, ReadError> {
    let mut probe = shared.source.reader()?;
    let read = shared.read.borrow().offsets.clone();
    let ends = ends(&probe, &probe.partitions()?)?;
    let behind = shared.read.borrow().behind(&ends);
    let mut is_given = |partition, from| matches!(probe.has_record(partition, from, LOOK_EVERY), Ok(true));
    let behind = behind.into_iter().map(|(partition, (from, _))| (partition, from));
    let behind = behind.filter(|(partition, from)| is_given(*partition, *from));
    Ok(behind.chain(past_end(&read, &ends)).collect())
}

/// A new client that is answered, and reads on from where the topic was read, or from the beginning of partitions to be read anew: where
/// one stood still its log may be another, which is longer than the former by now. What comes twice changes nothing that is remembered, and
/// one partition takes no longer to read than all take at the start, from the remembered time on.
fn new_reader(shared: &Shared, anew: &[i32]) -> Result<TopicReader, ReadError> {
    let mut reader = shared.source.reader()?;
    reader.partitions()?;
    let (firsts, mut offsets) = (firsts(&reader, anew)?, shared.read.borrow().offsets.clone());
    if !firsts.is_empty() {
        tracing::warn!(?firsts, read = ?offsets, "partitions of the results topic are read anew: their logs may be others");
    }
    offsets.extend(firsts);
    reader.start(&offsets)?;
    shared.read.send_modify(|read| read.offsets = offsets);
    Ok(reader)
}

/// What is in a new partition was written after it was made, so that it is read from its beginning.
fn take_new_partitions(reader: &mut TopicReader, shared: &Shared) -> Result<(), ReadError> {
    let mut new = reader.partitions()?;
    new.retain(|partition| !shared.read.borrow().offsets.contains_key(partition));
    if new.is_empty() {
        return Ok(());
    }
    let new = firsts(reader, &new)?;
    tracing::info!(partitions = ?new.keys(), "the results topic has new partitions");
    reader.add(&new)?;
    shared.read.send_modify(|read| read.offsets.extend(new));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ABOUT;
    use crate::ledger::Ledger;
    use crate::metrics::ReplyMetrics;
    use crate::results_reader::Source;
    use crate::results_reader::progress::Progress;
    use rdkafka::mocking::MockCluster;
    use rdkafka::producer::DefaultProducerContext;
    use runtime::mutex::lock;
    use runtime::process::Process;
    use runtime::process::steady_clock::SteadyClock;
    use runtime::producer::{Outgoing, Producer, ProducerOptions};
    use runtime::settings::KafkaSettings;
    use std::sync::atomic::AtomicBool;
    use std::sync::{Arc, Mutex};
    use tokio::sync::watch;

    /// Generous, for a machine that does other things too.
    const DEADLINE: Duration = Duration::from_mins(1);
    const TOPIC: &str = "results";

    /// Follows a topic of two results with a client for `topic` that reads nothing yet, until that was replaced once and so much is
    /// read. How many commands are known then.
    async fn replaced(
        topic: &str,
        begun: Progress,
        is_suspected: bool,
        until: fn(&Progress) -> bool,
    ) -> usize {
        let mock: MockCluster<'static, DefaultProducerContext> = MockCluster::new(1).unwrap();
        mock.create_topic(TOPIC, 1, 1).unwrap();
        let kafka = KafkaSettings::plain(mock.bootstrap_servers());
        let producer = Producer::new(&kafka, &ProducerOptions::default()).unwrap();
        let mut batch = producer.batch();
        for id in ["a", "b"] {
            let value = format!(
                r#"{{"id":"{id}","account":"1","action":"message","status":"done","at":"","attempt":1,"partition":0,"offset":1}}"#
            );
            let record = Outgoing { topic: TOPIC, key: None, value: value.as_bytes(), headers: &[] };
            assert!(batch.send(record).is_ok());
        }
        batch.finish().await.unwrap();
        let process = Process::new(ABOUT.name, ABOUT.version);
        let (metrics, changes) = (ReplyMetrics::new(&process.registry, 1_000), process.credentials.changes());
        let reader = TopicReader::new(&kafka, ABOUT.name, topic).unwrap();
        let rebuilt = metrics.results_rebuilt.clone();
        let source = Source { kafka, process, topic: Arc::from(TOPIC), metrics };
        let (ledger, read) = (Ledger::new(Duration::from_mins(1), 9), watch::Sender::new(begun));
        let (ledger, is_suspected) = (Mutex::new(ledger), AtomicBool::new(is_suspected));
        let mut seen = read.subscribe();
        let shared = Shared { source, ledger, clock: SteadyClock::start(), read, is_suspected };
        let end = CancellationToken::new();
        let (ended, ends) = (end.clone(), end.drop_guard());
        let following = tokio::task::spawn_blocking(move || {
            follow(reader, changes, &shared, &ended);
            lock(&shared.ledger).len()
        });
        let is_read = seen.wait_for(until);
        assert!(tokio::time::timeout(DEADLINE, is_read).await.unwrap().is_ok());
        drop(ends);
        let known = following.await.unwrap();
        assert_eq!(rebuilt.get(), 1);
        known
    }

    fn read_to(offset: i64) -> Progress {
        Progress { offsets: BTreeMap::from([(0, offset)]), unreadable: BTreeMap::new() }
    }

    fn is_read(read: &Progress) -> bool {
        read.offsets.get(&0) == Some(&2)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_client_that_is_not_answered_is_replaced_by_one_that_is_and_counted() {
        // A topic that is not there has no partitions to tell of, which takes no time.
        replaced("not-there", Progress::default(), false, |read| read.offsets.contains_key(&0)).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_client_that_gives_no_record_is_replaced_where_another_gives_one() {
        let known = replaced(TOPIC, read_to(1), true, is_read).await;
        assert_eq!(known, 2, "from the beginning on, since the log may be another");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_log_that_ends_before_what_was_read_is_read_anew() {
        assert_eq!(replaced(TOPIC, read_to(9), true, is_read).await, 2);
    }
}
