//! Requests to the owner of a spool and its responses: a line of JSON each.

use super::{ParkReason, StoredDelivery};
use schemas::Millis;
use serde::{Deserialize, Serialize};

/// What is requested.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::spool) enum Request {
    Groups,
    /// The next deliveries after one.
    Page {
        which: DeliveryFilter,
        after: i64,
    },
    Delivery {
        id: String,
    },
    /// Lets one parked delivery wait again.
    Retry {
        id: String,
    },
    /// Lets the next parked deliveries of a reason wait again.
    RetryAll {
        reason: ParkReason,
        after: i64,
    },
}

/// The response: what was requested, and nothing in the other members.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::spool) struct Response {
    pub(in crate::spool) groups: Vec<DeliveryGroup>,
    pub(in crate::spool) page: Vec<StoredDelivery>,
    /// How many wait again, and the `seq` of the last of them.
    pub(in crate::spool) retried: u64,
    pub(in crate::spool) last: Option<i64>,
}

/// A response, or an error message.
pub(in crate::spool) type Reply = Result<Response, String>;

/// Which deliveries are meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryFilter {
    /// Every one.
    All,
    /// Those that are parked, whatever the reason.
    Parked,
    /// Those that are parked for this reason.
    ParkedFor(ParkReason),
}

/// Deliveries of one state, together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryGroup {
    /// Why they are parked; `None` for those that wait for Kafka.
    pub parked: Option<ParkReason>,
    /// How many there are.
    pub deliveries: u64,
    /// What they count towards `--spool-max-bytes`.
    pub bytes: u64,
    /// When the first of them was received.
    pub oldest: Millis,
}

/// Bodies in base64, since they are arbitrary bytes.
pub(super) mod body {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(body: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(body))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD.decode(text).map(Bytes::from).map_err(D::Error::custom)
    }
}
