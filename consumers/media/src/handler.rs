//! Handles one record: finds its links, has each followed to its end, gives a record of each.
//!
//! Links are followed from when a record is heard of, long before its turn, so that many of a partition are under way.

use crate::links::{Source, SourceError};
use crate::save::{LinkOutcome, Saver};
use runtime::consumer::{Failure, Handler, Output, Record, StallExemption, Wait};
use runtime::telemetry::spans;
use schemas::{Topic, raw};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

/// How long a record in turn is awaited before it is said that it waits. Its links are followed on meanwhile.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);
/// Then it is awaited again.
const NEXT_TURN: Duration = Duration::from_secs(1);

/// The links of one record; dropping it ends the work.
type Saving = AbortOnDropHandle<Vec<Output>>;

/// Name and value.
type Header = (Cow<'static, str>, Vec<u8>);

/// Has links followed.
#[derive(Debug)]
pub(crate) struct MediaHandler {
    saver: Arc<Saver>,
    prefix: String,
    media: Arc<str>,
}

impl MediaHandler {
    pub(crate) fn new(saver: Saver, topic_prefix: &str) -> Self {
        let media = Arc::from(Topic::Media.name(topic_prefix));
        Self { saver: Arc::new(saver), prefix: topic_prefix.to_owned(), media }
    }

    fn source(&self, record: &Record) -> Result<Option<Source>, SourceError> {
        let topic = Topic::named(&record.topic, &self.prefix).unwrap_or(Topic::Messages);
        Source::read(topic, record.value.as_deref())
    }

    fn begin(&self, source: Source, record: &Record) -> Saving {
        let (saver, media, key) = (Arc::clone(&self.saver), Arc::clone(&self.media), record.key.clone());
        let marks: Vec<_> = record.marks().collect();
        let saving = async move {
            let outcome = saver.save(&source).await;
            outcome.into_iter().map(|outcome| output(&media, key.as_deref(), &marks, outcome)).collect()
        };
        let span = spans::ahead("save media", record.trace());
        AbortOnDropHandle::new(tokio::spawn(saving.instrument(span)))
    }
}

impl Handler for MediaHandler {
    type State = ();
    type Prefetched = Saving;

    /// The next owner of the partition follows the links again.
    const CAN_BE_DROPPED: bool = true;

    fn reasons(&self) -> &'static [&'static str] {
        &["unreadable"]
    }

    async fn restore(&self, _: &Record) -> Result<(), Failure> {
        Ok(())
    }

    fn prefetch(&self, record: &Record) -> Option<Saving> {
        // What cannot be read is said when its turn comes.
        let source = self.source(record).ok()??;
        Some(self.begin(source, record))
    }

    async fn handle(
        &self,
        (): &mut (),
        record: &Record,
        prefetched: &mut Option<Saving>,
        waits: &StallExemption,
    ) -> Result<Vec<Output>, Failure> {
        if prefetched.is_none() {
            let source = self.source(record).map_err(|error| Failure::reject("unreadable", &error))?;
            *prefetched = source.map(|source| self.begin(source, record));
        }
        let Some(saving) = prefetched else { return Ok(Vec::new()) };
        // It stays where it was begun, so that no work is lost where the turn is over before it.
        let saved = waits.on(Wait::ApiAnswer, TURN_TIMEOUT * 2, timeout(TURN_TIMEOUT, saving)).await;
        let saved = saved.map_err(|_| unavailable())?;
        *prefetched = None;
        saved.map_err(|error| Failure::Retry { error: format!("the saving ended early: {error}") })
    }
}

fn output(topic: &Arc<str>, key: Option<&[u8]>, marks: &[Header], outcome: LinkOutcome) -> Output {
    let headers = [
        ("content-type".into(), raw::CONTENT_TYPE.into()),
        ("ce_id".into(), outcome.id.as_bytes().into()),
        ("weir_status".into(), outcome.status.as_str().into()),
    ];
    Output {
        topic: Arc::clone(topic),
        key: key.map(<[u8]>::to_vec),
        headers: headers.into_iter().chain(marks.iter().cloned()).collect(),
        value: outcome.value,
    }
}

/// Store and network are everybody's: all wait for them, and nothing is lost but what dies meanwhile.
fn unavailable() -> Failure {
    let error = String::from(
        "its links are still followed: they take long, or a host, the network or the store does not answer (see the log)",
    );
    Failure::Unavailable { error, wait: Some(NEXT_TURN), on: Wait::ApiAnswer }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::media::MediaStatus;

    #[test]
    fn the_record_of_an_event_that_comes_again_is_marked_as_the_event_is() {
        let outcome = LinkOutcome { id: "17".into(), status: MediaStatus::Saved, value: Vec::new() };
        let marks = [("ce_replay".into(), b"run".to_vec())];
        let output = output(&Arc::from("meta.media.v1"), Some(b"1:2"), &marks, outcome);
        let names: Vec<_> = output.headers.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["content-type", "ce_id", "weir_status", "ce_replay"]);
    }
}
