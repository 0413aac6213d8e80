//! Receipts: what was read, what was delivered.

use super::super::model::model;
use crate::time::Millis;

model! {
    /// A customer read messages of the account. Instagram names the one (`messaging_seen`), the Messenger platform
    /// gives a watermark (`message_reads`).
    pub struct Read {
        /// The message that was read. Instagram only.
        pub mid: Option<String> = filled("mid"),
        /// All messages up to this time were read; in milliseconds. Messenger only.
        pub watermark: Option<Millis> = millis("watermark"),
        /// A sequence number of old versions of the API.
        pub seq: Option<u64> = count("seq"),
    }
}

model! {
    /// Messages of the account reached the customer's device. Source: Messenger platform, `message_deliveries`.
    pub struct Delivery {
        /// The messages. May be absent: the watermark says all.
        pub mids: Vec<String> = list("mids"),
        /// All messages up to this time were delivered; in milliseconds.
        pub watermark: Option<Millis> = millis("watermark"),
        /// A sequence number of old versions of the API.
        pub seq: Option<u64> = count("seq"),
    }
}
