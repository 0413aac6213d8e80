//! One place that has something of an event, and what it says there, without people's words.

use super::search::Search;
use super::spool::Spooled;
use crate::dlq::DeadLetter;
use crate::kafka::source::RecordPosition;
use crate::records::fact::DescribedRecord;
use crate::records::reply;
use runtime::consumer::Record;
use runtime::kafka::dead_letter::header;
use schemas::Millis;
use serde::Serialize;

/// The place.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Place {
    /// What it is there, such as `inbox`.
    pub(super) what: &'static str,
    /// Where; the spool is no topic.
    #[serde(flatten)]
    pub(super) position: Option<RecordPosition>,
    /// When it was written there, RFC 3339.
    pub(super) at: Option<String>,
    /// What it says, in a few words.
    pub(super) says: String,
}

impl Place {
    /// A record on a topic.
    pub(super) fn of(what: &'static str, record: &Record, search: &Search<'_>) -> Self {
        Self {
            what,
            position: Some(RecordPosition::of(record)),
            at: record.timestamp.map(|time| Millis::of(time).to_string()),
            says: says(what, record, search),
        }
    }

    /// A delivery on a disk.
    pub(super) fn on_disk(Spooled { id, parked }: &Spooled) -> Self {
        let why =
            parked.as_ref().map_or_else(|| "waits for Kafka".to_owned(), |why| format!("is parked: {why}"));
        Self { what: "spool", position: None, at: None, says: format!("delivery {id} {why}") }
    }
}

fn says(what: &str, record: &Record, search: &Search<'_>) -> String {
    if record.header(header::REASON).is_some() {
        let DeadLetter { reason, error, .. } = DeadLetter::of(record);
        return format!("{reason}: {error}");
    }
    let id = || record.header("ce_id").map(String::from_utf8_lossy).unwrap_or_default();
    let seen =
        || DescribedRecord::of(record, search.topic_prefix).map(|seen| seen.fact.what).unwrap_or_default();
    match what {
        "raw" => format!("delivery {}", id()),
        "result" => {
            let reason = reply::result(record).and_then(|result| result.reason);
            [Some(seen()), reason.map(String::from)].into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
        _ => seen(),
    }
}
