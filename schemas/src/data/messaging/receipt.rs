//! Receipts: what was read, what was delivered.

use super::super::model::model;
use crate::time::Millis;

model! {
    /// A customer read messages of the account. Source: Instagram messaging, `messaging_seen`, which names the
    /// one; Messenger platform, `message_reads`, which gives a watermark.
    pub struct Read {
        /// The message that was read. Present on Instagram only.
        pub mid: Option<String> = filled("mid"),
        /// All messages up to this time were read; in milliseconds. Present on Messenger only.
        pub watermark: Option<Millis> = millis("watermark"),
        /// A sequence number, without a unit. Present in old versions of the API only.
        pub seq: Option<u64> = count("seq"),
    }
}

model! {
    /// Messages of the account reached the customer's device. Source: Messenger platform, `message_deliveries`.
    pub struct Delivery {
        /// The messages. Absent at times: the watermark says all.
        pub mids: Vec<String> = list("mids"),
        /// All messages up to this time were delivered; in milliseconds. Always present.
        pub watermark: Option<Millis> = millis("watermark"),
        /// A sequence number, without a unit. Present in old versions of the API only.
        pub seq: Option<u64> = count("seq"),
    }
}
