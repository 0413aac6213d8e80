//! The raw record: the exact bytes of a delivery, with CloudEvents attributes in its headers.

use crate::event::Receipt;

/// `ce_type` of every raw record.
pub const TYPE: &str = "com.meta.webhook.delivery.v1";
/// `content-type` of the raw record: what Meta sends.
pub const CONTENT_TYPE: &str = "application/json";
/// `content-type` of a typed record.
pub const TYPED_CONTENT_TYPE: &str = "application/cloudevents+json; charset=UTF-8";

/// What the headers of a raw record say of a delivery.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// Id and time of receipt.
    pub receipt: Receipt<'a>,
    /// `/meta/{metaobject}/{account}` of the first entry, as far as it can be read.
    pub source: &'a str,
    /// `X-Hub-Signature-256` as received.
    pub signature: &'a [u8],
    /// Name of the app secret that matched.
    pub app: &'a str,
}

impl<'a> Delivery<'a> {
    /// The headers, in the order in which they are written.
    pub fn headers(&self) -> [(&'static str, &'a [u8]); 8] {
        [
            ("ce_specversion", b"1.0"),
            ("ce_id", self.receipt.delivery_id.as_bytes()),
            ("ce_type", TYPE.as_bytes()),
            ("ce_source", self.source.as_bytes()),
            ("ce_time", self.receipt.received.as_bytes()),
            ("content-type", CONTENT_TYPE.as_bytes()),
            ("x-hub-signature-256", self.signature),
            ("weir_app", self.app.as_bytes()),
        ]
    }
}
