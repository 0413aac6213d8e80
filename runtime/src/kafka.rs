//! What producers and consumers share: their log, their statistics, the quotas that slow them, their credentials, the topics they
//! need, the partition of a key, the headers of dead letters, what members of a group read.

pub(crate) mod consecutive;
pub mod credentials;
pub mod dead_letter;
pub mod last_reason;
pub(crate) mod log;
pub mod partitioner;
pub(crate) mod quota;
pub(crate) mod statistics;
pub mod subscription;
pub mod topics;

mod position;

pub use position::RecordPosition;
pub(crate) use position::{TopicPartition, in_one_line, list};

/// The header of a record that was published again, and of what is made of it: the name of the run.
pub const REPLAY: &str = "ce_replay";
