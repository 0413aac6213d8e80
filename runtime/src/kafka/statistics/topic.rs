//! What a client says of a topic that it knows.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub(super) struct Topic {
    #[serde(default)]
    pub(super) partitions: BTreeMap<String, Partition>,
}

/// What a producer has done for a partition since it was made; -1 is where records wait for a topic to be known.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) struct Partition {
    /// Its number.
    #[serde(rename = "partition")]
    pub(crate) number: i32,
    /// The broker that it takes for the leader; -1 for none.
    #[serde(default)]
    pub(crate) leader: i32,
    /// Records that it was given.
    #[serde(default, rename = "msgs")]
    pub(crate) queued: u64,
    /// Records that went to a broker, again and again where they are sent again.
    #[serde(default, rename = "txmsgs")]
    pub(crate) sent: u64,
    /// Records in requests that no broker has answered yet.
    #[serde(default, rename = "msgs_inflight")]
    pub(crate) unanswered: i64,
    /// The newest record that was acknowledged, counted from 1.
    #[serde(default, rename = "acked_msgid")]
    pub(crate) acknowledged: u64,
}
