//! An event as the whole record that is published, in one JSON object.

use crate::records::embedded::Embedded;
use schemas::{Event, Reception, raw};
use serde::Serialize;

/// Stands in for the reception of a delivery, so that the same body always gives the same lines.
const RECEPTION: Reception<'static> =
    Reception { delivery_id: "00000000-0000-7000-8000-000000000000", received: "1970-01-01T00:00:00.000Z" };

#[derive(Serialize)]
struct Record<'a> {
    topic: String,
    key: Option<&'a str>,
    headers: Headers,
    value: Embedded,
}

/// The headers of every typed record, in the order in which they are written.
#[derive(Serialize)]
struct Headers {
    #[serde(rename = "content-type")]
    content_type: &'static str,
    ce_id: String,
    ce_type: String,
}

/// The record; the line breaks that Meta's own JSON may have between tokens become spaces.
pub(super) fn of(event: &Event<'_>, topic_prefix: &str) -> impl Serialize {
    let (mut value, mut event_type) = (Vec::new(), Vec::new());
    event.write_json(RECEPTION, &mut value);
    event.write_type(&mut event_type);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Record {
        topic: event.topic().name(topic_prefix),
        key: event.key.as_deref(),
        headers: Headers {
            content_type: raw::TYPED_CONTENT_TYPE,
            ce_id: event.id.to_string(),
            ce_type: text(&event_type),
        },
        value: Embedded::of(&text(&value)),
    }
}
