//! Looks at what nobody works on although there are offsets left, as anybody else would read it: at the end of a partition
//! these are markers of transactions, or were compacted away, and count as done.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;

use super::stall::Stalls;
use super::watch::Seen;
use crate::consumer::reader::{ReadAhead, TopicReader};
use crate::consumer::wait::Activity;
use crate::consumer::worker_context::LOG_EVERY;
use crate::kafka::TopicPartition;
use crate::throttle::Throttle;

/// How long the brokers may take to answer, for all partitions of a look together.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// A broker that has just started may not have read its access control lists; ingest waits as long for them.
const FORBIDDEN_FOR: Duration = Duration::from_mins(3);

/// Readers of the topics of which a partition was looked at, and what they found.
pub(super) struct Ahead {
    config: ClientConfig,
    readers: BTreeMap<Arc<str>, TopicReader>,
    forbidden: Forbidden,
    log: Throttle,
}

/// Since when partitions may not be read.
#[derive(Debug, Default)]
struct Forbidden(HashMap<TopicPartition, Instant>);

impl Ahead {
    pub(super) fn new(config: ClientConfig) -> Self {
        let (readers, forbidden) = (BTreeMap::new(), Forbidden::default());
        Self { config, readers, forbidden, log: Throttle::new(LOG_EVERY) }
    }

    /// Its clients are made anew.
    pub(super) fn forget(&mut self) {
        self.readers.clear();
    }

    /// Takes note of what lies ahead, and tells how many partitions of each topic stand still since nobody can read it.
    pub(super) fn look(&mut self, seen: &mut [Seen], stalls: &Stalls) -> BTreeMap<Arc<str>, i64> {
        let deadline = Instant::now() + ANSWER_WITHIN;
        let stands = |seen: &Seen| {
            seen.lag > 0
                && seen.is_known
                && stalls.stood_at(&seen.name) == Some(seen.position)
                && seen.progress.activity() == Activity::Idle
        };
        self.forbidden.0.retain(|name, _| seen.iter().any(|seen| seen.name == *name && stands(seen)));
        let mut unreadable = BTreeMap::new();
        for seen in seen.iter_mut().filter(|seen| stands(seen)) {
            if Instant::now() >= deadline {
                break;
            }
            let ahead = self.ahead(&seen.name, seen.position);
            if !matches!(ahead, ReadAhead::Forbidden(_) | ReadAhead::NoAnswer) {
                self.forbidden.0.remove(&seen.name);
            }
            let error = match ahead {
                ReadAhead::Record => {
                    seen.is_readable = true;
                    None
                }
                ReadAhead::Nothing => {
                    seen.progress.passed(seen.position, seen.position + seen.lag);
                    (seen.position, seen.lag) = (seen.position + seen.lag, 0);
                    None
                }
                ReadAhead::Unreadable(error) => Some(error),
                ReadAhead::Forbidden(error) => {
                    self.forbidden.lasts(&seen.name, Instant::now()).then_some(error)
                }
                ReadAhead::NoAnswer => None,
            };
            if let Some(error) = error {
                *unreadable.entry(Arc::clone(&seen.name.topic)).or_default() += 1;
                if let Some(suppressed) = self.log.pass(Instant::now()) {
                    tracing::error!(suppressed, "a partition is stalled: {error}");
                }
            }
        }
        unreadable
    }

    fn ahead(&mut self, TopicPartition { topic, partition }: &TopicPartition, from: i64) -> ReadAhead {
        if !self.readers.contains_key(topic) {
            match TopicReader::of(self.config.clone(), topic) {
                Ok(reader) => drop(self.readers.insert(Arc::clone(topic), reader)),
                Err(error) => tracing::warn!(%error, "a stalled partition cannot be examined"),
            }
        }
        let reader = self.readers.get_mut(topic);
        reader.map_or(ReadAhead::NoAnswer, |reader| reader.ahead(*partition, from, ANSWER_WITHIN))
    }
}

impl Forbidden {
    /// Whether a partition that may not be read now was not for long.
    fn lasts(&mut self, name: &TopicPartition, now: Instant) -> bool {
        let since = *self.0.entry(name.clone()).or_insert(now);
        now.saturating_duration_since(since) >= FORBIDDEN_FOR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_be_read_counts_after_three_minutes() {
        let (mut forbidden, start) = (Forbidden::default(), Instant::now());
        let name = TopicPartition::new("in", 0);
        let counts = [0, 1, 179, 180, 181].map(|at| forbidden.lasts(&name, start + Duration::from_secs(at)));
        assert_eq!(counts, [false, false, false, true, true]);
        assert!(!forbidden.lasts(&TopicPartition::new("in", 1), start + FORBIDDEN_FOR));
    }
}
