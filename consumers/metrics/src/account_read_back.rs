//! Reads back what is known of the configured accounts, from the newest records of every typed topic.

use crate::handler::AccountState;
use crate::observe::Observation;
use runtime::backoff::{self, Backoff};
use runtime::consumer::{OffsetRange, ReadError, Tail, TailReader};
use runtime::process::Process;
use schemas::{Millis, TypedEvent};
use std::time::{Duration, SystemTime};

/// How far back.
#[derive(Clone, Debug)]
pub(crate) struct AccountReadBack {
    pub(crate) topics: Vec<String>,
    /// The newest records of each partition, so many.
    pub(crate) most: u64,
    /// And no older ones than this.
    pub(crate) window: Duration,
}

impl AccountReadBack {
    /// Tells `account_state` of the past beside the consumer's own work, and tries until it is done or `process` ends.
    pub(crate) async fn run(self, tail: Tail, account_state: AccountState, process: Process) {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_mins(1));
        let start = Millis::of(SystemTime::now());
        loop {
            let (read_back, listener) = (self.clone(), account_state.clone());
            let read = tail.read(move |reader| read_back.read(reader, &listener, start));
            let Some(read) = process.shutdown.run_until_requested(read).await else { return };
            match read {
                Ok(since) => return account_state.silence.silent_since(since),
                Err(error) => {
                    tracing::warn!(%error, "reading back what is known of the accounts failed, will retry");
                }
            }
            let pause = tokio::time::sleep(backoff.next_delay(backoff::random()));
            if process.shutdown.run_until_requested(pause).await.is_none() {
                return;
            }
        }
    }

    /// Since when everything is read: an account that did not come up was silent since then.
    fn read(
        &self,
        reader: &mut TailReader,
        account_state: &AccountState,
        start: Millis,
    ) -> Result<Millis, ReadError> {
        let earliest = start.before(self.window);
        let (mut since, mut oldest) = (earliest, None);
        for topic in &self.topics {
            for partition in 0..reader.partitions(topic)? {
                let range = OffsetRange { topic, partitions: &[partition], most: self.most, before: None };
                let mut first = None;
                let has_more = reader.each(&range, |record| {
                    let at = record.timestamp.map(Millis::of);
                    first = first.or(at);
                    if at >= Some(earliest)
                        && let Ok(event) = TypedEvent::read(record.value.as_deref())
                    {
                        account_state.note(&Observation::of(&event), at.unwrap_or(earliest));
                    }
                })?;
                // What lies before the first record of a range that is full is not known.
                since = if has_more { since.max(first.unwrap_or(start)) } else { since };
                oldest = [oldest, first].into_iter().flatten().min();
            }
        }
        // Topics that hold nothing say nothing of the time before them.
        Ok(since.max(oldest.unwrap_or(start)))
    }
}
