//! A delivery as it is in the file, whether it is still what was written or not.

use super::super::database::{ParkReason, StoredRow};
use super::request::body;
use crate::signature::Row;
use bytes::Bytes;
use schemas::Millis;
use serde::{Deserialize, Serialize};

/// A delivery of a spool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredDelivery {
    /// Its number in the file: deliveries go to Kafka in this order.
    pub seq: i64,
    /// `ce_id` of its raw record; a UUID of version 7.
    pub id: String,
    /// When it was received.
    pub received: Millis,
    /// The name of the app whose secret signed it.
    pub app: String,
    /// What was kept of its HTTP headers, as a JSON object: `x-hub-signature-256`.
    pub headers: String,
    /// The body, as received.
    #[serde(with = "body")]
    pub body: Bytes,
    /// Why it is parked; `None` while it waits.
    pub parked: Option<ParkReason>,
    /// Whether all of it is what was written. If not, ingest parks it instead of sending it.
    pub is_intact: bool,
}

impl From<StoredRow> for StoredDelivery {
    fn from(StoredRow { seq, row, parked }: StoredRow) -> Self {
        let is_intact = row.is_intact();
        let Row { id, received, app, headers, body, .. } = row;
        let received = Millis::since_epoch(u64::try_from(received).unwrap_or_default());
        Self { seq, id, received, app, headers, body, parked, is_intact }
    }
}
