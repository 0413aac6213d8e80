//! An event as the whole record that is published, in one JSON object.

use schemas::{Event, Receipt, raw};
use serde::Serialize;
use serde_json::value::RawValue;

/// Stands in for what the receipt of a delivery says, so that the same body always gives the same lines.
const RECEIPT: Receipt<'static> =
    Receipt { delivery_id: "00000000-0000-7000-8000-000000000000", received: "1970-01-01T00:00:00.000Z" };

#[derive(Serialize)]
struct Record<'a> {
    topic: &'a str,
    key: Option<&'a str>,
    headers: Headers<'a>,
    value: &'a RawValue,
}

/// The headers of every typed record, in the order in which they are written.
#[derive(Serialize)]
struct Headers<'a> {
    #[serde(rename = "content-type")]
    content_type: &'a str,
    ce_id: &'a str,
    ce_type: &'a str,
}

/// The record on one line; the line breaks that Meta's own JSON may have between tokens become spaces.
pub(super) fn json(event: &Event<'_>, topic_prefix: &str) -> String {
    let (mut value, mut event_type) = (Vec::new(), Vec::new());
    event.write_json(RECEIPT, &mut value);
    event.write_type(&mut event_type);
    // JSON has line breaks between tokens only: inside a string they are escaped.
    let value = String::from_utf8_lossy(&value).replace(['\n', '\r'], " ");
    let record = Record {
        topic: &event.topic().name(topic_prefix),
        key: event.key.as_deref(),
        headers: Headers {
            content_type: raw::TYPED_CONTENT_TYPE,
            ce_id: &event.id.to_string(),
            ce_type: &String::from_utf8_lossy(&event_type),
        },
        value: &RawValue::from_string(value).expect("a typed record is JSON"),
    };
    serde_json::to_string(&record).expect("a record is made of strings and JSON")
}
