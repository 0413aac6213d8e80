//! Handles one record: finds its links, has each followed to its end, gives a record of each.
//!
//! Links are followed from when a record is heard of, long before its turn, so that many of a partition are under way.

use crate::ahead::{Ahead, Assigned, Saving};
use crate::links::{Source, Unfit};
use crate::save::{Saver, Told};
use crate::store::StoreError;
use runtime::consumer::{Failure, Handler, Output, Record, Wait, Waits};
use runtime::telemetry::spans;
use schemas::Topic;
use schemas::media::MediaRecord;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

/// How long a record may take that is no stall. Each attempt and each call of the store has a bound of its own, so that only
/// waiting behind the links of other records takes long.
const NO_STALL: Duration = Duration::from_hours(24);

/// Has links followed.
#[derive(Debug)]
pub(crate) struct MediaHandler {
    saver: Arc<Saver>,
    ahead: Ahead,
    prefix: String,
    media: Arc<str>,
}

/// A partition that is assigned.
#[derive(Debug)]
pub(crate) struct Partition {
    assigned: Assigned,
    /// What the record in work is published as.
    outputs: Option<Vec<Output>>,
}

impl MediaHandler {
    pub(crate) fn new(saver: Saver, topic_prefix: &str) -> Self {
        let media = Arc::from(Topic::Media.name(topic_prefix));
        Self { saver: Arc::new(saver), ahead: Ahead::default(), prefix: topic_prefix.to_owned(), media }
    }

    fn source(&self, record: &Record) -> Result<Option<Source>, Unfit> {
        let topic = Topic::named(&record.topic, &self.prefix).unwrap_or(Topic::Messages);
        Source::read(topic, record.value.as_deref())
    }

    fn begin(&self, source: Source, record: &Record) -> Saving {
        let (saver, media, key) = (Arc::clone(&self.saver), Arc::clone(&self.media), record.key.clone());
        let saving = async move {
            let told = saver.save(&source).await.map_err(|error| unavailable(&error))?;
            Ok(told.into_iter().map(|told| output(&media, key.as_deref(), told)).collect())
        };
        let span = spans::ahead("save media", record.trace());
        AbortOnDropHandle::new(tokio::spawn(saving.instrument(span)))
    }

    async fn save(
        &self,
        partition: &Partition,
        record: &Record,
        waits: &Waits,
    ) -> Result<Vec<Output>, Failure> {
        let Some(source) = self.source(record).map_err(|error| reject(&error))? else {
            return Ok(Vec::new());
        };
        if let Some(ahead) = partition.assigned.take(record.offset)
            && let Ok(Ok(saved)) = waits.on(Wait::ApiAnswer, NO_STALL, ahead).await
        {
            return Ok(saved);
        }
        // What failed ahead of its turn, while the store was away, may work by now.
        let saved = waits.on(Wait::ApiAnswer, NO_STALL, self.begin(source, record)).await;
        saved
            .unwrap_or_else(|error| Err(Failure::Retry { error: format!("the saving ended early: {error}") }))
    }
}

impl Handler for MediaHandler {
    type State = Partition;

    fn reasons(&self) -> &'static [&'static str] {
        &["unreadable"]
    }

    fn assigned(&self, topic: &str, partition: i32) -> Partition {
        Partition { assigned: self.ahead.assign(topic, partition), outputs: None }
    }

    fn expect(&self, record: &Record) {
        // What cannot be read is said when its turn comes.
        if let Ok(Some(source)) = self.source(record) {
            self.ahead.put(&record.topic, record.partition, record.offset, self.begin(source, record));
        }
    }

    /// Awaits the links: nothing is lost where the partition is taken away meanwhile, as the next owner follows them again.
    async fn prepare(
        &self,
        partition: &mut Partition,
        record: &Record,
        waits: &Waits,
    ) -> Result<(), Failure> {
        partition.outputs = Some(self.save(partition, record, waits).await?);
        Ok(())
    }

    async fn handle(&self, partition: &mut Partition, _: &Record, _: &Waits) -> Result<Vec<Output>, Failure> {
        let lost = || Failure::Retry { error: String::from("the links were not followed") };
        partition.outputs.take().ok_or_else(lost)
    }
}

fn output(topic: &Arc<str>, key: Option<&[u8]>, told: Told) -> Output {
    Output {
        topic: Arc::clone(topic),
        key: key.map(<[u8]>::to_vec),
        headers: vec![
            ("content-type".into(), MediaRecord::CONTENT_TYPE.into()),
            ("ce_id".into(), told.id.as_bytes().into()),
            ("weir_status".into(), told.status.as_str().into()),
        ],
        value: told.value,
    }
}

/// The store is everybody's: all wait for it, and nothing is lost but what dies meanwhile.
fn unavailable(error: &StoreError) -> Failure {
    Failure::Unavailable { error: error.to_string(), wait: None, on: Wait::ApiAnswer }
}

fn reject(error: &Unfit) -> Failure {
    Failure::Reject { reason: "unreadable", error: error.to_string() }
}
