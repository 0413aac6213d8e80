//! What the results topic says of commands that are older than those which are remembered.

use super::{ResultsError, Source, blocking, firsts};
use crate::ledger::name;
use runtime::consumer::{Read, Record};
use schemas::reply::{CommandResult, Open, ResultStatus};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash as _, Hasher as _};
use std::time::{Duration, Instant, SystemTime};

/// How long the brokers may send nothing.
const ANSWER: Duration = Duration::from_secs(10);
/// How long it stands: what is remembered goes further back by more than that.
const STANDS: Duration = Duration::from_mins(30);

/// What the topic says of the commands that had results before a time, as long as the topic keeps them.
#[derive(Debug)]
pub(crate) struct History {
    read: Instant,
    /// By a hash of the name the latest attempt, and whether it has an end.
    known: HashMap<u64, (u32, bool)>,
    most: usize,
    /// Nothing was left out.
    is_whole: bool,
}

/// What the topic says of an old command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Former {
    Nothing,
    /// This attempt was begun, and has no end.
    Begun(u32),
    Ended,
    /// There is more in the topic than may be looked through.
    NotKnown,
}

impl History {
    /// Reads the topic from its beginning on; of what is as old as `until` or older it keeps `most` commands.
    pub(crate) async fn read(source: Source, until: SystemTime, most: usize) -> Result<Self, ResultsError> {
        let begun = Instant::now();
        let history = blocking(move || Self::read_back(&source, until, most)).await?;
        tracing::info!(
            commands = history.known.len(),
            is_whole = history.is_whole,
            seconds = begun.elapsed().as_secs(),
            "the results topic was read back for what became of commands older than --reply-max-age"
        );
        Ok(history)
    }

    fn read_back(source: &Source, until: SystemTime, most: usize) -> Result<Self, ResultsError> {
        let mut history = Self { read: Instant::now(), known: HashMap::new(), most, is_whole: true };
        let mut reader = source.reader()?;
        let begins = firsts(&reader, &reader.partitions()?)?;
        reader.start(&begins)?;
        let mut unread: BTreeSet<i32> = begins.into_keys().collect();
        while !unread.is_empty() {
            match reader.next(ANSWER) {
                Ok(Some(Read::Record(record))) if record.timestamp.is_none_or(|at| at <= until) => {
                    history.note(&record);
                }
                Ok(Some(Read::Record(_))) => {}
                Ok(Some(Read::End(partition))) => {
                    unread.remove(&partition);
                }
                Ok(None) => return Err(ResultsError::Behind),
                Err(error) => {
                    let Some(partition) = error.partition() else { return Err(error.into()) };
                    history.is_whole = false;
                    unread.remove(&partition);
                }
            }
        }
        Ok(history)
    }

    fn note(&mut self, record: &Record) {
        let value = record.value.as_deref().unwrap_or_default();
        let Ok(result) = serde_json::from_slice::<CommandResult<'_>>(value) else { return };
        let is_end = match result.status {
            Open::Known(ResultStatus::Intended) => false,
            Open::Known(_) => true,
            Open::Other(_) => return,
        };
        let (hash, attempt) = (hash(&name(&result.account, &result.id)), result.attempt);
        let has_room = self.known.len() < self.most;
        match self.known.get_mut(&hash) {
            Some(known) if attempt > known.0 => *known = (attempt, is_end),
            Some(known) if attempt == known.0 => known.1 |= is_end,
            Some(_) => {}
            None if has_room => {
                self.known.insert(hash, (attempt, is_end));
            }
            None => self.is_whole = false,
        }
    }

    /// Whether it is new enough.
    pub(crate) fn stands(&self) -> bool {
        self.read.elapsed() < STANDS
    }

    /// What became of the command of this [`name`].
    pub(crate) fn of(&self, name: &str) -> Former {
        match self.known.get(&hash(name)) {
            Some((_, true)) => Former::Ended,
            Some((attempt, false)) => Former::Begun(*attempt),
            None if self.is_whole => Former::Nothing,
            None => Former::NotKnown,
        }
    }
}

/// Of millions of names, no two are likely to share one.
fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::consumer::Headers;
    use std::sync::Arc;

    fn noted(results: &[(&str, &str, u32)], most: usize) -> History {
        let mut history = History { read: Instant::now(), known: HashMap::new(), most, is_whole: true };
        for (id, status, attempt) in results {
            let value = format!(
                r#"{{"id":"{id}","account":"1","action":"message","status":"{status}","at":"","attempt":{attempt},"partition":0,"offset":1}}"#
            );
            let record = Record {
                topic: Arc::from("results"),
                partition: 0,
                offset: 0,
                timestamp: None,
                key: None,
                value: Some(value.into_bytes()),
                headers: Headers::default(),
            };
            history.note(&record);
        }
        history
    }

    #[test]
    fn it_is_known_what_has_an_end_and_what_may_have_been_carried_out() {
        let history = noted(
            &[
                ("a", "intended", 1),
                ("a", "done", 1),
                ("b", "intended", 1),
                ("c", "unknown", 1),
                ("c", "intended", 2),
                ("c", "refused", 1),
                ("d", "later", 1),
            ],
            9,
        );
        let of = |id: &str| history.of(&name("1", id));
        let expected = [Former::Ended, Former::Begun(1), Former::Begun(2), Former::Nothing];
        assert_eq!([of("a"), of("b"), of("c"), of("d")], expected);
    }

    #[test]
    fn of_what_is_left_out_nothing_is_said() {
        let history = noted(&[("a", "done", 1), ("b", "done", 1)], 1);
        assert_eq!([history.of("1/a"), history.of("1/b")], [Former::Ended, Former::NotKnown]);
    }
}
