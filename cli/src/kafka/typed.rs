//! Typed events that are published again: the records that ingest made of them, with a mark.

use crate::kafka::OutgoingRecord;
use runtime::kafka::REPLAY;
use schemas::{Event, Reception, raw};

/// A typed record, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Typed {
    topic: String,
    key: Option<String>,
    id: [u8; 32],
    event_type: Vec<u8>,
    value: Vec<u8>,
}

impl Typed {
    /// Lays out the record as ingest did when it received the delivery.
    pub(crate) fn of(event: &Event<'_>, reception: Reception<'_>, topic_prefix: &str) -> Self {
        let (mut value, mut event_type) = (Vec::new(), Vec::new());
        event.write_json(reception, &mut value);
        event.write_type(&mut event_type);
        let topic = event.topic().name(topic_prefix);
        Self { topic, key: event.key.clone(), id: event.id.to_hex(), event_type, value }
    }

    /// The record, marked with the name of the run.
    pub(crate) fn outgoing<'a>(&'a self, run: &'a str) -> OutgoingRecord<'a> {
        let headers = raw::typed_headers(&self.id, &self.event_type).into_iter();
        let mark = (REPLAY, run.as_bytes());
        OutgoingRecord {
            topic: &self.topic,
            key: self.key.as_deref().map(str::as_bytes),
            value: Some(&self.value),
            headers: headers.chain([mark]).map(|(name, value)| (name, Some(value))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = include_bytes!("../../../schemas/fixtures/message/text.json");
    const RECEPTION: Reception<'static> = Reception {
        delivery_id: "0198a5b0-7c1e-7d2a-9f00-1234567890ab",
        received: "2025-07-18T10:35:10.123Z",
    };

    #[test]
    fn the_record_is_that_of_the_event_with_one_header_more() {
        let split = schemas::split(BODY, 10);
        let event = &split.events[0];
        let typed = Typed::of(event, RECEPTION, "acme");
        let outgoing = typed.outgoing("again");
        let mut value = Vec::new();
        event.write_json(RECEPTION, &mut value);
        assert_eq!(outgoing.topic, "acme.messages.v1");
        assert_eq!(outgoing.key, event.key.as_deref().map(str::as_bytes));
        assert_eq!(outgoing.value, Some(&value[..]));
        let names: Vec<_> = outgoing.headers.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["content-type", "ce_id", "ce_type", "ce_replay"]);
        assert_eq!(outgoing.headers[3].1, Some(&b"again"[..]));
    }
}
