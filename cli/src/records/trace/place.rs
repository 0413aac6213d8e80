//! One place that has something of an event, and what it says there, without people's words.

use super::disks::Spooled;
use super::search::Search;
use crate::dlq::DeadLetter;
use crate::kafka::RecordPosition;
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
            says: says(what, record, search.topic_prefix),
        }
    }

    /// A delivery on a disk.
    pub(super) fn on_disk(Spooled { id, parked }: &Spooled) -> Self {
        let why =
            parked.as_ref().map_or_else(|| "waits for Kafka".to_owned(), |why| format!("is parked: {why}"));
        Self { what: "spool", position: None, at: None, says: format!("delivery {id} {why}") }
    }
}

fn says(what: &str, record: &Record, topic_prefix: &str) -> String {
    let id = || record.header("ce_id").map_or("without an id".into(), String::from_utf8_lossy);
    let seen = || DescribedRecord::of(record, topic_prefix).map(|seen| seen.fact.what).unwrap_or_default();
    match what {
        "dead letter" if record.header(header::REASON).is_some() => {
            let DeadLetter { reason, error, .. } = DeadLetter::of(record);
            format!("{reason}: {error}")
        }
        "raw" => format!("delivery {}", id()),
        "result" => {
            let reason = reply::result(record).and_then(|result| result.reason);
            [Some(seen()), reason.map(String::from)].into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
        _ => seen(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::{Reception, split};

    #[test]
    fn a_typed_record_that_kept_the_headers_of_its_dead_letter_says_its_kind() {
        let body = include_bytes!("../../../../schemas/fixtures/message/text.json");
        let reception = Reception { delivery_id: "delivery", received: "2025-07-18T10:35:12.000Z" };
        let mut value = Vec::new();
        split(body, 10).events[0].write_json(reception, &mut value);
        let header = |(name, said): (&'static str, &'static str)| (name, Some(said));
        let typed = Record {
            topic: "meta.messages.v1".into(),
            partition: 0,
            offset: 0,
            timestamp: None,
            key: None,
            value: Some(value),
            headers: [(header::REASON, "panic"), (header::ERROR, "index out of bounds")]
                .map(header)
                .into_iter()
                .collect(),
        };
        assert_eq!(says("typed", &typed, "meta"), "message");
        let dead_letter = Record { topic: "meta.messages.dlq.v1".into(), ..typed };
        assert_eq!(says("dead letter", &dead_letter, "meta"), "panic: index out of bounds");
    }
}
