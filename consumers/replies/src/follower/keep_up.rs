//! Keeps up with the results topic, whatever becomes of its partitions, its rights and the client that reads it.

use super::{LOOK_EVERY, Shared, Source};
use runtime::consumer::{Read, ReadError, TopicReader};
use runtime::kafka::credentials::Changes;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long a poll waits for a record, which is also how long an end may go unnoticed.
const POLL: Duration = Duration::from_millis(100);
/// How often what cannot be read is tried again from where it was read: librdkafka tells the end of a partition once for each
/// offset, so that nobody hears of a right that came back, or of a batch that was removed.
const AGAIN_EVERY: Duration = Duration::from_secs(5);
/// Looks in a row that no broker answered before another client is tried: brokers that come back are noticed by then.
const LOST_AFTER: u32 = 2;

/// Reads on until `end`, and looks for partitions that were added. Where the credentials are others now, or no broker
/// answers this client while a new one is answered, the new one reads on from the same offsets.
pub(super) fn follow(
    mut reader: TopicReader,
    source: &Source,
    mut changes: Changes,
    shared: &Shared,
    end: &CancellationToken,
) {
    let (mut looked, mut unanswered, mut is_changed) = (Instant::now(), 0_u32, false);
    let mut tried = Instant::now();
    while !end.is_cancelled() {
        if looked.elapsed() >= LOOK_EVERY {
            match take_new_partitions(&mut reader, shared) {
                Ok(()) => unanswered = 0,
                Err(error) => {
                    unanswered += 1;
                    tracing::debug!(%error, "the brokers do not answer how many partitions the results topic has");
                }
            }
            is_changed |= changes.seen();
            if is_changed || unanswered >= LOST_AFTER {
                match another(source, shared) {
                    Ok(answered) => {
                        tracing::warn!(is_changed, "the results topic is read by a new Kafka client");
                        if !is_changed {
                            source.metrics.results_rebuilt.inc();
                        }
                        (reader, unanswered, is_changed) = (answered, 0, false);
                    }
                    Err(error) => {
                        tracing::debug!(%error, "the brokers do not answer a new Kafka client either");
                    }
                }
            }
            if shared.is_unreadable() && tried.elapsed() >= AGAIN_EVERY {
                let offsets = shared.read.borrow().offsets.clone();
                if let Err(error) = reader.start(&offsets) {
                    tracing::debug!(%error, "the results topic is not tried again yet");
                }
                tried = Instant::now();
            }
            looked = Instant::now();
        }
        match reader.next(POLL) {
            Ok(Some(Read::Record(record))) => shared.take(&record),
            Ok(Some(Read::End(partition))) => shared.ended(partition),
            Ok(None) => {}
            Err(error) => shared.cannot_read(error),
        }
    }
}

/// A new client that is answered, and reads on from where the topic was read.
fn another(source: &Source, shared: &Shared) -> Result<TopicReader, ReadError> {
    let mut reader = source.reader()?;
    reader.partitions()?;
    let offsets = shared.read.borrow().offsets.clone();
    reader.start(&offsets)?;
    Ok(reader)
}

/// What is in a new partition was written after it was made, so that it is read from its beginning.
fn take_new_partitions(reader: &mut TopicReader, shared: &Shared) -> Result<(), ReadError> {
    let mut new = BTreeMap::new();
    for partition in reader.partitions()? {
        if !shared.read.borrow().offsets.contains_key(&partition) {
            new.insert(partition, reader.ends(partition)?.0);
        }
    }
    if new.is_empty() {
        return Ok(());
    }
    tracing::info!(partitions = ?new.keys(), "the results topic has new partitions");
    reader.add(&new)?;
    shared.read.send_modify(|read| read.offsets.extend(new));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ABOUT;
    use crate::follower::progress::Progress;
    use crate::ledger::Ledger;
    use crate::metrics::ReplyMetrics;
    use rdkafka::mocking::MockCluster;
    use rdkafka::producer::DefaultProducerContext;
    use runtime::process::Process;
    use runtime::settings::KafkaSettings;
    use std::sync::{Arc, Mutex};
    use tokio::sync::watch;

    /// Generous, for a machine that does other things too.
    const DEADLINE: Duration = Duration::from_mins(1);

    #[tokio::test(flavor = "multi_thread")]
    async fn a_client_that_is_not_answered_is_replaced_by_one_that_is_and_counted() {
        let mock: MockCluster<'static, DefaultProducerContext> = MockCluster::new(1).unwrap();
        mock.create_topic("results", 1, 1).unwrap();
        let kafka = KafkaSettings::plain(mock.bootstrap_servers());
        let process = Process::new(ABOUT.name, ABOUT.version);
        let (metrics, changes) = (ReplyMetrics::new(&process.registry), process.credentials.changes());
        // A topic that is not there has no partitions to tell of, which takes no time.
        let reader = TopicReader::new(&kafka, ABOUT.name, "not-there").unwrap();
        let (topic, rebuilt) = (Arc::from("results"), metrics.results_rebuilt.clone());
        let unreadable = metrics.results_unreadable.clone();
        let source = Source { kafka, process, client_id: ABOUT.name, topic, metrics };
        let ledger = Mutex::new(Ledger::new(Duration::from_mins(1), 1));
        let shared = Shared { ledger, read: watch::Sender::new(Progress::default()), unreadable };
        let mut read = shared.read.subscribe();
        let end = CancellationToken::new();
        let (ended, ends) = (end.clone(), end.drop_guard());
        let following =
            tokio::task::spawn_blocking(move || follow(reader, &source, changes, &shared, &ended));
        let is_read = read.wait_for(|read| read.offsets.contains_key(&0));
        assert!(tokio::time::timeout(DEADLINE, is_read).await.unwrap().is_ok());
        drop(ends);
        following.await.unwrap();
        assert_eq!(rebuilt.get(), 1);
    }
}
