//! The raw record: the exact bytes of a delivery, with CloudEvents attributes in its headers.

use crate::event::Reception;
use crate::time::Millis;

/// `ce_type` of every raw record.
pub const TYPE: &str = "com.meta.webhook.delivery.v1";
/// `content-type` of the raw record, which is what Meta sends, and of all other records but typed ones.
pub const CONTENT_TYPE: &str = "application/json";
/// `content-type` of a typed record.
pub const TYPED_CONTENT_TYPE: &str = "application/cloudevents+json; charset=UTF-8";

/// The headers of a typed record, in the order in which they are written: `id` is the event's id as hex digits,
/// `event_type` its CloudEvents type.
pub fn typed_headers<'a>(id: &'a [u8], event_type: &'a [u8]) -> [(&'static str, &'a [u8]); 3] {
    [("content-type", TYPED_CONTENT_TYPE.as_bytes()), ("ce_id", id), ("ce_type", event_type)]
}

/// Reads id and time of receipt back from the headers of a raw record; `None` where they are not those of one.
pub fn reception<'a>(value: impl Fn(&str) -> Option<&'a [u8]>) -> Option<Reception<'a>> {
    let text = |name| value(name).and_then(|value| std::str::from_utf8(value).ok());
    let is_id = |id: &&str| id.len() == 36 && id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    let is_time = |time: &&str| Millis::parse(time).is_some_and(|read| read.to_string() == *time);
    Some(Reception { delivery_id: text("ce_id").filter(is_id)?, received: text("ce_time").filter(is_time)? })
}

/// What the headers of a raw record say of a delivery.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a> {
    /// Id and time of receipt.
    pub reception: Reception<'a>,
    /// `/meta/{metaobject}/{account}` of the first entry, as far as it can be read.
    pub source: &'a str,
    /// `X-Hub-Signature-256` as received.
    pub signature: &'a [u8],
    /// Name of the app secret that matched.
    pub app: &'a str,
}

impl<'a> Headers<'a> {
    /// The headers, in the order in which they are written.
    pub fn headers(&self) -> [(&'static str, &'a [u8]); 8] {
        [
            ("ce_specversion", b"1.0"),
            ("ce_id", self.reception.delivery_id.as_bytes()),
            ("ce_type", TYPE.as_bytes()),
            ("ce_source", self.source.as_bytes()),
            ("ce_time", self.reception.received.as_bytes()),
            ("content-type", CONTENT_TYPE.as_bytes()),
            ("x-hub-signature-256", self.signature),
            ("weir_app", self.app.as_bytes()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEPTION: Reception<'static> = Reception {
        delivery_id: "0198a5b0-7c1e-7d2a-9f00-1234567890ab",
        received: "2025-07-18T10:35:10.123Z",
    };

    fn read_back(reception: Reception<'_>) -> Option<(String, String)> {
        let delivery = Headers { reception, source: "/meta", signature: b"sha256=", app: "default" };
        let headers = delivery.headers();
        let value = |name: &str| headers.iter().find(|(header, _)| *header == name).map(|(_, value)| *value);
        super::reception(value).map(|read| (read.delivery_id.to_owned(), read.received.to_owned()))
    }

    #[test]
    fn a_reception_is_read_back_as_it_was_written() {
        let expected = (RECEPTION.delivery_id.to_owned(), RECEPTION.received.to_owned());
        assert_eq!(read_back(RECEPTION), Some(expected));
    }

    #[test]
    fn what_json_would_have_to_escape_is_no_reception() {
        let quote = "0198a5b0-7c1e-7d2a-9f00-12345678\"}  ";
        assert_eq!(read_back(Reception { delivery_id: quote, ..RECEPTION }), None);
        assert_eq!(read_back(Reception { received: "yesterday", ..RECEPTION }), None);
        assert_eq!(reception(|_| None).map(|reception| reception.delivery_id), None);
    }
}
